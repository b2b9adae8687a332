"""Exact schedules: the integer program by HiGHS, over the pairs that may still help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.parameters import check_parameters, parameter
from optim.scheduling.integer_program import build_program, solve_program
from optim.scheduling.knapsack_bound import Bundle, improve, open_bundle, useful_pairs_of
from optim.scheduling.local_search.start import start_assignments
from optim.scheduling.lp_rounding import lp_rounding
from optim.solver import IntArray, State
from optim.stop import OPTIMALITY
from problems.errors import InputError
from problems.scheduling import SchedulingProblem

MOST_PAIRS = 2_000_000


@dataclass(kw_only=True)
class MILPState(State):
    """State of `MILP` between two steps.

    Attributes
    ----------
    seed : int
        HiGHS's.
    bundle : Bundle
        Prices of the knapsack bound.
    iterations, slices : int
        Done of the bound and of the integer program.
    """

    seed: int
    bundle: Bundle
    iterations: int = 0
    slices: int = 0


@dataclass(frozen=True)
class MILP:
    """Best of the heuristics, then the knapsack bound, then HiGHS on the pairs it leaves.

    A step is one iteration of the bound, until it has converged, or a slice of the integer
    program, whose tree is started anew with twice the nodes and from the best schedule so far.
    Before each slice the pairs are left out that no better schedule uses (`pair_fixing`), and the
    makespan is bounded from below by what is proved. Memory capacities are rows of the program.

    Notes
    -----
    Under a budget of iterations the bits are the same unless a slice meets its time limit, which
    is for problems on which 100 nodes of the tree take longer than a second. A slice under way is
    finished whatever the budget, which so is exceeded by about as much again at most.

    References
    ----------
    Huangfu, Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
    Computation 10, 2018 (HiGHS).
    """

    bound_iterations: int = parameter(300, "most iterations of the knapsack bound", at_least=0)
    nodes: int = parameter(100, "nodes of the tree in the first slice", at_least=1)
    slice_seconds: float = parameter(1.0, "time limit of the first slice in s", above=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> MILPState:
        """Return the best heuristic schedule and the LP's prices.

        Raises
        ------
        InputError
            If the problem has more than 2,000,000 pairs of task and node.
        """
        if problem.tasks * problem.nodes > MOST_PAIRS:
            size = f"{problem.tasks} x {problem.nodes}"
            raise InputError("problem", size, f"of at most {MOST_PAIRS} pairs for milp")
        state = MILPState(seed=int(rng.integers(2**31)), bundle=open_bundle(problem))
        for assignment in (*start_assignments(problem), lp_rounding(problem, rng)):
            _offer(problem, state, assignment)
        return state

    def step(self, problem: SchedulingProblem, state: MILPState) -> MILPState:
        """Improve the bound, or solve a slice."""
        if state.iterations < self.bound_iterations and not state.bundle.converged:
            improve(state.bundle)
            state.iterations += 1
        else:
            self._solve_slice(problem, state)
        proved = max(state.lower_bound, state.bundle.bound)
        state.done = state.done or proved >= state.makespan * (1 - OPTIMALITY)
        state.lower_bound = state.makespan if state.done else proved
        return state

    def _solve_slice(self, problem: SchedulingProblem, state: MILPState) -> None:
        """Run HiGHS on the pairs left and take over its schedule and its bound."""
        factor = 2.0**state.slices
        program = build_program(problem, useful_pairs_of(state.bundle, state.makespan))
        answer = solve_program(
            program,
            state.assignment,
            random_seed=state.seed,
            mip_max_nodes=int(min(self.nodes * factor, 2**31 - 1)),
            time_limit=self.slice_seconds * factor,
        )
        if answer.assignment is not None:
            _offer(problem, state, answer.assignment)
        state.slices += 1
        state.done = answer.ended
        state.lower_bound = max(state.lower_bound, answer.bound)


def _offer(problem: SchedulingProblem, state: MILPState, assignment: IntArray) -> None:
    """Keep the assignment if it is whole, fits and is the best so far."""
    state.evaluations += 1
    if (assignment < 0).any() or not problem.fits(assignment):
        return
    makespan = problem.makespan(assignment)
    if makespan < state.makespan:
        state.assignment, state.makespan = assignment, makespan
