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
from edgeopt.problems.errors import FloatArray

_GAPS = (0.01, 0.004)  # of the ladders in turn, see `build_ladder`

_CHECKS = 40  # of HiGHS in the first integer programs, see `solve_program`

_PAIRS = 4  # a task, on average, that an integer program has at most

_ROUNDING = 1e-9  # relative, of reduced costs

_SETS_WORK = 0.3  # of the first LPs over sets, see `SetLP`

_CLOSE = 5e-4  # of the front's extent: a gap that is not worth the work

_LEAST_WORK = 0.01  # of a turn

_EVALUATION_S, _CHECK_S = 3e-8, 3e-3


class Turn(NamedTuple):
    """What to look at.

    Attributes
    ----------
    deadline : float
        Within the box between two schedules of the front, in s.
    right : float
        The last deadline in it.
    longer : int
        How often the work is doubled.
    """

    deadline: float
    right: float
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
        self.exact = Exact(archive, 0.0, rng)
        self.stream = open_stream(rng)
        self.sets = SetLP(archive.problem, archive.goal)
        self.solved: list[SetBound] = []
        self.set_turns = 0

    @property
    def kinds(self) -> tuple[Callable[[Turn], float | None], ...]:
        """Functions that return about the seconds of their counted work; None: no time is left."""
        if self.archive.problem.task_memory is not None:
            return self.descend, self.choose_pairs
        return self.descend, self.choose_pairs, self.choose_sets

    def descend(self, turn: Turn) -> float | None:
        """Anneal at the prices of the LP."""
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
        return _LEAST_WORK + _EVALUATION_S * evaluations

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
        checks = self.exact.improve(
            deadline, costs <= min(most, cheap), _CHECKS << turn.longer, proves=most <= cheap
        )
        return _LEAST_WORK + _CHECK_S * checks

    def choose_sets(self, turn: Turn) -> float | None:
        """Raise the bound by the LP over sets, and let HiGHS choose among these."""
        archive, sets = self.archive, self.sets
        deadline = turn.right if self.set_turns % 2 else turn.deadline
        self.set_turns += 1
        before = sets.work
        known = min(archive.value_within(deadline), dearest(archive))
        wanted = (known - archive.goal.rate * archive.least - sets.base) / sets.unit
        close = _CLOSE * (archive.values[0] - archive.values[-1]) / sets.unit
        start = self._start(deadline)
        if start is None:
            return None
        schedule = archive.within(deadline)
        if schedule is not None:
            sets.add_schedule(schedule, deadline)
        bound = sets.improve(start, wanted, close, _SETS_WORK * 2**turn.longer)
        archive.bound_within(deadline, *sets.line(bound))
        insort(self.solved, bound, key=lambda each: each.deadline)
        if deadline < turn.right:
            rest = sets.evaluate(bound.prices, turn.right)
            archive.bound_within(turn.right, *sets.line(rest))
        work = sets.work - before + _LEAST_WORK
        if bound.reached < wanted - close:
            found, checks = combine(
                sets, bound, wanted - bound.value, close, _CHECKS << turn.longer, self.exact.seed
            )
            work += _CHECK_S * checks
            if found is not None:
                archive.offer(found)
        return work

    def _start(self, deadline: float) -> SetBound | None:
        """Return the best bound of known prices: of deadlines close by, and of the LP over pairs."""
        prices = self._prices(deadline)
        if prices is None:
            return None
        cheapest = self.archive.goal.pairs.min(axis=1)
        beyond = self.program.costs(prices).min(axis=1) - cheapest
        known: list[FloatArray] = [np.maximum(beyond, 0.0) / self.sets.unit]
        place = bisect_left(self.solved, deadline, key=lambda each: each.deadline)
        known += [each.prices for each in self.solved[max(place - 1, 0) : place + 1]]
        tried = [self.sets.evaluate(each, deadline, keep=True) for each in known]
        return max(tried, key=lambda each: each.value)

    def _prices(self, deadline: float) -> Prices | None:
        """Return the prices of the LP over pairs; offer its largest shares, and keep its bound."""
        prices = self.program.solve(deadline)
        if prices is not None:
            self.archive.bound(*self.program.line(prices))
            self.archive.offer(prices.largest)
        return prices
