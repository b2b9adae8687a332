"""The exact solver: the integer program by HiGHS, over the pairs that may still help."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.rounding import (
    is_met,
    lifted_to_units,
    makespan_unit,
    next_makespan,
)
from edgeopt.optim.scheduling.branch_and_price.narrowing import Narrowed, narrow
from edgeopt.optim.scheduling.branch_and_price.root import Root, open_root, raise_deadline
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
from edgeopt.optim.scheduling.solver import State, keep_if_better
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_EXACT_NODES = 3_000_000  # of the last search, about 0.3 s

_SECONDS_PER_PAIR = 1e-5  # of task and node: for less time HiGHS is not worth starting

_SECONDS_PER_PRICE = 2e-6  # of task and node, which an iteration of the prices may take

_CLOSE = 1e-6  # of the time in which nodes are busy

_AT_ONCE = 20  # iterations of the bound in a step

_NARROWING = 40  # iterations of the prices that drop pairs before the first slice


@dataclass(kw_only=True)
class MILPState(State):
    """State of `MILP` between two steps.

    Attributes
    ----------
    seed : int
        Seed of HiGHS.
    root : Root or None
        Deadlines and prices of the bound; None where there was no time for them.
    narrowed : Narrowed or None
        The pairs that a better schedule may use, since the first slice.
    iterations, slices : int
        Iterations done of the bound, and slices of the integer program.
    covers : set of tuple of int
        Sets of tasks that HiGHS packed beyond a capacity.
    """

    seed: int
    root: Root | None = None
    narrowed: Narrowed | None = None
    iterations: int = 0
    slices: int = 0
    covers: set[Cover] = field(default_factory=set)


@dataclass(frozen=True)
class MILP:
    """The best heuristic schedule, then a bound by columns, then HiGHS on the pairs it leaves.

    The bound is that of the root of `BranchAndPrice`: prices of tasks refute one deadline after
    another. A step is up to 20 iterations of these prices, or else a slice of the integer program:
    a new tree with twice the nodes of the last one. Before each slice, the bound may take as many
    iterations as before, and prices drop the pairs that no schedule better than the best one uses;
    HiGHS looks for such schedules only. Memory capacities are rows of the program.

    Notes
    -----
    All work is counted, that of HiGHS in nodes and in its questions whether to go on: without a
    budget of seconds, equal seeds give equal bits. A budget of seconds ends a slice, and the run
    ends before one for which the time left is too short: 10 s for 1,000,000 pairs of task and node.

    Prices prove in whole numbers, without tolerances. HiGHS proves nothing beyond its tolerances:
    its bound is lowered by what they can add, then lifted where times are multiples of a unit, such
    as whole seconds. If a gap remains when HiGHS has ended, a search of up to 3,000,000 nodes looks
    at all schedules. Only what is then proved is called optimal; otherwise the run ends with a
    small gap.

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

    bound_iterations: int = parameter(
        300, "iterations of the prices before the first slice, and before each other", at_least=0
    )
    nodes: int = parameter(100, "nodes of the tree in the first slice", at_least=1)
    checks: int = parameter(
        200, "questions of HiGHS whether to go on in the first slice", at_least=1
    )

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
            state.root = open_root(problem)
            _settle(problem, state)
        return state

    def step(self, problem: Problem, state: MILPState) -> MILPState:
        """Improve the bound, or solve a slice."""
        left = self.bound_iterations * 2**state.slices - state.iterations
        prices = left > 0 and not (state.root and state.root.deadlines.root_is_done)
        each = _SECONDS_PER_PRICE if prices else _SECONDS_PER_PAIR
        if time_left() < each * problem.tasks * problem.nodes:
            leave_off()
            return state
        root = state.root = state.root or open_root(problem)
        root.deadlines.met = state.makespan
        if prices:
            _raise_bound(problem, state, root, min(left, _AT_ONCE))
        else:
            self._solve_slice(problem, state, root)
        _settle(problem, state)
        return state

    def _solve_slice(self, problem: Problem, state: MILPState, root: Root) -> None:
        """Look for better schedules by HiGHS; keep what it finds and proves."""
        iterations = min(self.bound_iterations, _NARROWING * 2**state.slices)
        narrowed = state.narrowed = narrow(problem, root, state.narrowed, iterations)
        # HiGHS cannot resume a tree. Doubled trees cost at most twice what a single one would.
        factor = 2.0**state.slices
        state.slices += 1
        deadline, pairs = narrowed.whole.deadline, narrowed.left.alive.T
        if not _tells(problem, state.makespan, deadline):
            deadline, pairs = math.inf, np.isfinite(problem.matrix)
        elif not narrowed.left.is_possible:
            _lift(problem, state, next_makespan(problem, deadline))
            _end(problem, state)
            return
        program = build_integer_program(
            problem, pairs, state.makespan, sorted(state.covers), deadline
        )
        # Beyond the deadline nothing is looked for.
        out = state.makespan - program.lost * program.scale
        if deadline < math.inf:
            out = next_makespan(problem, deadline)
        before, cover = state.makespan, None
        answer = solve_program(
            program,
            None if deadline < math.inf else state.assignment,
            checks=self.checks * factor,
            random_seed=state.seed,
            mip_max_nodes=int(min(self.nodes * factor, 2**31 - 1)),
        )
        if answer.assignment is not None:
            cover = cover_of(problem, answer.assignment)
            _offer(problem, state, answer.assignment)
        if cover is not None:
            state.covers.add(cover)
        _lift(problem, state, min(answer.bound, out))
        if answer.ended and cover is None and state.makespan == before:
            _end(problem, state)


def _tells(problem: Problem, makespan: float, deadline: float) -> bool:
    """Whether a deadline is close to the makespan, seen from when the first node is ready."""
    missing, busy = makespan - deadline, makespan - ready_times(problem).min()
    return makespan == math.inf or makespan_unit(problem) > 0.0 or missing <= _CLOSE * busy


def _raise_bound(problem: Problem, state: MILPState, root: Root, iterations: int) -> None:
    """Do some iterations of the prices of the bound."""
    for _ in range(iterations):
        if root.deadlines.root_is_done or is_over():
            break
        for found in raise_deadline(problem, root, iterations=1):
            _offer(problem, state, found)
        state.iterations += 1


def _end(problem: Problem, state: MILPState) -> None:
    """End the run: what HiGHS's tolerances leave open, try to prove by looking at all schedules."""
    state.done, before = True, state.makespan
    if state.lower_bound < state.makespan:
        found, complete = search_better(problem, state.assignment, state.makespan, _EXACT_NODES)
        if found is not None:
            _offer(problem, state, found)
        if complete and state.assignment is not None:
            state.lower_bound = state.makespan
        state.done = complete or not (state.makespan < before or is_over())


def _lift(problem: Problem, state: MILPState, bound: float) -> None:
    """Keep a bound, lifted to a multiple of the unit, if it is better."""
    bound = lifted_to_units(problem, bound, state.makespan)
    state.lower_bound = max(state.lower_bound, min(bound, state.makespan))


def _settle(problem: Problem, state: MILPState) -> None:
    """Keep the best bound; if it proves the schedule optimal, end, with the makespan as bound."""
    if state.root is not None:
        _lift(problem, state, state.root.bound)
    if is_met(problem, state.makespan, state.lower_bound):
        state.done, state.lower_bound = True, state.makespan


def _offer(problem: Problem, state: MILPState, assignment: IntArray) -> None:
    """Keep the assignment if it is complete, fits and is the best so far."""
    state.evaluations += 1
    keep_if_better(problem, state, assignment)
