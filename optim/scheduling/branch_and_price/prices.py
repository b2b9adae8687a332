"""Prices of tasks that refute a deadline: all tasks together are worth more than all knapsacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.arrays import memory_arrays
from edgeopt.optim.scheduling.bounds.knapsack import knapsack
from edgeopt.optim.scheduling.bounds.lp import has_solved, silent_highs
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals
from edgeopt.optim.scheduling.branch_and_price.whole import BoolArray, Node, Whole
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

TOTAL = 2.0**48  # the prices of all tasks that have a choice, whole numbers

_TOLERANCE = 2.0**20  # of the knapsacks, far above the rounding of ratios

_GUARD = 2.0**16  # more than the rounding of sums of whole numbers and of ratios

_RADIUS, _LEAST_RADIUS, _MOST_RADIUS = 0.1, 1e-4, 0.5  # of the box, as shares of the prices

_CLOSE = 1e-7  # a promise of less, as a share of all prices, is kept by no one

_PIVOT_S, _KNAPSACK_S = 1e-7, 6e-7  # times of a pivot per row and column, and per node and task

_CALL_S = 5e-4  # time of an iteration beside these

_COLUMNS_KEPT = 3  # for each node and task, in a master program


class Prices(NamedTuple):
    """Whole numbers as floats: of tasks, shape (k,), and of a unit of memory of nodes, (x,)."""

    task: FloatArray
    memory: FloatArray


class Worth(NamedTuple):
    """What prices prove.

    Attributes
    ----------
    spare : float
        By how much the tasks are worth more than all knapsacks; if positive, no schedule is left.
    knapsacks : ndarray, shape (x,)
        Bounds on the worth of the best set of each node.
    """

    spare: float
    knapsacks: FloatArray


@dataclass
class Columns:
    """Sets of tasks found so far; a column is a node and a set.

    Attributes
    ----------
    node : ndarray, shape (n,)
        Of each column.
    tasks : ndarray of bool, shape (n, k)
        Of each column.
    """

    node: IntArray
    tasks: BoolArray

    def extended(self, node: IntArray, tasks: BoolArray) -> Columns:
        """Return these columns and others."""
        return Columns(np.append(self.node, node), np.vstack([self.tasks, tasks]))

    def within(self, whole: Whole, left: Node) -> Columns:
        """Return the columns without tasks that are no longer free there, if these still fit."""
        tasks = self.tasks & left.alive[self.node] & left.free
        load = np.einsum("ck,ck->c", tasks, np.where(left.alive, whole.times, 0.0)[self.node])
        fits = load <= left.capacity[self.node]
        return Columns(self.node[fits], tasks[fits])


@dataclass
class Search:
    """Prices on their way to the best.

    Attributes
    ----------
    whole, left : Whole and Node
        The deadline, and what is left of it.
    prices, worth : Prices and Worth
        The best so far, and what they prove.
    columns : Columns
        Of the master program.
    radius : float
        Of the box.
    share : ndarray, shape (x, k)
        The part of each task that the master program runs on each node.
    converged : bool
        Whether no prices in the box prove more.
    master : highspy.Highs
        The master program.
    work : float
        Of all iterations, about the processor time in s; counted, not measured.
    """

    whole: Whole
    left: Node
    prices: Prices
    worth: Worth
    columns: Columns
    radius: float = _RADIUS
    share: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    converged: bool = False
    master: Any = None
    work: float = 0.0


def lp_prices(problem: Problem, whole: Whole) -> Prices:
    """Return each task's least cost at the LP's multipliers, and those of memory, per unit."""
    u, v = lp_duals(problem)
    memory, _ = memory_arrays(problem)
    times = np.where(np.isfinite(problem.matrix), problem.matrix, 0.0)
    cost = times * u + memory[:, None] * v
    cost[~np.isfinite(problem.matrix)] = np.inf
    return Prices(cost.min(axis=1), v * whole.memory_unit)


def no_columns(problem: Problem) -> Columns:
    """Return no columns."""
    return Columns(np.empty(0, dtype=np.int64), np.empty((0, problem.tasks), dtype=np.bool_))


def open_prices(whole: Whole, left: Node, prices: Prices, columns: Columns) -> Search:
    """Return a search that starts from given prices and columns."""
    prices = scaled(prices, left)
    worth, taken = evaluate(whole, left, prices)
    nodes = np.arange(len(left.capacity))
    known = columns.within(whole, left).extended(nodes, taken)
    return Search(whole, left, prices, worth, known, work=_KNAPSACK_S * left.alive.size)


def scaled(prices: Prices, left: Node) -> Prices:
    """Return whole prices in proportion; tasks without a choice have none."""
    task = np.where(left.free, np.maximum(prices.task, 0.0), 0.0)
    largest, memory = float(task.max()), prices.memory
    if not largest > 0.0:
        task, largest, memory = np.where(left.free, 1.0, 0.0), 1.0, np.zeros_like(memory)
    # In proportion to the largest first: the factor might not be a float.
    with np.errstate(over="ignore"):
        memory = np.clip(memory / largest, 0.0, 1.0)  # of a unit of memory, never that much
    task = task / largest
    factor = TOTAL / task.sum()
    return Prices(np.rint(task * factor), np.rint(memory * factor))


def evaluate(whole: Whole, left: Node, prices: Prices) -> tuple[Worth, BoolArray]:
    """Return what prices prove, and the best set of each node found, shape (x, k)."""
    taken = np.zeros(left.alive.shape, dtype=np.bool_)
    knapsacks = _solve_knapsacks(
        prices.task, prices.memory, whole.memory, whole.times, left.alive & left.free,
        left.capacity, taken,
    )  # fmt: skip
    spare = prices.task.sum() - prices.memory @ left.room - knapsacks.sum() - _GUARD
    return Worth(float(spare), knapsacks), taken


@jit
def _solve_knapsacks(
    price: FloatArray,
    memory_price: FloatArray,
    memory: FloatArray,
    times: FloatArray,
    alive: NDArray[np.bool_],
    capacity: FloatArray,
    taken: NDArray[np.bool_],
) -> FloatArray:
    """Solve the knapsack of each node."""
    worth = np.zeros(len(times))
    for j in range(len(times)):
        if capacity[j] >= 0.0:
            items = np.flatnonzero(alive[j])
            profit = price[items] - memory_price[j] * memory[items]
            chosen = np.empty(len(items), dtype=np.bool_)
            worth[j] = knapsack(profit, times[j][items], capacity[j], _TOLERANCE, chosen)
            taken[j][items] = chosen
    return worth


def improve(search: Search, wanted: float = 0.0) -> None:
    """Do one iteration: the best prices in the box for the known columns, and new columns.

    Parameters
    ----------
    search : Search
        Is changed.
    wanted : float
        A spare of no more is of no use: of 0, if the deadline is to be refuted.
    """
    if search.master is None:
        search.master = _master(search)
    task, memory = search.prices
    free = np.flatnonzero(search.left.free)
    unit = TOTAL / len(free)  # the mean price, 1 in the master program
    center = np.concatenate([task[free], memory * _memory_scale(search)]) / unit
    typical = np.where(center > 0.1, center, 0.1)
    low, high = np.maximum(center - search.radius * typical, 0.0), center + search.radius * typical
    if not search.left.room.any():
        low[len(free) :] = high[len(free) :] = 0.0
    n = len(center)
    search.master.changeColsBounds(n, np.arange(n, dtype=np.int32), low, high)
    if not has_solved(search.master):
        return
    search.work += _work_of(search)
    solution, info = search.master.getSolution(), search.master.getInfo()
    promised = -info.objective_function_value * unit
    search.share = _share(search, np.array(solution.row_dual)[1:])
    now = search.worth.spare
    if not promised > max(wanted, now + _CLOSE * TOTAL):
        # Nothing in the box is of use; a small box is no evidence against the rest.
        search.converged = search.radius >= _RADIUS
        search.radius = max(4 * search.radius, _RADIUS)
        return
    values = np.array(solution.col_value)[:n] * unit
    found = np.zeros(len(task))
    found[free] = values[: len(free)]
    prices = Prices(np.rint(found), np.rint(values[len(free) :] / _memory_scale(search)))
    worth, taken = evaluate(search.whole, search.left, prices)
    _add(search, taken)
    success = (worth.spare - now) / (promised - now)
    if success > 0.5:
        search.radius = min(1.5 * search.radius, _MOST_RADIUS)
    elif success < -0.5:
        search.radius = max(0.7 * search.radius, _LEAST_RADIUS)
    if worth.spare > now:
        search.prices, search.worth = prices, worth


def _work_of(search: Search) -> float:
    """Return about the processor time in s of an iteration, of which the LP was the first part."""
    master = search.master
    pivots = max(1, int(master.getInfo().simplex_iteration_count))
    size = int(master.getNumRow() + master.getNumCol())
    return _CALL_S + _PIVOT_S * pivots * size + _KNAPSACK_S * search.left.alive.size


def _memory_scale(search: Search) -> float:
    """Return the memory, in its unit, whose price is a variable of the master program."""
    return float(search.whole.room.max()) or 1.0


def _master(search: Search) -> Any:
    """Return max sum_i p_i - sum_j (v_j room_j + worth_j) for prices of a given sum."""
    free, x = int(search.left.free.sum()), len(search.left.capacity)
    master = silent_highs(solver="simplex", presolve="off")
    room = search.left.room / _memory_scale(search)
    costs = np.concatenate([np.full(free, -1.0), room, np.ones(x)])
    none = np.empty(0, dtype=np.int32)
    n = free + 2 * x
    master.addCols(n, costs, np.zeros(n), np.full(n, np.inf), 0, none, none, np.empty(0))
    # Prices prove the same in any unit: without a fixed sum, they would shrink to nothing.
    prices = np.arange(free, dtype=np.int32)
    master.addRow(float(free), float(free), free, prices, np.ones(free))
    _add_rows(search, master, search.columns)
    return master


def _add(search: Search, taken: BoolArray) -> None:
    """Add the best set of each node to the columns and to the master program."""
    new = Columns(np.arange(len(taken)), taken)
    search.columns = search.columns.extended(new.node, new.tasks)
    _add_rows(search, search.master, new)


def _add_rows(search: Search, master: Any, columns: Columns) -> None:
    """Add a row for each column: its node is worth at least as much."""
    free = search.left.free
    m, x, n = int(free.sum()), len(search.left.capacity), len(columns.node)
    held = columns.tasks @ search.whole.memory / _memory_scale(search)
    tasks = columns.tasks[:, free]
    counts = tasks.sum(axis=1) + 2
    starts = np.concatenate([[0], np.cumsum(counts)])
    index, value = np.empty(starts[-1], dtype=np.int32), np.full(starts[-1], -1.0)
    ends = starts[1:]
    index[ends - 2], value[ends - 2] = m + columns.node, held
    index[ends - 1], value[ends - 1] = m + x + columns.node, 1.0
    inner = np.ones(starts[-1], dtype=np.bool_)
    inner[ends - 2] = inner[ends - 1] = False
    index[inner] = np.nonzero(tasks)[1]
    master.addRows(
        n, np.zeros(n), np.full(n, np.inf), int(starts[-1]), starts[:-1].astype(np.int32), index,
        value,
    )  # fmt: skip


def _share(search: Search, weight: FloatArray) -> FloatArray:
    """Return how much of each task each node runs if columns have these weights."""
    share = np.zeros(search.left.alive.shape)
    used = np.flatnonzero(weight > 1e-9)
    np.add.at(share, search.columns.node[used], weight[used, None] * search.columns.tasks[used])
    total = share.sum(axis=0)
    return share / np.where(total > 0.0, total, 1.0)


def binding(search: Search) -> Columns:
    """Return the columns worth keeping: those close to binding at the best prices."""
    x, k = search.left.alive.shape
    worth = search.columns.tasks @ search.prices.task
    worth -= search.prices.memory[search.columns.node] * (
        search.columns.tasks @ search.whole.memory
    )
    missing = search.worth.knapsacks[search.columns.node] - worth
    most = _COLUMNS_KEPT * (x + k)
    kept = np.sort(np.argsort(missing, kind="stable")[:most])
    return Columns(search.columns.node[kept], search.columns.tasks[kept])
