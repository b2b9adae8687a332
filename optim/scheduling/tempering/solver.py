"""The solver `frontier`, parallel tempering: the best schedules that we know how to find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import nearest_bound
from edgeopt.optim.scheduling.local_search import moves
from edgeopt.optim.scheduling.local_search.iterated import (
    LocalSearch,
    LocalSearchState,
    start_assignment,
    start_assignments,
)
from edgeopt.optim.scheduling.local_search.priced_start import needs_priced_start, priced_start
from edgeopt.optim.scheduling.local_search.search import Search, allow_work, open_search
from edgeopt.optim.scheduling.run_time import (
    budget_used,
    is_over,
    is_timed_only,
    leave_off,
    time_left,
)
from edgeopt.optim.scheduling.solver import State, keep_if_better
from edgeopt.optim.scheduling.tempering.cooling import (
    Cooling,
    aim_again,
    close_cooling,
    enter_level,
    lowered,
    open_cooling,
    open_settling,
    promises_better,
)
from edgeopt.optim.scheduling.tempering.model import (
    FEWEST_PAIRS,
    build_ladder,
    build_model,
    is_coarse,
    nearest_nodes,
    spendable,
)
from edgeopt.optim.scheduling.tempering.moves import make_block
from edgeopt.optim.scheduling.tempering.opening import (
    MOST_PAIRS,
    QuickState,
    improve_quickly,
    open_quickly,
    replicas_pay,
    solve_lp,
)
from edgeopt.optim.scheduling.tempering.replica import Incumbent, start_replicas
from edgeopt.optim.scheduling.tempering.settling import make_links, settle
from edgeopt.optim.scheduling.tempering.tempering import ReplicaWalk, anneal, cool, gap_of, temper
from edgeopt.optim.stream import open_stream
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

MAX_PAIRS = 4_000_000  # of task and node; more would not fit memory and caches

MAX_TASKS = 10_000  # a node: a block looks through those of two nodes

_COSTLY_TO_LIST = 1_000_000  # pairs of task and node: a batch rule takes a tenth of a second

_VISITS = 10  # to each level in a step

_SECONDS_PER_PAIR = 1e-6  # of task and node: replicas take as long to make, a ladder a third

_AT_ONCE, _LEAST_OF_VISIT, _SHARE_OF_VISIT = 20_000_000, 50_000, 64  # work of a kernel's call

SHORTEST = 8  # steps of the first annealing

KICKS = 2000  # kicks of a step of local search

AIMS = (1.0, 0.7)  # gaps of the ladders in turn, as shares of the best schedule's gap

_LEAST_GAIN = 0.3  # least ratio of two cycles' gaps that counts

OVERLOAD_SHARE = 0.85  # loads above this share of the ladder's gap are overloads

WIDEST, _NARROWEST = 0.01, 1e-6  # gaps for which ladders are made

FIRST_SHARE, COOLING_SHARE = 0.15, 0.5  # of a budget: cycles before a cooling; of the rest: itself

SETTLING_PAIRS, SETTLING_SHARE = 50_000, 0.97  # for settling; of what is left of a budget: it

FEWEST = 48  # steps left for which a cooling is planned


@dataclass(kw_only=True)
class TemperingState(State):
    """State between two steps.

    Attributes
    ----------
    walk : ReplicaWalk
        The replicas and all that their moves need.
    unit : float
        The model's unit of time in s.
    best : float
        Gap of the best schedule before the current cycle.
    cycle, position : int
        Cycles done, and steps done of the current one.
    length : int
        For how many steps the current cycle anneals, and then tempers.
    begun, rate : float
        Share of the budget used when the current cycle began, and that of a step.
    timed : int
        The cycle at which `rate` was measured.
    cooling : Cooling, optional
        That planned for the budget, once it has begun.
    search : Search, optional
        Local search by ejection chains, once it was needed.
    """

    walk: ReplicaWalk
    unit: float
    best: float
    cycle: int = 0
    position: int = 0
    length: int = SHORTEST
    begun: float = 0.0
    rate: float = 0.0
    timed: int = 0
    cooling: Cooling | None = None
    search: Search | None = None

    @property
    def gap(self) -> float:
        """Of the best schedule: in units of the bound, the makespan less 1."""
        return gap_of(self.walk)


@dataclass(kw_only=True)
class OpeningState(State):
    """State of a large problem before the first step: a schedule, and no replicas yet.

    Attributes
    ----------
    rng : Generator
        Source of randomness of the steps.
    """

    rng: np.random.Generator


@dataclass(frozen=True)
class Frontier:
    """Parallel tempering on reduced costs and overloads, from the best of the heuristics.

    By LP duality a schedule lies above the LP bound by the sum of its pairs' reduced costs, plus
    the idle time and free memory of the nodes at the LP's prices. A good schedule therefore
    assigns few tasks to nodes of positive, but small, reduced cost, such that all loads are almost
    equal: finding these tasks is a subset-sum problem in as many dimensions as there are nodes.
    Replicas of a schedule walk with the Gibbs probability of

        cost / temperature + stiffness * overload,

    where cost is the sum of reduced costs, and overload that of the squared excess of the loads
    over a target below the best makespan. From level to level the temperature falls and the
    stiffness rises, and neighbours exchange their schedules (parallel tempering): soft levels
    cross barriers that stiff ones cannot. Moves are shifts and swaps, and on the stiffer levels
    blocks: two nodes share up to ten tasks anew, sampled from all 1024 ways. The ladder follows
    the gap of the best schedule. All moves keep the memory capacities; where these (or ready
    times) keep the best schedule more than 1 % above the bound, the second half of a cycle is one
    of `LocalSearch`.

    Cycles double in length. With a budget of iterations, evaluations or seconds, and without
    memory and ready times, where all tasks rank the nodes alike or where it promises to end well
    below the best schedule (`promises_better`), they take about 15 % of it; then one schedule cools
    in half of the rest (`open_cooling`), and further cycles end with the budget. With more than
    50,000 pairs on unrelated nodes that are not ranked alike, the cooling starts from the best
    schedule, after the first cycle, and takes 97 % of what is left (`open_settling`). Its moves are
    ejection chains (`settle`): two nodes hardly ever share two tasks that are cheap on both.

    Where all loads are multiples of a unit and the best schedule is at most 8 units above the
    bound, only loads of a better schedule are no overload, and stiffness grows no more once a unit
    of overload hardly ever passes. Costs may then take half of what the bound exceeds the LP by:
    that is how much cost and idle time even an optimal schedule has.

    On unrelated nodes, from 20,000 pairs of task and node on, the first schedule is that of a list
    rule at the LP's prices (`priced_start`), and the first cycle is short.

    Up to 300,000 pairs, `solve` works at a proof beside the search, as `BranchAndPrice` does, and
    the search gets the schedules that this finds. With two threads, a second core works at the
    proof, or, where there is nothing to prove, at a second walk with a stream of its own.

    Up to 200,000 pairs, with a budget of seconds and no other, LPT gives the first schedule.
    `IteratedGreedy` improves it for a tenth of the time or 0.03 s, then `LocalSearch` at the prices
    of a quick ascent, until three tenths of the time or 0.2 s are used. What would take too long
    for the time left is not begun: below about 5 ms at 200 x 20, or 40 ms at 1000 x 50, all is
    iterated greedy, and replicas are made if there is time for the LP and 16 steps of theirs.

    With more than 4,000,000 pairs of task and node, or 10,000 tasks a node, `LocalSearch` runs
    instead of the replicas.

    References
    ----------
    Swendsen, Wang, "Replica Monte Carlo simulation of spin-glasses", Phys. Rev. Lett. 57, 1986;
    Hukushima, Nemoto, "Exchange Monte Carlo method", J. Phys. Soc. Japan 65, 1996.

    Examples
    --------
    >>> from edgeopt import Evaluations, Frontier, knapsack_bound, load_problem, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, Frontier(), stop=Evaluations(1_000_000), rng=1)
    >>> result.makespan < 1.01 * knapsack_bound(problem, seconds=60.0)
    True
    """

    lifts_bound: ClassVar[bool] = True  # `solve` raises the bound meanwhile

    levels: int = parameter(32, "replicas, one on each level", at_least=2, search=(8, 64))
    threads: int = parameter(1, "cores; the second one proves, or walks too", at_least=1, at_most=2)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> TemperingState | QuickState | LocalSearchState | State:
        """Return the state with the best of the heuristics' schedules and `start`.

        If none fits the memory, the state is done. A large problem's schedule is that of
        `priced_start`, and its replicas are made in the first step. Up to 200,000 pairs, with a
        budget of seconds and no other, the schedule is LPT's; the rest follows as time allows.
        """
        if is_timed_only() and problem.tasks * problem.nodes <= MOST_PAIRS:
            quick = open_quickly(problem, rng, start)
            if quick.assignment is not None:
                return quick
        if needs_priced_start(problem):
            priced, tried = priced_start(problem)
            known = [each for each in (start, priced) if each is not None]
            # Prices may be bad where there was no time to find better ones.
            if priced is None or problem.matrix.size < _COSTLY_TO_LIST or is_over():
                listed = start_assignment(problem, "min-min")
                known += [] if listed is None else [listed]
                tried += 1
            if known:
                best, makespan = _best_of(problem, known)
                return OpeningState(assignment=best, makespan=makespan, evaluations=tried, rng=rng)
        if _is_too_large(problem) or _is_short(problem):
            return LocalSearch().init(problem, rng, start)
        found = start_assignments(problem)
        known = found if start is None else [start, *found]
        if not known:
            return State(done=True)
        best, makespan = _best_of(problem, known)
        first = OpeningState(assignment=best, makespan=makespan, evaluations=len(found), rng=rng)
        return self._open(problem, first)

    def _open(self, problem: Problem, first: OpeningState | QuickState) -> TemperingState:
        """Return the state with replicas of the first schedule."""
        start, makespan, rng = first.assignment, first.makespan, first.rng
        assert start is not None
        # The bound, and even the makespan, may be 0, which is no unit.
        unit = nearest_bound(problem)
        if problem.matrix.size >= FEWEST_PAIRS:  # as the prices are those of its LP
            unit = max(unit, deadline_bound(problem))
        unit = unit or makespan or 1.0
        model = build_model(problem, unit, makespan)
        walk = ReplicaWalk(
            model,
            build_ladder(model, nearest_nodes(model, rng), self.levels, WIDEST),
            start_replicas(model, self.levels, start),
            Incumbent(start.copy(), np.array([makespan / unit]), np.full(1, first.evaluations)),
            make_block(problem.tasks),
            open_stream(rng),
            1.0,
        )
        cool(walk, 0, 0)  # compiles it, so that no budget of seconds has to
        return TemperingState(
            assignment=start,
            makespan=makespan,
            evaluations=first.evaluations,
            walk=walk,
            unit=unit,
            best=makespan / unit - 1.0,
        )

    def step(self, problem: Problem, state: State) -> State:
        """Anneal or temper for ten visits to each level, and keep the best schedule."""
        if isinstance(state, QuickState):
            if not _is_too_large(problem) and replicas_pay(problem, state):
                return self._leave(problem, state)
            improve_quickly(problem, state)
            return state
        if isinstance(state, OpeningState):
            return self._begin(problem, state)
        if isinstance(state, LocalSearchState):
            return LocalSearch().step(problem, state)
        if isinstance(state, TemperingState):
            self._walk(problem, state)
        return state

    def _leave(self, problem: Problem, state: QuickState) -> State:
        """Solve the LP and make the replicas."""
        solve_lp(problem)
        if needs_priced_start(problem):
            priced, tried = priced_start(problem)
            state.evaluations += tried
            if priced is not None:
                keep_if_better(problem, state, priced)
        return self._open(problem, state)

    def _begin(self, problem: Problem, state: OpeningState) -> State:
        """Make the replicas of a large problem, or begin local search from its schedule."""
        if not (_is_too_large(problem) or _is_short(problem)):
            return self._open(problem, state)
        search = LocalSearch().init(problem, state.rng, state.assignment)
        search.assignment, search.makespan = state.assignment, state.makespan
        search.evaluations = state.evaluations
        return search

    def _walk(self, problem: Problem, state: TemperingState) -> None:
        """Anneal or temper for a step, and keep the best schedule."""
        used = budget_used()
        if state.position == 0:
            _plan(problem, state, used)
        if used is not None and _is_cooling(state):
            self._cool(state, used)
            self._keep(problem, state)
            return
        if state.position == 0 and not self._begin_cycle(state):
            return
        # The first half of a cycle anneals. The second tempers, or uses chains where memory or
        # ready times keep the best schedule far from the bound.
        length, visits = state.length, _VISITS * self.levels
        if state.position < length:
            first = state.position * visits
            for begin, end in _portions(state.walk, visits):
                anneal(state.walk, first + begin, first + end, length * _VISITS)
        elif state.cycle > 0 and state.best > WIDEST and _has_unpriced_limits(problem):
            state.search = state.search or open_search(problem)
            improve_by_chains(state.search, state.walk, state.unit, state.position / length - 1.0)
        else:
            for begin, end in _portions(state.walk, visits):
                temper(state.walk, begin, end)
        state.position += 1
        if state.position == 2 * length:
            state.position, state.cycle = 0, state.cycle + 1
        self._keep(problem, state)

    def _cool(self, state: TemperingState, used: float) -> None:
        """Cool for a step."""
        cooling = state.cooling
        assert cooling is not None
        level = cooling.level_at(used)
        if level > cooling.level:
            state.walk = enter_level(state.walk, cooling, level)
        state.walk = state.walk._replace(target=lowered(state.walk))
        for begin, end in _portions(state.walk, _VISITS * self.levels):
            if cooling.links is None:
                cool(state.walk, level, end - begin)
            else:
                settle(state.walk, cooling.links, level, end - begin)
                state.walk = aim_again(state.walk, cooling)

    def _begin_cycle(self, state: TemperingState) -> bool:
        """Make the ladder for the gap of the best schedule, or for a part of it, if time allows.

        The more the last cycle has gained, the smaller the part. Where the bound may be out of
        reach, every other cycle aims just below the best schedule.
        """
        best, walk = state.gap, state.walk
        if time_left() < _SECONDS_PER_PAIR / 3 * walk.model.times.size:
            leave_off()
            return False
        aim, gained = AIMS[state.cycle % len(AIMS)], best / state.best if state.best else 1.0
        gap = min(max(best * aim * max(gained, _LEAST_GAIN) ** 2, _NARROWEST), WIDEST)
        aimed = OVERLOAD_SHARE * gap
        if best > WIDEST and aim < 1.0:
            aimed = best - (1.0 - OVERLOAD_SHARE) * WIDEST
        if is_coarse(walk.model, best):
            aimed = max(best - walk.model.grain, 0.0)
        gap += spendable(walk.model, best)
        ladder = build_ladder(walk.model, walk.ladder.nodes, self.levels, gap)
        state.walk, state.best = walk._replace(ladder=ladder, target=1.0 + aimed), best
        return True

    def _keep(self, problem: Problem, state: TemperingState) -> None:
        """Keep the incumbent's schedule, unless it is better by rounding only."""
        incumbent = state.walk.incumbent
        state.evaluations = int(incumbent.evaluations[0])
        if incumbent.makespan[0] * state.unit < state.makespan:
            # Loads of replicas are rounded: only the recomputed makespan decides.
            makespan = problem.makespan(incumbent.assignment)
            if makespan < state.makespan:
                state.assignment, state.makespan = incumbent.assignment.copy(), makespan


