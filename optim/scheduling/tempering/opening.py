"""How `frontier` begins within a budget of seconds: a schedule at once, better ones as time allows.

Replicas, and the linear program that they need, take milliseconds to seconds. What is not worth
its time is not begun: iterated greedy needs nothing, local search the prices of a quick ascent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.lagrangian import lagrangian_value, quick_multipliers
from edgeopt.optim.scheduling.bounds.quick_bounds import knows_lp
from edgeopt.optim.scheduling.local_search.candidates import candidates_at
from edgeopt.optim.scheduling.local_search.iterated import (
    LocalSearch,
    LocalSearchState,
    start_assignment,
)
from edgeopt.optim.scheduling.local_search.priced_start import needs_priced_start, place_at_prices
from edgeopt.optim.scheduling.local_search.schedule_arrays import instance_of
from edgeopt.optim.scheduling.local_search.search import (
    DEFAULT_DEPTH,
    DEFAULT_WIDTH,
    Search,
    empty_search,
    open_search,
)
from edgeopt.optim.scheduling.rivals.iterated_greedy import IteratedGreedy, IteratedGreedyState
from edgeopt.optim.scheduling.run_time import is_over, time_left, within
from edgeopt.optim.scheduling.solver import State, keep_if_better
from edgeopt.optim.stream import open_stream
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

MOST_PAIRS = (
    200_000  # of task and node: of more, a list rule's schedule is far behind `priced_start`
)

GREEDY_SHARE, GREEDY_S = 0.1, 0.03  # of the time, and in s: the end of iterated greedy

CHAINS_SHARE, CHAINS_S = 0.3, 0.2  # of the time, and in s: the end of local search, if more follows

_CYCLE = 4  # steps of the first cycle of local search: it ends before a short run does

_LEAST_S = 1e-9  # of a run, by which time is divided

_COSTLY_TO_LIST = 1_000_000  # pairs of task and node: Min-Min takes a tenth of a second

# Processor time, measured on 50 x 5 to 1000 x 50: fixed, and for a pair of task and node.

_PRICES_S, _PRICES_PAIR_S = 2e-4, 2e-7

_VISITS, _VISIT_S = 300, 1e-9  # of a pair in a quick ascent, and the time of one

_CANDIDATES_S, _CANDIDATES_PAIR_S = 1e-3, 1e-7

_LP_PAIR_S = 3e-6  # up to 8e-5, but it may be cut short

_STEP_S, _STEP_PAIR_S = 2e-3, 5e-7  # of the replicas

_LONGER = 3  # times as long as its preparation local search has to last

_LP_SHARE = 0.6  # of the time left, that the linear program may take

_STEPS = 16  # of the replicas, for which there has to be time


@dataclass(kw_only=True)
class QuickState(State):
    """State of a run with a budget of seconds, before there are replicas.

    Attributes
    ----------
    rng : Generator
        Source of randomness of all that follows.
    seconds : float
        That the run has in all.
    given : bool
        Whether the user has given an initial assignment.
    greedy : IteratedGreedyState, optional
        Of iterated greedy, once it has begun.
    chains : LocalSearchState, optional
        Of local search, once it has begun.
    """

    rng: np.random.Generator
    seconds: float
    given: bool
    greedy: IteratedGreedyState | None = None
    chains: LocalSearchState | None = None


def open_quickly(problem: Problem, rng: np.random.Generator, start: IntArray | None) -> QuickState:
    """Return the state with the better of LPT's schedule and `start`; it may have none."""
    state = QuickState(rng=rng, seconds=max(time_left(), _LEAST_S), given=start is not None)
    if start is not None:  # `solve` has counted it
        keep_if_better(problem, state, start)
    _offer(problem, state, start_assignment(problem, "lpt"))
    return state


