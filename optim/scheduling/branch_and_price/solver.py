"""The solver `branch-and-price`: deadlines refuted by prices, or met by a schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.bounds.rounding import is_met
from edgeopt.optim.scheduling.branch_and_price.proof import (
    Proof,
    close_gap,
    in_reach_of_trees,
    open_proof,
    work_on_deadline,
)
from edgeopt.optim.scheduling.branch_and_price.root import raise_deadline
from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.exact_search import search_better
from edgeopt.optim.scheduling.heuristics.lp_rounding import check_pairs, lp_rounding
from edgeopt.optim.scheduling.local_search.iterated import start_assignments
from edgeopt.optim.scheduling.run_time import is_over, leave_off, spending, time_left, within
from edgeopt.optim.scheduling.solver import State, keep_if_better
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_EXACT_NODES = 1_000_000  # of the search of all schedules, about 0.1 s

_SECONDS_PER_PAIR = 3e-7  # of task and node: for less, prices are not worth evaluating

_LP_SHARE = 0.5  # of the time left, which the rounded LP may take

_ITERATIONS = 20  # of prices in a step


@dataclass(kw_only=True)
class BranchAndPriceState(State):
    """State between two steps.

    Attributes
    ----------
    proof : Proof
        The root, the trees of deadlines, and the certificate.
    walk : State or None
        Of the tempering that looks for schedules.
    turn : int
        Steps done.
    """

    proof: Proof
    walk: State | None = None
    turn: int = 0

    @property
    def certificate(self) -> Certificate | None:
        """The proof for the largest deadline refuted."""
        return self.proof.certificate


@dataclass(frozen=True)
class BranchAndPrice:
    """Prove the best schedule: refute deadlines by prices and by a tree, or find schedules in it.

    A column is a set of tasks that a node runs within a deadline. Whether columns of all nodes
    cover all tasks is a linear program; its dual has a price for each task (and for memory on each
    node), and prices refute the deadline if all tasks are worth more than the best sets of all
    nodes, which are knapsacks. The prices of the root raise the deadline, first by strides, as long
    as they refute it: they are improved until the columns of all nodes run all tasks, at least in
    parts, as no prices refute that. From there, a dive gives one node after another its column for
    good, as long as prices do not refute what is left. With more than 16 deadlines and 60 tasks,
    dives bisect the gap, and trees that branch on the longest tasks, at the prices of linear
    programs, refute ever larger deadlines (up to 20,000 pairs of task and node); a walk keeps these
    tasks where such a tree has put them. Else, and where they find nothing, trees are searched
    depth first: tasks are put on the nodes where the columns want them, several at once if these
    are sure, and pairs that prices refute are dropped. The first leaf without a choice is a
    schedule within the deadline; if all leaves are refuted, no schedule is. Deadlines just above
    the bound, just below the best schedule, and between them are tried in turn. Every fourth step
    is one of `Frontier`, as long as there is a gap.

    Where times are multiples of a unit, deadlines are too. Otherwise the last deadline is shorter
    than the best schedule by a share of about 1e-11 for 100 tasks, and a search of up to 1,000,000
    nodes tries to prove the rest. A step has at most about twenty iterations of prices. The state
    has the `certificate` of the largest deadline refuted, see `check_certificate`.

    References
    ----------
    Savelsbergh, "A branch-and-price algorithm for the generalized assignment problem", Operations
    Research 45, 1997; Martello, Soumis, Toth, "Exact and approximation algorithms for makespan
    minimization on unrelated parallel machines", Discrete Applied Mathematics 75, 1997.

    Examples
    --------
    >>> from edgeopt import BranchAndPrice, Seconds, load_problem, solve
    >>> problem = load_problem("rcmax:machines:40x8:seed=1")
    >>> result = solve(problem, BranchAndPrice(), stop=Seconds(60.0), rng=1)
    >>> result.makespan, result.lower_bound, result.status.value
    (184.0, 184.0, 'optimal')
    """

    temper: int = parameter(4, "every how many steps one is of `frontier`", at_least=2)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> BranchAndPriceState:
        """Return the best of the heuristic schedules and `start`, and the LP's prices.

        Raises
        ------
        InputError
            If the problem has more than 2,000,000 pairs of task and node.
        """
        check_pairs(problem, "branch-and-price")
        proof = open_proof(problem)
        root = proof.root
        state = BranchAndPriceState(proof=proof, lower_bound=root.bound)
        if start is not None:
            state.assignment, state.makespan = start, problem.makespan(start)
        with within(_LP_SHARE * time_left()):
            if not is_over():
                _offer(problem, state, lp_rounding(problem, rng))
        with spending(None):  # the walk is to have replicas at once
            state.walk = Frontier().init(problem, rng, state.assignment)
        _keep_walk(state, 0)
        if state.assignment is None:  # little time, or little room
            for assignment in start_assignments(problem):
                _offer(problem, state, assignment)
        # Also a schedule that meets the LP bound has a certificate.
        while root.search is not None or root.certificate is None:
            if time_left() < _SECONDS_PER_PAIR * problem.matrix.size:
                leave_off()
            if root.deadlines.failed or root.deadlines.root_is_done or is_over():
                break
            _work_at_root(problem, state)
        _settle(problem, state)
        return state

    def step(self, problem: Problem, state: BranchAndPriceState) -> BranchAndPriceState:
        """Improve the prices of the root, visit nodes of a tree, or temper."""
        state.turn += 1
        if state.turn % self.temper == 0 and state.walk is not None and not state.walk.done:
            _temper(problem, state)
        elif not state.proof.root.deadlines.root_is_done:
            _work_at_root(problem, state)
        else:
            _work_on_deadline(problem, state)
        _settle(problem, state)
        return state


def _work_at_root(problem: Problem, state: BranchAndPriceState) -> None:
    """Look for prices that refute a larger deadline, for some iterations."""
    for found in raise_deadline(problem, state.proof.root, _ITERATIONS):
        _offer(problem, state, found)
    state.lower_bound = max(state.lower_bound, state.proof.root.bound)


def _work_on_deadline(problem: Problem, state: BranchAndPriceState) -> None:
    """Dive, or visit nodes of the tree whose turn it is, for some iterations."""
    schedules = None
    if not in_reach_of_trees(problem, state.proof.root.deadlines):
        before = state.proof.long_tasks.evaluations
        schedules = close_gap(problem, state.proof, _ITERATIONS)
        state.evaluations += state.proof.long_tasks.evaluations - before
    if schedules is None:
        schedules = work_on_deadline(problem, state.proof, state.turn, _ITERATIONS)
    state.done = schedules is None
    for found in schedules or []:
        _offer(problem, state, found)
    state.lower_bound = max(state.lower_bound, state.proof.root.bound)


def _temper(problem: Problem, state: BranchAndPriceState) -> None:
    """Do a step of `Frontier` and keep its schedule if it is better."""
    assert state.walk is not None
    before = state.walk.evaluations
    with spending(None):  # a part of the steps cannot tell when the budget ends
        state.walk = Frontier().step(problem, state.walk)
    _keep_walk(state, before)


def _keep_walk(state: BranchAndPriceState, before: int) -> None:
    """Count what the tempering has evaluated, and keep its schedule if it is better."""
    assert state.walk is not None
    state.evaluations += state.walk.evaluations - before
    if state.walk.makespan < state.makespan:
        state.assignment, state.makespan = state.walk.assignment, state.walk.makespan


def _offer(problem: Problem, state: BranchAndPriceState, assignment: IntArray) -> None:
    """Keep the assignment if it is complete, fits and is the best so far."""
    state.evaluations += keep_if_better(problem, state, assignment)


def _settle(problem: Problem, state: BranchAndPriceState) -> None:
    """Take note of the best schedule; end if it is proved optimal, or if there is none."""
    deadlines = state.proof.root.deadlines
    deadlines.met = state.makespan
    if is_met(problem, state.makespan, state.lower_bound):
        state.done, state.lower_bound = True, state.makespan
    elif state.done or deadlines.is_settled:
        state.done = True
        _look_at_all(problem, state)


def _look_at_all(problem: Problem, state: BranchAndPriceState) -> None:
    """Try to prove by looking at all schedules what the rounding of times leaves open."""
    found, complete = search_better(problem, state.assignment, state.makespan, _EXACT_NODES)
    if found is not None:
        _offer(problem, state, found)
    if complete and state.assignment is not None:
        state.lower_bound = state.makespan