def load_settling(problem: Problem) -> None:
    """Compile the kernel of settling for a small problem, or read it from numba's cache."""
    state = Frontier().init(problem, np.random.default_rng(0))
    if isinstance(state, TemperingState):
        walk = state.walk
        settle(walk, make_links(walk.model, walk.ladder.nodes), 0, 0)


def _best_of(problem: Problem, assignments: list[IntArray]) -> tuple[IntArray, float]:
    """Return the best of some assignments, the first if several are, and its makespan in s."""
    makespans = [problem.makespan(assignment) for assignment in assignments]
    makespan = min(makespans)
    return assignments[makespans.index(makespan)], makespan


def _is_too_large(problem: Problem) -> bool:
    """Whether replicas would take too much memory, or a step seconds."""
    k, x = problem.tasks, problem.nodes
    return k * x > MAX_PAIRS or k > MAX_TASKS * x


def _is_short(problem: Problem) -> bool:
    """Whether the time left is too short to make replicas."""
    return time_left() < _SECONDS_PER_PAIR * problem.tasks * problem.nodes


def _portions(walk: ReplicaWalk, visits: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last visit, less one, of each call of a kernel, while time is left.

    A visit sums the loads of all tasks, and looks through those of two nodes for each block.
    """
    k, x = walk.model.times.shape
    at_once = max(1, _AT_ONCE // (_LEAST_OF_VISIT + k + _SHARE_OF_VISIT * k // x))
    for begin in range(0, visits, at_once):
        yield begin, min(begin + at_once, visits)
        if is_over():
            break


def _cycle_length(problem: Problem, cycle: int) -> int:
    """Return for how many steps a cycle anneals, and then tempers; doubles after all `AIMS`."""
    if needs_priced_start(problem):
        # The first schedule is better than any that a short cycle finds: a step tells the rate.
        return SHORTEST << ((cycle - 1) // len(AIMS)) if cycle > 0 else 1
    return SHORTEST << (cycle // len(AIMS))


def _is_cooling(state: TemperingState) -> bool:
    """Whether the cooling planned for the budget has begun, and not ended."""
    return state.cooling is not None and not state.cooling.is_over


def _plan(problem: Problem, state: TemperingState, used: float | None) -> None:
    """Set the length of the next cycle, or begin or end the cooling of a budget."""
    before, state.length = state.length, _cycle_length(problem, state.cycle)
    if used is None or _has_unpriced_limits(problem):
        return
    if state.cycle > state.timed:  # a cycle has been completed since the last look
        state.rate = (used - state.begun) / (2 * before)
    state.timed, state.begun, left = state.cycle, used, 1.0 - used
    if state.cooling is None and _settles(problem):
        if state.cycle > 0 and left >= FEWEST * state.rate:
            end = used + SETTLING_SHARE * left
            state.walk, state.cooling = open_settling(state.walk, used, end)
    elif state.cooling is None:
        begins = used + 2 * state.length * state.rate > FIRST_SHARE
        long = state.cycle > 0 and left >= FEWEST * state.rate
        if begins and long and (_is_consistent(problem) or promises_better(state.walk)):
            end = used + COOLING_SHARE * left
            state.walk, state.cooling = open_cooling(state.walk, used, end)
    elif not state.cooling.is_over and used >= state.cooling.end:
        close_cooling(state.walk, state.cooling)
        # What the cooling has gained says nothing of what a cycle will gain.
        state.best = state.gap
    if not _is_cooling(state) and state.cooling is not None:
        both = 2 * (state.length + _cycle_length(problem, state.cycle + 1))
        if left < both * state.rate:  # the last cycle: it ends with the budget
            state.length = max(1, round(left / (2 * state.rate)))


def _settles(problem: Problem) -> bool:
    """Whether the cooling starts from the first schedule and takes almost all the budget.

    On so many unrelated nodes, cycles take far longer than a minute to find a better schedule.
    """
    large = problem.tasks * problem.nodes > SETTLING_PAIRS
    return large and needs_priced_start(problem) and not _is_consistent(problem)


def _is_consistent(problem: Problem) -> bool:
    """Whether all tasks rank the nodes alike."""
    if problem.allowed is not None:
        return False
    order = np.argsort(problem.matrix.mean(axis=0), kind="stable")
    return bool((np.diff(problem.matrix[:, order], axis=1) >= 0.0).all())


def _has_unpriced_limits(problem: Problem) -> bool:
    """Whether there are limits that the LP's prices miss: memory of whole tasks, or ready times."""
    return problem.task_memory is not None or problem.ready is not None


def improve_by_chains(search: Search, walk: ReplicaWalk, unit: float, share: float) -> None:
    """Kick the best schedule, and repair it by ejection chains, `KICKS` times.

    Replicas keep the memory capacities at each move, and are stuck where memory is tight. A chain
    is not: where a task finds no room, another one is ejected.

    Parameters
    ----------
    search : Search
        Starts from the incumbent if `share` is 0, else resumes from its current schedule.
    walk : ReplicaWalk
        Its incumbent is replaced by a better schedule; its stream gives random numbers.
    unit : float
        The model's unit of time in s.
    share : float
        Progress from hot to cold, 0 to 1.
    """
    incumbent, before = walk.incumbent, search.compared[0]
    allow_work(search)
    if share == 0.0:
        moves.restart_from(search, incumbent.assignment)
    temperature = moves.HOT * (moves.COLD / moves.HOT) ** share
    settings = moves.KickSettings(moves.DEFAULT_AMBITION, moves.DEFAULT_OVERLOAD, temperature)
    at_once = moves.kicks_at_once(search, search.schedule.assignment[None], KICKS)
    for done in range(0, KICKS, at_once):
        moves.kick_often(search, settings, min(at_once, KICKS - done), walk.stream)
        if is_over():
            break
    incumbent.evaluations[0] += search.compared[0] - before
    makespan = search.best.makespan[0] / unit
    if makespan < incumbent.makespan[0]:
        incumbent.makespan[0], incumbent.assignment[:] = makespan, search.best.assignment