def improve_quickly(problem: Problem, state: QuickState) -> None:
    """Do a step of iterated greedy, or of local search once its preparation pays."""
    if state.chains is not None:
        before = state.chains.evaluations
        _take(state, LocalSearch(cycle=_CYCLE).step(problem, state.chains), before)
    elif _is_early(state, GREEDY_SHARE, GREEDY_S) or not _chains_pay(problem):
        _improve_greedily(problem, state)
    else:
        _open_chains(problem, state)


def replicas_pay(problem: Problem, state: QuickState) -> bool:
    """Whether local search has had its share, and time is left for the LP and for replicas."""
    if state.chains is None or _is_early(state, CHAINS_SHARE, CHAINS_S):
        return False
    pairs = problem.tasks * problem.nodes
    lp = 0.0 if knows_lp(problem) else _LP_PAIR_S * pairs / _LP_SHARE
    return time_left() > lp + _STEPS * (_STEP_S + _STEP_PAIR_S * pairs)


def solve_lp(problem: Problem) -> None:
    """Solve the LP in a share of the time left; what it has by then is used in this run."""
    if not knows_lp(problem):
        with within(_LP_SHARE * time_left()):
            deadline_bound(problem)


def _is_early(state: QuickState, share: float, seconds: float) -> bool:
    """Whether less than a share of the time, and less than some seconds, are used."""
    return state.seconds - time_left() < min(share * state.seconds, seconds)


def _chains_pay(problem: Problem) -> bool:
    """Whether local search may last much longer than it takes to prepare it."""
    pairs = problem.tasks * problem.nodes
    prices = 0.0 if knows_lp(problem) else _PRICES_S + _PRICES_PAIR_S * pairs
    return time_left() > _LONGER * prices + _CANDIDATES_S + _CANDIDATES_PAIR_S * pairs


def _improve_greedily(problem: Problem, state: QuickState) -> None:
    """Begin iterated greedy, or do a step of it."""
    if state.greedy is not None:
        before = state.greedy.evaluations
        _take(state, IteratedGreedy().step(problem, state.greedy), before)
        return
    first, uniform = state.assignment, isinstance(problem.et, UniformTimes)
    if not (state.given or uniform) and problem.matrix.size < _COSTLY_TO_LIST:
        # On unrelated nodes it takes less time of all nodes than LPT, even where it is longer.
        found = start_assignment(problem, "min-min")
        _offer(problem, state, found)
        first = first if found is None else found
    state.greedy = IteratedGreedy().init(problem, state.rng, first)


def _open_chains(problem: Problem, state: QuickState) -> None:
    """Begin local search at prices, from the best schedule so far or placed at these prices."""
    search = open_search(problem) if knows_lp(problem) else _quick_search(problem, state)
    state.chains = LocalSearchState(
        stream=open_stream(state.rng), search=search, start=state.assignment
    )
    state.greedy = None  # of many tasks, it takes memory


def _quick_search(problem: Problem, state: QuickState) -> Search:
    """Return the arrays of a local search at the prices of a quick ascent."""
    pairs, width = problem.tasks * problem.nodes, min(DEFAULT_WIDTH, problem.nodes)
    visits = min(_VISITS * pairs, time_left() / _LONGER / _VISIT_S)
    multipliers = quick_multipliers(problem, visits)
    bound = lagrangian_value(problem, multipliers)
    if needs_priced_start(problem):
        for found in place_at_prices(problem, multipliers, bound):
            _offer(problem, state, found)
            if is_over():
                break
    candidates = candidates_at(problem, width, multipliers)
    return empty_search(instance_of(problem), candidates, DEFAULT_DEPTH, bound)


def _offer(problem: Problem, state: QuickState, assignment: IntArray | None) -> None:
    """Count a schedule, and keep it if it is the best so far."""
    if assignment is not None:
        state.evaluations += keep_if_better(problem, state, assignment)


def _take(state: QuickState, inner: State, before: int) -> None:
    """Count what a search has evaluated, and keep its schedule if it is the best so far."""
    state.evaluations += inner.evaluations - before
    if inner.makespan < state.makespan:
        state.assignment, state.makespan = inner.assignment, inner.makespan
