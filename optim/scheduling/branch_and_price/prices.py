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

_RADIUS, _LEAST_RADIUS, _MOST_RADIUS = 0.1, 1e-5, 0.5  # of the box, as shares of the prices

REACH = 1.2  # of projections

_CLOSE = 1e-7  # a promise of less, as a share of all prices, is kept by no one

_FIRST_LOOK, _LOOKS = 3, 8  # iterations after which it is asked whether any prices may do

_SIMPLEX_TASKS = 300  # with more, an interior point method without crossover solves the master

_LOOSE, _SHARP = 1e-3, 1e-7  # relative, of its objective: loosely solved, points are central

_UNSURE = 0.01  # share of the prices, times the tolerance

_PIVOT_S, _POINT_S = 1e-7, 2.5e-7  # times of a pivot per row and column, of a point per entry

KNAPSACK_S = 6e-7  # time of the knapsacks per node and task

CALL_S = 5e-4  # time of an iteration beside these

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

    def joined(self, node: IntArray, tasks: BoolArray) -> Columns:
        """Return these columns and those of others that are new."""
        known = set(self._keys())
        new = []
        for index, key in enumerate(Columns(node, tasks)._keys()):
            if key not in known:
                known.add(key)
                new.append(index)
        return self.extended(node[new], tasks[new])

    def _keys(self) -> list[tuple[int, bytes]]:
        """Return what tells columns apart."""
        sets = (row.tobytes() for row in np.packbits(self.tasks, axis=1))
        return list(zip(self.node.tolist(), sets, strict=True))

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
    reach : float
        Part of what is missing that the next projection aims at.
    share : ndarray, shape (x, k)
        The part of each task that the master program runs on each node.
    weight : ndarray, shape (c,)
        Of the first c columns in the last projection: once it has converged, they run all tasks.
    is_stuck : bool
        Whether the last projection has brought neither better prices nor a new column.
    converged : bool
        Whether no prices prove more, or none refute the deadline, as far as the search tells.
    iterations : int
        Done so far.
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
    reach: float = REACH
    share: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    weight: FloatArray = field(default_factory=lambda: np.empty(0))
    is_stuck: bool = False
    converged: bool = False
    iterations: int = 0
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
    return Search(whole, left, prices, worth, known, work=KNAPSACK_S * left.alive.size)


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


def improve(search: Search, refutes: bool = True) -> None:
    """Do one iteration: the best prices in the box for the known columns, and new columns.

    Parameters
    ----------
    search : Search
        Is changed.
    refutes : bool
        Whether only prices that refute the deadline are of use: now and then it is asked whether
        the known columns of all nodes run all tasks, and if so, there are none.
    """
    if search.master is None:
        search.master = _master(search)
    search.iterations += 1
    if refutes and search.iterations % _LOOKS == _FIRST_LOOK and not _may_refute(search):
        search.converged = True
        return
    center = in_master(search, search.prices)
    width = search.radius * np.maximum(center, 0.1)
    answer = _solve(search, np.maximum(center - width, 0.0), center + width)
    if answer is None:
        return
    now = search.worth.spare
    if not answer.spare > now + _CLOSE * TOTAL:
        # Nothing in the box is of use; a small box is no evidence against the rest.
        search.converged = search.radius >= _RADIUS
        search.radius = max(4 * search.radius, _RADIUS)
        return
    worth, taken = evaluate(search.whole, search.left, answer.prices)
    _add(search, taken)
    success = (worth.spare - now) / (answer.spare - now)
    if success > 0.5:
        search.radius = min(1.5 * search.radius, _MOST_RADIUS)
    elif success < -0.5:
        search.radius = max(0.7 * search.radius, _LEAST_RADIUS)
    if worth.spare > now:
        search.prices, search.worth = answer.prices, worth


def _may_refute(search: Search) -> bool:
    """Whether any prices spare something with the known columns; new ones only take from that."""
    n = int(search.left.free.sum()) + len(search.left.capacity)
    for tolerance in (_LOOSE, _SHARP):
        search.master.setOptionValue("ipm_optimality_tolerance", tolerance)
        answer = _solve(search, np.zeros(n), np.full(n, np.inf))
        if answer is None or answer.spare > _UNSURE * tolerance * TOTAL:
            break
    search.master.setOptionValue("ipm_optimality_tolerance", _LOOSE)
    return answer is None or answer.spare > _CLOSE * TOTAL


class _Answer(NamedTuple):
    """Prices in the box that spare most with the known columns, and how much."""

    prices: Prices
    spare: float


