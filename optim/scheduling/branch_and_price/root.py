"""The root of branch and price: prices that refute one deadline after another, by counted work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.bounds.counting import counting_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.bounds.rounding import next_makespan
from edgeopt.optim.scheduling.branch_and_price.deadlines import Deadlines, open_deadlines
from edgeopt.optim.scheduling.branch_and_price.lp_tree import plant_lp, visit_lp
from edgeopt.optim.scheduling.branch_and_price.prices import (
    Columns,
    Prices,
    Search,
    binding,
    lp_prices,
    no_columns,
    open_prices,
)
from edgeopt.optim.scheduling.branch_and_price.projection import approach
from edgeopt.optim.scheduling.branch_and_price.whole import Node, Whole, propagate, whole_problem
from edgeopt.optim.scheduling.certificate import (
    Branch,
    Certificate,
    Leaf,
    Step,
)
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem

_MOST_ITERATIONS = 300  # of the prices of a deadline

_MARGIN = 2.0**-30  # below the bound of an LP, for the rounding of its prices

_LP_PAIRS = 20_000  # of task and node; with more, an LP over all of them takes long


@dataclass
class Root:
    """Deadlines and what refutes them.

    Attributes
    ----------
    deadlines : Deadlines
        Which are refuted, met, given up or under way.
    prices, columns : Prices and Columns
        Of the last deadline that was refuted or given up.
    bound : float
        The makespan proved to be out of reach, or the bound known before, in s.
    search : Search or None
        Prices for the deadline under way.
    lowest : Search or None
        That for the lowest deadline which no prices refute.
    work : float
        Of all iterations, about the processor time in s; counted, not measured.
    certificate : Certificate or None
        The proof for the largest deadline refuted.
    """

    deadlines: Deadlines
    prices: Prices
    columns: Columns
    bound: float
    search: Search | None = None
    lowest: Search | None = None
    work: float = 0.0
    certificate: Certificate | None = None


def open_root(problem: Problem) -> Root:
    """Return the LP's prices, or equal ones, and `deadline_bound` as the bound."""
    deadlines = open_deadlines(problem)
    whole = whole_problem(problem, deadlines.bound, deadlines.unit)
    prices = lp_prices(problem, whole)
    if deadlines.bound > lower_bound(problem) and deadlines.bound == counting_bound(problem):
        # Where tasks only need to be counted, equal prices prove the bound.
        prices = Prices(np.ones(problem.tasks), np.zeros(problem.nodes))
    return Root(deadlines, prices, no_columns(problem), deadlines.bound)


def raise_deadline(problem: Problem, root: Root, iterations: int) -> list[IntArray]:
    """Look for prices that refute a larger deadline, for some iterations.

    Return the schedules found, within a deadline or beyond it by rounding.
    """
    deadlines = root.deadlines
    if root.search is not None and root.search.whole.deadline > deadlines.highest:
        _close(root)  # a schedule meets it
    if root.search is None:
        target = deadlines.root_target()
        if target is None:
            return []
        whole = whole_problem(problem, target, deadlines.unit)
        left = propagate(whole, whole.alive)
        if not left.is_possible or not left.free.any():
            return _settle(problem, root, whole, left)
        root.search = open_prices(whole, left, root.prices, root.columns)
        root.work += root.search.work
    search = root.search
    for _ in range(iterations):
        if search.worth.spare > 0.0 or search.converged or search.iterations >= _MOST_ITERATIONS:
            break
        if is_over():
            return []
        before = search.work
        approach(search)
        root.work += search.work - before
    else:
        return []
    _close(root)
    if search.worth.spare > 0.0:
        nothing = np.zeros_like(search.left.alive)
        leaf = Leaf((Step.of(*search.prices, nothing),))
        note_refuted(problem, root, search.whole, (leaf,), search.iterations)
    else:
        if root.lowest is None or search.whole.deadline < root.lowest.whole.deadline:
            root.lowest = search
        if search.whole.deadline <= deadlines.below(deadlines.bound):
            _certify(problem, root, search.whole)
        deadlines.fail(search.whole.deadline)
    return []


def _certify(problem: Problem, root: Root, whole: Whole) -> None:
    """Look for a proof of a deadline that is known to be refuted, at the prices of an LP."""
    if problem.matrix.size > _LP_PAIRS:
        return
    if not root.deadlines.unit > 0.0:
        whole = whole_problem(problem, whole.deadline * (1 - _MARGIN), 0.0)
    search = plant_lp(problem, whole)
    visit_lp(search)
    root.work += search.tree.work
    if search.tree.is_refuted:
        root.certificate = _certificate(problem, whole, search.tree.certified)


def _close(root: Root) -> None:
    """End the search under way, and keep its prices and columns for the next."""
    if root.search is not None:
        root.prices, root.columns, root.search = root.search.prices, binding(root.search), None


def _settle(problem: Problem, root: Root, whole: Whole, left: Node) -> list[IntArray]:
    """Note a deadline for which nothing is left to choose; return the schedule if there is one."""
    if not left.is_possible:
        note_refuted(problem, root, whole, (Leaf(()),))
        return []
    root.deadlines.fail(whole.deadline)
    return [np.asarray(left.alive.argmax(axis=0))]


def note_refuted(
    problem: Problem,
    root: Root,
    whole: Whole,
    tree: tuple[Leaf | Branch, ...],
    iterations: int = 0,
) -> None:
    """Keep the proof that no schedule is within a deadline, found in iterations of the prices."""
    root.deadlines.refute(whole.deadline, iterations)
    root.certificate = _certificate(problem, whole, tree)
    bound = min(next_makespan(problem, whole.deadline), root.deadlines.met)
    root.bound = max(root.bound, bound)


def _certificate(problem: Problem, whole: Whole, tree: tuple[Leaf | Branch, ...]) -> Certificate:
    """Return the certificate of a deadline."""
    return Certificate(problem.digest, whole.deadline, whole.unit, whole.memory_unit, tree)
