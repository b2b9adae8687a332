"""The exact solver: the integer program by HiGHS, over the pairs that may still help."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.knapsack_bound import (
    Bundle,
    improve_prices,
    open_bundle,
    useful_pairs_of,
)
from edgeopt.optim.scheduling.bounds.rounding import lifted_to_units, sum_rounding
from edgeopt.optim.scheduling.exact_search import search_better
from edgeopt.optim.scheduling.heuristics.lp_rounding import check_pairs, lp_rounding
from edgeopt.optim.scheduling.integer_program import (
    Cover,
    build_integer_program,
    cover_of,
    solve_program,
)
from edgeopt.optim.scheduling.local_search.iterated import start_assignments
from edgeopt.optim.scheduling.run_time import is_over, leave_off, time_left
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_EXACT_NODES = 3_000_000  # of the last search, about 0.3 s

_SECONDS_PER_LOAD = 1e-8  # that the last search copies

_SECONDS_PER_PAIR = 1e-5  # of task and node: for less time HiGHS is not worth starting


@dataclass(kw_only=True)
class MILPState(State):
    """State of `MILP` between two steps.

    Attributes
    ----------
    seed : int
        Seed of HiGHS.
    bundle : Bundle or None
        Prices of the knapsack bound; None where there was no time for them.
    iterations, slices : int
        Iterations done of the bound, and slices of the integer program.
    covers : set of tuple of int
        Sets of tasks that HiGHS packed beyond a capacity.
    """

    seed: int
    bundle: Bundle | None = None
    iterations: int = 0
    slices: int = 0
    covers: set[Cover] = field(default_factory=set)


@dataclass(frozen=True)
class MILP:
    """The best heuristic schedule, then the knapsack bound, then HiGHS on the pairs it leaves.

    A step is one iteration of the bound, until that has converged, or else a slice of the integer
    program: a new tree with twice the nodes of the last one, from the best schedule so far. Before
    each slice, pairs that no better schedule uses are dropped (`useful_pairs`). Memory capacities
    are rows of the program.

    Notes
    -----
    Under a budget of iterations, equal seeds give equal bits unless a slice reaches its time limit,
    as on problems where 100 nodes of the tree take longer than a second. A budget of seconds ends
    a slice, and the run ends before one for which the time left is too short: 10 s for 1,000,000
    pairs of task and node.

    HiGHS proves nothing beyond its tolerances: its bound is lowered by what they can add, then
    lifted where times are multiples of a unit, such as whole seconds. If a gap remains when HiGHS
    has ended, a search of up to 3,000,000 nodes looks at all schedules. Only what is then proved is
    called optimal; otherwise the run ends with a small gap.

    References
    ----------
    Huangfu, Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
    Computation 10, 2018 (HiGHS).

    Examples
    --------
    >>> from edgeopt import MILP, Problem, Seconds, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> result = solve(problem, MILP(), stop=Seconds(600.0), rng=1)
    >>> result.makespan, result.lower_bound, result.status.value
    (5.0, 5.0, 'optimal')
    """

    bound_iterations: int = parameter(300, "most iterations of the knapsack bound", at_least=0)
    nodes: int = parameter(100, "nodes of the tree in the first slice", at_least=1)
    slice_seconds: float = parameter(1.0, "time limit of the first slice in s", above=0)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> MILPState:
        """Return the best of the heuristic schedules and `start`, and the LP's prices.

        Raises
        ------
        InputError
            If the problem has more than 2,000,000 pairs of task and node.
        """
        check_pairs(problem, "milp")
        state = MILPState(seed=int(rng.integers(2**31)))
        if start is not None:
            state.assignment, state.makespan = start, problem.makespan(start)
        tried = start_assignments(problem)
        if not is_over():
            tried.append(lp_rounding(problem, rng))
        for assignment in tried:
            _offer(problem, state, assignment)
        if not is_over():
            state.bundle, state.lower_bound = open_bundle(problem), deadline_bound(problem)
            _settle(problem, state, state.bundle)
        return state

    def step(self, problem: Problem, state: MILPState) -> MILPState:
        """Improve the bound, or solve a slice."""
        bundle = state.bundle = state.bundle or open_bundle(problem)
        if state.iterations < self.bound_iterations and not bundle.converged:
            improve_prices(bundle)
            state.iterations += 1
        elif time_left() < _SECONDS_PER_PAIR * problem.tasks * problem.nodes:
            leave_off()
        else:
            self._solve_slice(problem, state, bundle)
        _settle(problem, state, bundle)
        return state

    def _solve_slice(self, problem: Problem, state: MILPState, bundle: Bundle) -> None:
        """Run HiGHS on the pairs left; keep its schedule and its bound if they are better."""
        # HiGHS cannot resume a tree. Doubled trees cost at most twice what a single one would.
        factor = 2.0**state.slices
        pairs = useful_pairs_of(bundle, state.makespan)
        program = build_integer_program(problem, pairs, state.makespan, sorted(state.covers))
        answer = solve_program(
            program,
            state.assignment,
            random_seed=state.seed,
            mip_max_nodes=int(min(self.nodes * factor, 2**31 - 1)),
            time_limit=min(self.slice_seconds * factor, time_left()),
        )
        cover = None
        if answer.assignment is not None:
            cover = cover_of(problem, answer.assignment)
            _offer(problem, state, answer.assignment)
        if cover is not None:
            state.covers.add(cover)
        state.slices += 1
        most = state.makespan - program.lost * program.scale
        bound = lifted_to_units(problem, min(answer.bound, most), state.makespan)
        state.lower_bound = max(state.lower_bound, min(bound, state.makespan))
        if answer.ended and cover is None:
            _end(problem, state)


def _end(problem: Problem, state: MILPState) -> None:
    """End the run: what HiGHS's tolerances leave open, try to prove by looking at all schedules."""
    state.done = True
    if state.lower_bound < state.makespan:
        if time_left() < _SECONDS_PER_LOAD * _EXACT_NODES * problem.nodes:
            state.done = False
            leave_off()
            return
        found, complete = search_better(problem, state.assignment, state.makespan, _EXACT_NODES)
        if found is not None:
            _offer(problem, state, found)
        if complete and state.assignment is not None:
            state.lower_bound = state.makespan


def _settle(problem: Problem, state: MILPState, bundle: Bundle) -> None:
    """Keep the best bound; if it proves the schedule optimal, end, with the makespan as bound."""
    bound = lifted_to_units(problem, bundle.bound, state.makespan)
    state.lower_bound = max(state.lower_bound, min(bound, state.makespan))
    missing, busy = state.makespan - state.lower_bound, state.makespan - ready_times(problem).min()
    if state.makespan < math.inf and missing <= sum_rounding(problem) * busy:
        state.done, state.lower_bound = True, state.makespan


def _offer(problem: Problem, state: MILPState, assignment: IntArray) -> None:
    """Keep the assignment if it is complete, fits and is the best so far."""
    state.evaluations += 1
    if (assignment < 0).any() or not problem.fits(assignment):
        return
    makespan = problem.makespan(assignment)
    if makespan < state.makespan:
        state.assignment, state.makespan = assignment, makespan
