"""The solver `frontier`: the best schedules that we know how to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.bounds.bounds import nearest_bound
from edgeopt.optim.scheduling.local_search.iterated import (
    LocalSearch,
    LocalSearchState,
    start_assignments,
)
from edgeopt.optim.scheduling.local_search.moves import (
    COLD,
    DEFAULT_AMBITION,
    DEFAULT_OVERLOAD,
    HOT,
    KickSettings,
    kick_often,
    restart_from,
)
from edgeopt.optim.scheduling.local_search.search import Search, open_search
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.tempering.ladder import build_ladder, nearest_nodes
from edgeopt.optim.scheduling.tempering.model import build_model
from edgeopt.optim.scheduling.tempering.pair_block import make_block
from edgeopt.optim.scheduling.tempering.replica import Incumbent, start_replicas
from edgeopt.optim.scheduling.tempering.tempering import Walk, anneal, temper
from edgeopt.optim.stream import open_stream
from edgeopt.problems.errors import IntArray
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import SchedulingProblem

MAX_PAIRS = 4_000_000  # of task and node; with more, memory and caches are too small

VISITS = 10  # to each level in a step

SHORTEST = 8  # steps of the first annealing

AIMS = (1.0, 0.7)  # what gaps the ladders are made for in turn, in gaps of the best schedule

LEAST_GAIN = 0.3  # of a cycle that counts

OVERLOAD_SHARE = 0.85  # loads above this share of that gap are overloads

WIDEST, NARROWEST = 0.01, 1e-6  # gaps for which ladders are made


@dataclass(kw_only=True)
class TemperingState(State):
    """State between two steps.

    Attributes
    ----------
    walk : Walk
        The replicas and their surroundings.
    unit : float
        The model's unit of time in s.
    best : float
        Gap of the best schedule before the cycle at hand.
    cycle, position : int
        Cycles done, and steps done of the one at hand.
    search : Search, optional
        Of the ejection chains, once there were any.
    """

    walk: Walk
    unit: float
    best: float
    cycle: int = 0
    position: int = 0
    search: Search | None = None


@dataclass(frozen=True)
class ParallelTempering:
    """Parallel tempering on reduced costs and overloads, from the best of the heuristics.

    By LP duality a schedule is as far above the LP bound as its pairs' reduced costs add up to,
    plus the idle time and free memory of the nodes at the LP's prices. So a good one gives few
    tasks to nodes of small reduced cost, such that all loads come out almost equal: which tasks
    these are is a subset-sum problem in as many dimensions as there are nodes. Replicas of a
    schedule walk with the Gibbs probability of

        cost / temperature + stiffness * overload,

    cost being the sum of reduced costs and overload the squared loads above a target below the
    best makespan. From replica to replica the temperature falls and the stiffness rises, and
    neighbours exchange their schedules (parallel tempering): the soft ones cross what the stiff
    ones cannot. Moves are shifts and swaps, and on the stiffer levels blocks: two nodes share
    up to ten tasks anew, all 1024 ways being looked at. The ladder follows the gap of the best
    schedule. All moves keep the memory capacities; where these (or ready times) keep the best
    schedule 1 % above the bound, every other half of a cycle is one of `LocalSearch`.

    With more than 4,000,000 pairs of task and node it is `LocalSearch`.

    References
    ----------
    Swendsen, Wang, "Replica Monte Carlo simulation of spin-glasses", Phys. Rev. Lett. 57, 1986;
    Hukushima, Nemoto, "Exchange Monte Carlo method", J. Phys. Soc. Japan 65, 1996.

    Examples
    --------
    >>> from edgeopt import Evaluations, ParallelTempering, knapsack_bound, load_problem, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, ParallelTempering(), stop=Evaluations(1_000_000), rng=1)
    >>> result.makespan < 1.01 * knapsack_bound(problem, seconds=60.0)
    True
    """

    levels: int = parameter(32, "replicas, each on its level", at_least=2, search=(8, 64))

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self,
        problem: SchedulingProblem,
        rng: np.random.Generator,
        start: IntArray | None = None,
    ) -> TemperingState | LocalSearchState | State:
        """Return the state with the best of the heuristics' schedules and `start`.

        It is done if there is none that fits the memory.
        """
        if problem.tasks * problem.nodes > MAX_PAIRS:
            return LocalSearch().init(problem, rng, start)
        start = _best_start(problem, start)
        if start is None:
            return State(done=True)
        makespan = problem.makespan(start)
        unit = nearest_bound(problem) or makespan or 1.0
        model = build_model(problem, unit)
        walk = Walk(
            model,
            build_ladder(model, nearest_nodes(model, rng), self.levels, WIDEST),
            start_replicas(model, self.levels, start),
            Incumbent(start.copy(), np.array([makespan / unit]), np.ones(1, np.int64)),
            make_block(problem.tasks),
            open_stream(rng),
            1.0,
        )
        return TemperingState(
            assignment=start,
            makespan=makespan,
            evaluations=1,
            walk=walk,
            unit=unit,
            best=makespan / unit - 1.0,
        )

    def step(self, problem: SchedulingProblem, state: State) -> State:
        """Anneal or temper for `VISITS` visits to each level, and keep the best schedule."""
        if isinstance(state, LocalSearchState):
            return LocalSearch().step(problem, state)
        if isinstance(state, TemperingState):
            self._walk(problem, state)
        return state

    def _walk(self, problem: SchedulingProblem, state: TemperingState) -> None:
        """Anneal or temper for a step, and keep the best."""
        if state.position == 0:
            self._begin_cycle(state)
        length = _cycle_length(state.cycle)
        if state.position < length:
            first = state.position * VISITS * self.levels
            anneal(state.walk, first, first + VISITS * self.levels, length * VISITS)
        elif state.cycle > 0 and state.best > WIDEST and _leaves_prices_behind(problem):
            state.search = state.search or open_search(problem)
            improve_by_chains(state.search, state.walk, state.unit, state.position / length - 1.0)
        else:
            temper(state.walk, VISITS)
        state.position += 1
        if state.position == 2 * length:
            state.position, state.cycle = 0, state.cycle + 1
        self._keep(problem, state)

    def _begin_cycle(self, state: TemperingState) -> None:
        """Make the ladder for the gap of the best schedule, or a part of it.

        The part is the smaller, the more the last cycle has gained. Where the bound may be out of
        reach, every other cycle aims just below the best schedule.
        """
        best = float(state.walk.incumbent.makespan[0]) - 1.0
        aim, gained = AIMS[state.cycle % len(AIMS)], best / state.best if state.best else 1.0
        gap = min(max(best * aim * max(gained, LEAST_GAIN) ** 2, NARROWEST), WIDEST)
        aimed = OVERLOAD_SHARE * gap
        if best > WIDEST and aim < 1.0:
            aimed = best - (1.0 - OVERLOAD_SHARE) * WIDEST
        walk = state.walk
        ladder = build_ladder(walk.model, walk.ladder.nodes, self.levels, gap)
        state.walk, state.best = walk._replace(ladder=ladder, target=1.0 + aimed), best

    def _keep(self, problem: SchedulingProblem, state: TemperingState) -> None:
        """Take over the incumbent, unless it is better by rounding only."""
        incumbent = state.walk.incumbent
        state.evaluations = int(incumbent.evaluations[0])
        if incumbent.makespan[0] * state.unit < state.makespan:
            makespan = problem.makespan(incumbent.assignment)
            if makespan < state.makespan:
                state.assignment, state.makespan = incumbent.assignment.copy(), makespan


def _cycle_length(cycle: int) -> int:
    """Return the steps that a cycle anneals, and then tempers: twice as many for each of aims."""
    return SHORTEST << (cycle // len(AIMS))


def _leaves_prices_behind(problem: SchedulingProblem) -> bool:
    """Whether there is what the LP's prices do not foresee: whole memory, or ready times."""
    return problem.task_memory is not None or problem.ready is not None


