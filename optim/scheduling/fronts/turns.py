"""What is done at a deadline: an annealing, or an integer program over pairs or over sets."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.descent import descend, open_walk
from edgeopt.optim.scheduling.fronts.exact import Exact
from edgeopt.optim.scheduling.fronts.gains import dearest
from edgeopt.optim.scheduling.fronts.prices import DeadlineLP, Prices
from edgeopt.optim.scheduling.fronts.set_program import combine
from edgeopt.optim.scheduling.fronts.sets import SetBound, SetLP
from edgeopt.optim.stream import open_stream

_GAPS = (0.01, 0.004)  # of the ladders in turn, see `build_ladder`

_CHECKS, _SET_CHECKS = 40, 20  # of HiGHS in the first integer programs, see `solve_program`

_PAIRS = 4  # a task, on average, that an integer program has at most

_ROUNDING = 1e-9  # relative, of reduced costs

_SET_WORK = 0.3  # of the first LPs over sets, see `SetLP`

_MOST_PAIRS = 100_000  # of task and node; with more, an iteration of that LP takes too long

_CLOSE = 5e-4  # of the front's extent: a gap that is not worth the work

_TURN_S, _EVALUATION_S = 0.02, 3e-8  # times of a turn beside all else, and of an evaluation


class Turn(NamedTuple):
    """Where a turn looks.

    Attributes
    ----------
    deadline : float
        In the box between two schedules of the front, in s.
    last : float
        The latest deadline in that box, in s.
    longer : int
        How often the work is doubled.
    """

    deadline: float
    last: float
    longer: int


class Turns:
    """The kinds of turns, each of which offers schedules and bounds to an archive.

    Parameters
    ----------
    archive, program
        What is known, and the LP over pairs.
    levels, visits : int
        Of a descent.
    rng : Generator
        Source of randomness.
    """

    def __init__(
        self,
        archive: Archive,
        program: DeadlineLP,
        levels: int,
        visits: int,
        rng: np.random.Generator,
    ) -> None:
        self.archive, self.program, self.rng = archive, program, rng
        self.levels, self.visits, self.descents = levels, visits, 0
        self.stream, self.exact = open_stream(rng), Exact(archive, 0.0, rng)
        self.kinds: list[Callable[[Turn], float | None]] = [self.descend, self.choose_pairs]
        problem = archive.problem
        if problem.task_memory is None and problem.tasks * problem.nodes <= _MOST_PAIRS:
            self.sets, self.known = SetLP(problem, archive.goal), list[SetBound]()
            self.kinds.append(self.choose_sets)

    def descend(self, turn: Turn) -> float | None:
        """Anneal at the prices of the LP.

        As all kinds, return about the seconds of the counted work; None if no time is left.
        """
        prices = self._prices(turn.deadline)
        if prices is None:
            return None
        unit = max(prices.makespan, self.archive.least)  # the LP's may be out of reach
        gap = _GAPS[self.descents % 2]
        self.descents += 1
        walk = open_walk(
            self.archive, self.program, prices, unit, gap, self.levels, self.rng, self.stream
        )
        evaluations = descend(self.archive, walk, unit, self.visits << turn.longer)
        return _TURN_S + _EVALUATION_S * evaluations

    def choose_pairs(self, turn: Turn) -> float | None:
        """Let HiGHS look for a better schedule, among the pairs that it may use."""
        prices = self._prices(turn.deadline)
        if prices is None:
            return None
        archive, program, deadline = self.archive, self.program, turn.deadline
        known = archive.value_within(deadline)  # infinite before the first schedule
        costs = program.costs(prices)
        costs -= costs.min(axis=1, keepdims=True)
        # No schedule up to the deadline is below the line by more than its pairs' reduced cost.
        intercept, slope = program.line(prices)
        floor = intercept + slope * (deadline if slope < 0.0 else archive.least)
        most = known - floor + _ROUNDING * abs(known)
        cheap = float(np.sort(costs, axis=None)[min(_PAIRS * len(costs), costs.size) - 1])
        work = self.exact.improve(
            deadline, costs <= min(most, cheap), _CHECKS << turn.longer, proves=most <= cheap
        )
        return _TURN_S + work

    def choose_sets(self, turn: Turn) -> float | None:
        """Raise the bound by the LP over sets, and put together a schedule of these."""
        archive, sets = self.archive, self.sets
        # At the end of a box a bound closes all of it; in the middle a schedule gains most.
        deadline = turn.last if len(self.known) % 2 else turn.deadline
        before = sets.work
        start = self._start(deadline)
        if start is None:
            return None
        schedule = archive.within(deadline)
        if schedule is not None:
            sets.add(schedule == np.arange(archive.problem.nodes)[:, None], deadline)
        most = min(archive.value_within(deadline), dearest(archive))
        wanted = (most - archive.goal.rate * archive.least - sets.base) / sets.unit
        close = _CLOSE * (archive.values[0] - archive.values[-1]) / sets.unit
        bound = sets.improve(start, wanted, close, _SET_WORK * 2**turn.longer)
        insort(self.known, bound, key=lambda each: each.deadline)
        archive.bound_within(deadline, *sets.line(bound))
        if deadline < turn.last:
            rest = sets.evaluate(bound.prices, turn.last)
            archive.bound_within(turn.last, *sets.line(rest))
        work = _TURN_S + sets.work - before
        if bound.reached < wanted - close:
            found, of_highs = combine(
                sets, bound, wanted, close, _SET_CHECKS << turn.longer, self.exact.seed
            )
            work += of_highs
            if found is not None:
                archive.offer(found)
        return work

    def _start(self, deadline: float) -> SetBound | None:
        """Return the best bound of known prices: those of the LP over pairs, and of neighbours."""
        prices, sets = self._prices(deadline), self.sets
        if prices is None:
            return None
        beyond = self.program.costs(prices).min(axis=1) - self.archive.goal.pairs.min(axis=1)
        place = bisect_left(self.known, deadline, key=lambda each: each.deadline)
        near = [each.prices for each in self.known[max(place - 1, 0) : place + 1]]
        tried = [np.maximum(beyond, 0.0) / sets.unit, *near]
        bounds = [sets.evaluate(each, deadline, keep=True) for each in tried]
        return max(bounds, key=lambda each: each.value)

    def _prices(self, deadline: float) -> Prices | None:
        """Return the prices of the LP over pairs; offer its largest shares, and keep its bound."""
        prices = self.program.solve(deadline)
        if prices is not None:
            self.archive.bound(*self.program.line(prices))
            self.archive.offer(prices.largest)
        return prices
