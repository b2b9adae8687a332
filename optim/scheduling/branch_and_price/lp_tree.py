"""The tree of a deadline at the prices of linear programs, which branches on the longest tasks.

Where few tasks are most of the work, most of what splitting gains is gained by these: once they
are in their places, the LP's prices refute most deadlines below the best schedule. The root of
branch and price does not see this, as it uses columns in parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.bounds.knapsack import split_bound
from edgeopt.optim.scheduling.bounds.lp import has_solved, silent_highs
from edgeopt.optim.scheduling.branch_and_price.prices import (
    CALL_S,
    Prices,
    Worth,
    evaluate,
    no_columns,
    scaled,
)
from edgeopt.optim.scheduling.branch_and_price.tree import (
    Open,
    Tree,
    is_settled,
    plant,
    prune,
    split,
)
from edgeopt.optim.scheduling.branch_and_price.whole import BoolArray, Node, Whole, propagate
from edgeopt.optim.scheduling.certificate import Step
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

_TOLERANCE = 1e-9  # of HiGHS, the smallest that it allows

_WHOLE = 1 - 1e-6  # a larger part of a task is all of it

_SPLIT, _SPLIT_WITH_MEMORY = 0.1, 0.5  # with so much elsewhere, a task counts in full as split

_PIVOT_S = 3.3e-8  # time of a pivot of HiGHS in s, for each row and column

_KNAPSACK_S = 2.5e-7  # time of the knapsacks for each pair; they are easier at an LP's prices


class _Answer(NamedTuple):
    """Solution of the LP: by how much capacities are stretched, parts of tasks (x, k), prices."""

    stretch: float
    share: FloatArray
    prices: Prices


@dataclass
class LpTree:
    """A search for a schedule within a deadline.

    Attributes
    ----------
    tree : Tree
        What is open and what is proved.
    lp : _StretchLP
        The linear program, with the pairs of the last node.
    least : ndarray, shape (k,)
        The least time of each task.
    places : ndarray, shape (x,), or None
        The nodes of the longest x tasks where the LP stretches capacities least, of all nodes of
        the tree at which it splits none of them.
    stretch : float
        There.
    """

    tree: Tree
    lp: _StretchLP
    least: FloatArray
    places: IntArray | None = None
    stretch: float = np.inf


def plant_lp(problem: Problem, whole: Whole) -> LpTree:
    """Return the tree of a deadline."""
    nothing = Prices(np.zeros(problem.tasks), np.zeros(problem.nodes))
    least = np.where(whole.alive, whole.times, np.inf).min(axis=0)
    return LpTree(plant(whole, nothing, no_columns(problem)), _StretchLP(whole), least)


def longest_tasks(tree: LpTree) -> IntArray:
    """Return as many tasks as nodes, those of the largest least times."""
    return np.argsort(-tree.least, kind="stable")[: len(tree.tree.whole.room)]


def visit_lp(search: LpTree) -> None:
    """Do the next node: refute it, find a schedule, or branch."""
    tree, lp = search.tree, search.lp
    node = tree.open.pop()
    tree.visited += 1
    tree.work += CALL_S
    left = propagate(tree.whole, node.alive)
    if is_settled(tree, node, left):
        return
    answer = lp.solve(left)
    if answer is None:
        tree.open.append(node)
        return
    tree.work += lp.work + _KNAPSACK_S * left.alive.size
    worth = _evaluated(tree.whole, left, answer.prices)
    if not worth.spare > 0.0:
        _keep_places(search, answer)
    pruned = prune(tree, node, left, answer.prices, worth)
    if pruned is not None:
        left, steps = pruned
        _branch(search, node, left, np.where(left.alive, answer.share, 0.0), steps)


def _evaluated(whole: Whole, left: Node, prices: Prices) -> Worth:
    """Return what prices prove, where knapsacks are worth no more than with a split task.

    At the prices of a linear program, tasks of a node are all worth as much for their time, and
    knapsacks have too many sets to be solved.
    """
    worth, _ = evaluate(whole, left, prices)
    most = _split_knapsacks(
        prices.task, prices.memory, whole.memory, whole.times, left.alive & left.free, left.capacity
    )
    knapsacks = np.minimum(worth.knapsacks, most)
    return Worth(worth.spare + float((worth.knapsacks - knapsacks).sum()), knapsacks)


@jit
def _split_knapsacks(
    price: FloatArray,
    memory_price: FloatArray,
    memory: FloatArray,
    times: FloatArray,
    alive: BoolArray,
    capacity: FloatArray,
) -> FloatArray:
    """Return the worth of the best set of each node if a task can be split, shape (x,)."""
    worth = np.zeros(len(times))
    for j in range(len(times)):
        if capacity[j] >= 0.0:
            items = np.flatnonzero(alive[j])
            profit = price[items] - memory_price[j] * memory[items]
            worth[j] = split_bound(profit, times[j][items], capacity[j])
    return worth


def _keep_places(search: LpTree, answer: _Answer) -> None:
    """Note the nodes of the longest tasks if the LP splits none, and stretches less than before."""
    share = answer.share[:, longest_tasks(search)]
    if answer.stretch < search.stretch and (share.max(axis=0) > _WHOLE).all():
        search.stretch, search.places = answer.stretch, np.asarray(share.argmax(axis=0))


def _branch(
    search: LpTree, node: Open, left: Node, share: FloatArray, steps: tuple[Step, ...]
) -> None:
    """Put the longest of the tasks that are split on the node of its largest part, or elsewhere."""
    tree, most = search.tree, share.max(axis=0)
    tree.rounded = np.asarray(np.where(left.alive, share, -1.0).argmax(axis=0))
    # Where memory is scarce, more than the length of a task decides.
    enough = _SPLIT_WITH_MEMORY if tree.whole.room.any() else _SPLIT
    weight = search.least * np.clip(1.0 - most, _TOLERANCE, enough)
    task = int(np.where(left.free, weight, -1.0).argmax())
    node = node._replace(alive=left.alive)
    tree.open.append(split(tree, node, task, int(tree.rounded[task]), steps))


class _StretchLP:
    """The LP of the least factor by which capacities grow, so that nodes run all tasks in parts.

    Minimise s subject to sum_j y_ij = 1, sum_i times_ij y_ij <= capacity_j s, sum_i memory_i y_ij
    <= room_j s, y >= 0. With more than 1, its dual prices refute the deadline:
    p_i = min_j (u_j times_ij + v_j memory_i).
    """

    def __init__(self, whole: Whole) -> None:
        """Build the program over all pairs of a deadline."""
        from scipy.sparse import coo_array

        self._whole, alive = whole, whole.alive
        (x, k), (node, task) = alive.shape, np.nonzero(alive)
        self._node, self._task, n = node, task, len(task)
        # HiGHS's tolerances are absolute: times and memory are scaled to about 1.
        self._size = np.array([float(whole.capacity.max()) or 1.0, float(whole.room.max()) or 1.0])
        ends = np.maximum([whole.capacity, whole.room], 0.0) / self._size[:, None]
        values = np.array([whole.times[node, task], whole.memory[task]]) / self._size[:, None]
        pairs, nodes = np.arange(n), np.arange(x)
        entries = np.concatenate([np.ones(n), *values, *-ends])
        rows = [task, k + node, k + x + node, k + nodes, k + x + nodes]
        columns = [pairs, pairs, pairs, np.full(x, n), np.full(x, n)]
        shape = (k + 2 * x, n + 1)
        matrix = coo_array((entries, (np.concatenate(rows), np.concatenate(columns))), shape=shape)
        self._highs = silent_highs(
            solver="simplex",
            presolve="off",
            primal_feasibility_tolerance=_TOLERANCE,
            dual_feasibility_tolerance=_TOLERANCE,
        )
        none = np.empty(0, dtype=np.int32)
        most = np.append(np.ones(n), np.inf)
        self._highs.addCols(
            n + 1, np.append(np.zeros(n), 1.0), np.zeros(n + 1), most, 0, none, none, np.empty(0)
        )
        low = np.append(np.ones(k), np.full(2 * x, -np.inf))
        high = np.append(np.ones(k), np.zeros(2 * x))
        csr = matrix.tocsr()
        csr.eliminate_zeros()
        starts, index = csr.indptr[:-1].astype(np.int32), csr.indices.astype(np.int32)
        self._highs.addRows(k + 2 * x, low, high, csr.nnz, starts, index, csr.data)
        self._allowed = np.ones(n)

    @property
    def work(self) -> float:
        """About the processor time in s of the last solution; counted, not measured."""
        size = int(self._highs.getNumRow()) + int(self._highs.getNumCol())
        return _PIVOT_S * size * max(1, int(self._highs.getInfo().simplex_iteration_count))

    def solve(self, left: Node) -> _Answer | None:
        """Return the solution over the pairs that are left; None if there was no time."""
        from highspy import HighsModelStatus

        highs, whole = self._highs, self._whole
        allowed = left.alive[self._node, self._task].astype(np.float64)
        (changed,) = np.nonzero(allowed != self._allowed)
        if len(changed):
            index, low = changed.astype(np.int32), np.zeros(len(changed))
            highs.changeColsBounds(len(changed), index, low, allowed[changed])
            self._allowed = allowed
        if not has_solved(highs) or highs.getModelStatus() != HighsModelStatus.kOptimal:
            return None
        solution, (x, k) = highs.getSolution(), left.alive.shape
        share = np.zeros((x, k))
        share[self._node, self._task] = solution.col_value[:-1]
        duals = np.maximum(-np.array(solution.row_dual)[k:], 0.0).reshape(2, x)
        u, v = duals / self._size[:, None]
        times = np.where(left.alive, whole.times, 0.0)
        costs = np.where(left.alive, u[:, None] * times + v[:, None] * whole.memory, np.inf)
        prices = scaled(Prices(costs.min(axis=0), v), left)
        return _Answer(float(solution.col_value[-1]), share, prices)