def _best_start(problem: SchedulingProblem, start: IntArray | None) -> IntArray | None:
    """Return the best of `start` and the heuristics' schedules that fit, shape (k,), if any."""
    known = [] if start is None else [start]
    return min([*known, *start_assignments(problem)], key=problem.makespan, default=None)


# Local search on the incumbent, where tight memory holds the replicas.

KICKS = 2000


def improve_by_chains(search: Search, walk: Walk, unit: float, share: float) -> None:
    """Kick the best schedule, and repair it by ejection chains, `KICKS` times.

    The replicas keep within the memory at each of their moves, so that where it is tight they are
    stuck. A chain is not: a task that finds no room makes some.

    Parameters
    ----------
    search : Search
        Starts from the incumbent where `share` is 0, and goes on where it is otherwise.
    walk : Walk
        Its incumbent takes up what is better; its stream gives random numbers.
    unit : float
        The model's unit of time in s.
    share : float
        How much of the way from hot to cold is done, 0 to 1.
    """
    incumbent = walk.incumbent
    if share == 0.0:
        restart_from(search, incumbent.assignment)
    urge = KickSettings(DEFAULT_AMBITION, DEFAULT_OVERLOAD, HOT * (COLD / HOT) ** share)
    kick_often(search, urge, KICKS, walk.stream)
    incumbent.evaluations[0] += KICKS
    makespan = search.best.makespan[0] / unit
    if makespan < incumbent.makespan[0]:
        incumbent.makespan[0], incumbent.assignment[:] = makespan, search.best.assignment
