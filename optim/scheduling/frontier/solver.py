"""The solver `frontier`: the best schedules that we know how to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.parameters import check_parameters, parameter
from optim.scheduling.bounds import lower_bound
from optim.scheduling.frontier.incumbent import Incumbent
from optim.scheduling.frontier.ladder import Ladder, build_ladder
from optim.scheduling.frontier.model import Model, build_model
from optim.scheduling.frontier.pair_block import Block, make_block
from optim.scheduling.frontier.replica import Replicas, start_replicas
from optim.scheduling.frontier.tempering import temper
from optim.scheduling.local_search.iterated import LocalSearch, LocalSearchState
from optim.scheduling.local_search.start import start_assignment
from optim.solver import IntArray, State
from optim.stream import Stream, open_stream
from problems.scheduling import SchedulingProblem

MOST_PAIRS = 4_000_000  # of task and node; with more, memory and caches are too small
ROUNDS = 10  # of a step
PERIOD = 20  # steps for which a ladder is kept
AIMS = (1.0, 0.7)  # what gaps the ladders are made for in turn, in gaps of the best schedule
AMBITION = 0.8  # loads above this share of the best gap are overloads
WIDEST, NARROWEST = 0.01, 1e-6  # gaps for which ladders are made


@dataclass(kw_only=True)
class FrontierState(State):
    """State of the tempering between two steps.

    Attributes
    ----------
    model : Model
        The problem in units of `unit` s.
    unit : float
        The lower bound in s.
    gap : float
        For which the ladder is made.
    ladder, replicas, incumbent, block, stream
        See there.
    steps : int
        Done so far.
    """

    model: Model
    unit: float
    gap: float
    ladder: Ladder
    replicas: Replicas
    incumbent: Incumbent
    block: Block
    stream: Stream
    steps: int = 0


@dataclass(frozen=True)
class Frontier:
    """Parallel tempering on reduced costs and overloads, from the best of the heuristics.

    By LP duality a schedule is as far above the LP bound as its pairs' reduced costs add up to,
    plus the idle time of the nodes at the LP's prices. So a good one gives few tasks to nodes of
    small reduced cost, such that all loads come out almost equal: which tasks these are is a
    subset-sum problem in as many dimensions as there are nodes. Replicas of a schedule walk with
    the Gibbs probability of

        cost / temperature + stiffness * overload,

    cost being the sum of reduced costs and overload the squared loads above a target below the
    best makespan. From replica to replica the temperature falls and the stiffness rises, and
    neighbours exchange their schedules (parallel tempering): the soft ones cross what the stiff
    ones cannot. Moves are shifts and swaps, and on the stiffer levels blocks: two nodes share
    up to ten tasks anew, all 1024 ways being looked at. The ladder follows the gap of the best
    schedule. All moves keep the memory capacities.

    With more than 4,000,000 pairs of task and node it is `LocalSearch`.

    References
    ----------
    Swendsen, Wang, "Replica Monte Carlo simulation of spin-glasses", Phys. Rev. Lett. 57, 1986;
    Hukushima, Nemoto, "Exchange Monte Carlo method", J. Phys. Soc. Japan 65, 1996.
    """

    levels: int = parameter(24, "replicas, each on its level", at_least=2, search=(8, 64))

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: SchedulingProblem, rng: np.random.Generator
    ) -> FrontierState | LocalSearchState | State:
        """Return the state with the best heuristic's schedule, done if none fits the memory."""
        if problem.tasks * problem.nodes > MOST_PAIRS:
            return LocalSearch().init(problem, rng)
        start = _best_start(problem)
        if start is None:
            return State(done=True)
        makespan = problem.makespan(start)
        unit = lower_bound(problem) or makespan or 1.0
        model, gap = build_model(problem, unit), _within(makespan / unit - 1.0)
        return FrontierState(
            assignment=start,
            makespan=makespan,
            evaluations=1,
            model=model,
            unit=unit,
            gap=gap,
            ladder=build_ladder(model, self.levels, gap),
            replicas=start_replicas(model, self.levels, start),
            incumbent=Incumbent(start.copy(), np.array([makespan / unit]), np.ones(1, np.int64)),
            block=make_block(problem.tasks),
            stream=open_stream(rng),
        )

    def step(self, problem: SchedulingProblem, state: State) -> State:
        """Temper for a few rounds."""
        if isinstance(state, LocalSearchState):
            return LocalSearch().step(problem, state)
        if isinstance(state, FrontierState):
            self._temper(problem, state)
        return state

    def _temper(self, problem: SchedulingProblem, state: FrontierState) -> None:
        """Follow the best gap with the ladder, let the replicas move and keep the best."""
        best = float(state.incumbent.makespan[0])
        turn, within_turn = divmod(state.steps, PERIOD)
        gap = _within((best - 1.0) * AIMS[turn % len(AIMS)])
        if within_turn == 0 and gap != state.gap:
            state.gap, state.ladder = gap, build_ladder(state.model, self.levels, gap)
        temper(
            state.model, state.ladder, state.replicas, 1.0 + AMBITION * (best - 1.0), ROUNDS,
            state.incumbent, state.stream, state.block,
        )  # fmt: skip
        state.steps += 1
        state.evaluations = int(state.incumbent.evaluations[0])
        if state.incumbent.makespan[0] < best:
            self._keep(problem, state)

    def _keep(self, problem: SchedulingProblem, state: FrontierState) -> None:
        """Take over the incumbent, unless it is better by rounding only."""
        makespan = problem.makespan(state.incumbent.assignment)
        if makespan < state.makespan:
            state.assignment, state.makespan = state.incumbent.assignment.copy(), makespan


def _within(gap: float) -> float:
    """Return the gap for which a ladder is made."""
    return min(max(gap, NARROWEST), WIDEST)


def _best_start(problem: SchedulingProblem) -> IntArray | None:
    """Return the best of the heuristics' schedules, shape (k,), if one fits the memory."""
    names = ("lpt", "min-min", "max-min", "sufferage")
    found = [start_assignment(problem, name) for name in names]
    fitting = [assignment for assignment in found if assignment is not None]
    return min(fitting, key=problem.makespan, default=None)