def in_master(search: Search, prices: Prices) -> FloatArray:
    """Return prices as variables of the master program, where the mean price is 1."""
    memory = prices.memory * memory_scale(search)
    return np.concatenate([prices.task[search.left.free], memory]) / mean_price(search)


def mean_price(search: Search) -> float:
    """Return the mean price of the tasks that have a choice."""
    return float(TOTAL / search.left.free.sum())


def _solve(search: Search, low: FloatArray, high: FloatArray) -> _Answer | None:
    """Solve the master program with its prices in a box; None if there was no time."""
    free, unit = np.flatnonzero(search.left.free), mean_price(search)
    m, n, master = len(free), len(low), search.master
    if not search.left.room.any():
        low[m:] = high[m:] = 0.0
    master.changeColsBounds(n, np.arange(n, dtype=np.int32), low, high)
    if not has_solved(master):
        return None
    search.work += _work_of(search)
    solution = master.getSolution()
    search.share = _share(search, np.array(solution.row_dual)[1:])
    values = np.maximum(np.array(solution.col_value)[:n], 0.0) * unit
    task = np.zeros(len(search.left.free))
    task[free] = values[:m]
    prices = Prices(np.rint(task), np.rint(values[m:] / memory_scale(search)))
    return _Answer(prices, -float(master.getInfo().objective_function_value) * unit)


def _work_of(search: Search) -> float:
    """Return about the processor time in s of an iteration, of which the LP was the first part."""
    master, info = search.master, search.master.getInfo()
    lp = _PIVOT_S * max(1, info.simplex_iteration_count) * (master.getNumRow() + master.getNumCol())
    lp += _POINT_S * max(0, info.ipm_iteration_count) * master.getNumNz()
    return CALL_S + float(lp) + KNAPSACK_S * search.left.alive.size


def memory_scale(search: Search) -> float:
    """Return the memory, in its unit, whose price is a variable of the master program."""
    return float(search.whole.room.max()) or 1.0


def _master(search: Search) -> Any:
    """Return max sum_i p_i - sum_j (v_j room_j + worth_j) for prices of a given sum."""
    free, x = int(search.left.free.sum()), len(search.left.capacity)
    master = silent_highs(presolve="off", **_method(free))
    room = search.left.room / memory_scale(search)
    costs = np.concatenate([np.full(free, -1.0), room, np.ones(x)])
    none = np.empty(0, dtype=np.int32)
    n = free + 2 * x
    master.addCols(n, costs, np.zeros(n), np.full(n, np.inf), 0, none, none, np.empty(0))
    # Prices prove the same in any unit: without a fixed sum, they would shrink to nothing.
    prices = np.arange(free, dtype=np.int32)
    master.addRow(float(free), float(free), free, prices, np.ones(free))
    _add_rows(search, master, search.columns)
    return master


def _method(tasks: int) -> dict[str, Any]:
    """Return how HiGHS solves a master program for a number of tasks."""
    if tasks <= _SIMPLEX_TASKS:
        return {"solver": "simplex"}
    tolerance = {"ipm_optimality_tolerance": _LOOSE}
    return {"solver": "ipm", "run_crossover": "off", **tolerance}


def _add(search: Search, taken: BoolArray) -> None:
    """Add the best set of each node to the columns and to the master program."""
    new = Columns(np.arange(len(taken)), taken)
    search.columns = search.columns.extended(new.node, new.tasks)
    _add_rows(search, search.master, new)


def _add_rows(search: Search, master: Any, columns: Columns) -> None:
    """Add a row for each column: its node is worth at least as much."""
    free = search.left.free
    m, x, n = int(free.sum()), len(search.left.capacity), len(columns.node)
    held = columns.tasks @ search.whole.memory / memory_scale(search)
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


def worth_of(columns: Columns, prices: Prices, memory: FloatArray) -> FloatArray:
    """Return what columns are worth: the prices of their tasks, less those of their memory."""
    worth = columns.tasks @ prices.task
    return np.asarray(worth - prices.memory[columns.node] * (columns.tasks @ memory))


def binding(search: Search) -> Columns:
    """Return the columns worth keeping: those close to binding at the best prices."""
    x, k = search.left.alive.shape
    worth = worth_of(search.columns, search.prices, search.whole.memory)
    missing = search.worth.knapsacks[search.columns.node] - worth
    most = _COLUMNS_KEPT * (x + k)
    kept = np.sort(np.argsort(missing, kind="stable")[:most])
    return Columns(search.columns.node[kept], search.columns.tasks[kept])
