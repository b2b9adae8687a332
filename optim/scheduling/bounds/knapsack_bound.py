"""The knapsack bound: each node is a knapsack, and prices of tasks make the bound largest."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.bounds.knapsack import knapsack
from edgeopt.optim.scheduling.bounds.lp import has_solved, silent_highs
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound, lp_duals
from edgeopt.optim.scheduling.bounds.rounding import ROUNDING, whole_memory
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray, check_number
from edgeopt.problems.scheduling.problem import Problem

_RADIUS = 0.03  # first trust region, as a share of the prices

_SMALLEST_RADIUS = 1e-5

_WIDER, _MOST_WIDENED = 4.0, 5  # factor of a region without progress, and how often

_CONVERGED = 5e-6  # of the makespan: a smaller gain is not worth an iteration

_MARGIN = 1e-9  # of the makespan: an allowance for rounded sums of prices

_ADVANCE = 0.9  # first step of the makespan, as a share of the spare

_CUTS_PER_NODE = 40  # with more, those that do not bind are dropped


@dataclass
class Bundle:
    """Prices and the cuts found; times in units of `scale`, memory in units of `size`.

    Attributes
    ----------
    times : ndarray, shape (x, k)
        Execution times; infinite where memory does not fit or the node cannot run the task.
    memory, capacity : ndarray, shapes (k,) and (x,)
        Memory; zeros where the problem has none.
    scale, size : float
        In s and byte.
    prices : ndarray, shape (k + x,)
        Best prices so far of tasks and of the nodes' memory.
    spare : float
        By how much the tasks' prices exceed the worth of all knapsacks at `makespan`.
    makespan, proved : float
        The makespan to be proved out of reach, and the largest one proved.
    radius : float
        Of the trust region.
    cuts : highspy.Highs
        The master program.
    taken : ndarray of bool, shape (x, k)
        Scratch.
    tolerance : float
        Of the knapsacks.
    widened : int
        How often a small trust region was widened because it held no better prices.
    converged : bool
        Whether no prices gain more than 5e-6 of the makespan.
    """

    times: FloatArray
    memory: FloatArray
    capacity: FloatArray
    scale: float
    size: float
    prices: FloatArray
    cuts: Any
    taken: NDArray[np.bool_]
    spare: float = 0.0
    makespan: float = 1.0
    proved: float = 1.0
    radius: float = _RADIUS
    tolerance: float = _CONVERGED
    widened: int = 0
    converged: bool = False

    @property
    def bound(self) -> float:
        """The bound proved so far, in s."""
        return self.proved * self.scale


def knapsack_bound(problem: Problem, seconds: float = 5.0) -> float:
    """Return the knapsack bound on the makespan in s, or the part proved after `seconds`.

    Let K_j(p, T) be the largest sum of prices p_i of a set of tasks that node j runs within T.
    If sum_i p_i > sum_j K_j(p, T) for some prices, no schedule has a makespan of T or less: its
    sets would be worth sum_i p_i. With fractional sets the best prices give the LP bound; whole
    sets give one that is never worse. Memory enters through prices v_j per byte: the price of a
    task on node j becomes p_i - v_j memory_i, and K_j grows by v_j capacity_j.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    seconds : float
        Time limit in s; the value proved by then is a valid bound.

    Raises
    ------
    InputError
        If `seconds` is not positive.

    Notes
    -----
    This is the bound of the set-partitioning formulation, whose columns are sets of tasks for a
    node (Savelsbergh, "A branch-and-price algorithm for the generalized assignment problem",
    Operations Research 45, 1997), for a makespan that is raised whenever prices prove it out of
    reach. Prices are found by cutting planes in a box, the trust region, around the best so far
    (Marsten, Hogan, Blankenship, "The boxstep method for large-scale optimization", Operations
    Research 23, 1975).

    Examples
    --------
    >>> from edgeopt import knapsack_bound, load_problem, lower_bound
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> knapsack_bound(problem, seconds=1.0) >= lower_bound(problem)
    True
    """
    check_number("seconds", seconds, above=0)
    end = time.perf_counter() + seconds
    bundle = open_bundle(problem)
    while not bundle.converged and time.perf_counter() < end and not is_over():
        improve_prices(bundle)
    return bundle.bound


def open_bundle(problem: Problem) -> Bundle:
    """Return the LP's prices and their cuts; `lower_bound` is the makespan proved."""
    memory, capacity = whole_memory(problem)
    limited = problem.task_memory is not None
    scale = lower_bound(problem)
    size = (float(capacity.max()) or 1.0) if limited else 1.0
    times = np.where(memory <= capacity[:, None] * (1 + ROUNDING), problem.matrix.T, np.inf)
    # A task's price is its least cost at the LP's multipliers: the LP bound in these terms.
    u, v = lp_duals(problem)
    legal = np.isfinite(times.T)
    cost = np.where(legal, problem.matrix, 0.0) * u + memory[:, None] * v
    cost[~legal] = np.inf
    with np.errstate(over="ignore"):  # a time beyond the largest float is too long anyway
        times = np.ascontiguousarray(times) / (scale or 1.0)
    bundle = Bundle(
        times=times,
        memory=memory / size,
        capacity=capacity / size if limited else np.zeros(problem.nodes),
        scale=scale,
        size=size,
        prices=np.concatenate([cost.min(axis=1), v * size]) / (scale or 1.0),
        cuts=None,
        taken=np.zeros(times.shape, dtype=np.bool_),
        converged=scale == 0.0,
    )
    bundle.cuts = _master(bundle)
    bundle.spare = _cut(bundle, bundle.prices)
    return bundle


def improve_prices(bundle: Bundle) -> None:
    """Do one iteration: the best prices in the box for the known cuts, new cuts, a new box."""
    k, n = len(bundle.memory), len(bundle.prices)
    around = bundle.prices
    width = bundle.radius * np.maximum(around, np.repeat(_typical(bundle), [k, n - k]))
    if not bundle.capacity.any():
        width[k:] = 0.0  # without capacities, prices of memory mean nothing
    low = np.maximum(around - width, 0.0)
    bundle.cuts.changeColsBounds(n, np.arange(n, dtype=np.int32), low, around + width)
    if not has_solved(bundle.cuts):
        return
    promised = -bundle.cuts.getInfo().objective_function_value - bundle.spare
    # The cuts promise less than raising the makespan would use, or next to nothing.
    if promised < max(bundle.spare, _CONVERGED):
        if not _raise_makespan(bundle):
            _widen_or_end(bundle)
        return
    # Knapsacks need only be solved well enough to tell whether the promise was kept.
    bundle.tolerance = max(0.03 * promised / len(bundle.capacity), _MARGIN)
    prices = np.array(bundle.cuts.getSolution().col_value)[:n]
    spare = _cut(bundle, prices)
    # The usual rule of trust regions: wider where the model was right, narrower where it was not.
    success = (spare - bundle.spare) / promised
    if success > 0.5:
        bundle.radius *= 1.5
    elif success < -0.5:
        bundle.radius = max(bundle.radius * 0.7, _SMALLEST_RADIUS)
    if success > 0.0:
        bundle.prices, bundle.spare = prices, spare
        _note(bundle)
        _drop_cuts(bundle)


def useful_pairs_of(bundle: Bundle, makespan: float) -> NDArray[np.bool_]:
    """Return the pairs, shape (k, x), that a schedule of at most `makespan` (in s) may use."""
    limit = makespan / bundle.scale if bundle.scale else np.inf
    if not np.isfinite(limit):
        return np.isfinite(bundle.times.T)
    k = len(bundle.memory)
    worth = _worth(bundle, bundle.prices, limit)
    price, memory_price = bundle.prices[:k], bundle.prices[k:]
    return useful_pairs(
        price, memory_price, bundle.memory, bundle.capacity, bundle.times, limit, worth
    )


def _typical(bundle: Bundle) -> FloatArray:
    """Return small prices of a task and of a node's memory, so that those of 0 can move."""
    return 0.1 * np.array([bundle.prices[: len(bundle.memory)].mean(), 1 / len(bundle.capacity)])


def _raise_makespan(bundle: Bundle) -> bool:
    """Raise the makespan to one that the prices (nearly) prove; return whether there is one."""
    step = _ADVANCE * bundle.spare
    while step > _CONVERGED and not is_over():
        if _spare(bundle, bundle.prices, bundle.makespan + step) > -bundle.spare:
            bundle.makespan += step
            bundle.spare = _cut(bundle, bundle.prices)
            _note(bundle)
            return True
        step /= 2
    return False


def _note(bundle: Bundle) -> None:
    """Record the makespan as proved if the prices prove it."""
    if bundle.spare > _MARGIN:
        bundle.proved = bundle.makespan


def _widen_or_end(bundle: Bundle) -> None:
    """Widen a small box without better prices; converged if it is large or was widened often."""
    bundle.converged = bundle.radius >= _RADIUS or bundle.widened == _MOST_WIDENED
    bundle.radius = _WIDER * bundle.radius
    bundle.widened += 1


def _master(bundle: Bundle) -> Any:
    """Return the program max sum_i p_i - sum_j (v_j capacity_j + worth_j), still without cuts."""
    k, x = len(bundle.memory), len(bundle.capacity)
    master = silent_highs(solver="simplex", presolve="off")
    costs = np.concatenate([np.full(k, -1.0), bundle.capacity, np.ones(x)])
    none = np.empty(0, dtype=np.int32)
    n = k + 2 * x
    master.addCols(n, costs, np.zeros(n), np.full(n, np.inf), 0, none, none, np.empty(0))
    return master


def _cut(bundle: Bundle, prices: FloatArray) -> float:
    """Add the cut of each node's best set at these prices; return their spare."""
    k, x = len(bundle.memory), len(bundle.capacity)
    spare = _spare(bundle, prices, bundle.makespan)
    # The set found is worth sum p_i - v_j sum memory_i, and no more than worth_j.
    for j in range(x):
        tasks = np.flatnonzero(bundle.taken[j])
        columns = np.concatenate([tasks, [k + j, k + x + j]]).astype(np.int32)
        held = bundle.memory[tasks].sum()
        values = np.concatenate([np.full(len(tasks), -1.0), [held, 1.0]])
        bundle.cuts.addRow(0.0, np.inf, len(columns), columns, values)
    return spare


def _spare(bundle: Bundle, prices: FloatArray, makespan: float) -> float:
    """Return the tasks' prices less the worth of all knapsacks; mark the best sets."""
    k = len(bundle.memory)
    worth = _worth(bundle, prices, makespan)
    return float(prices[:k].sum() - worth.sum() - prices[k:] @ bundle.capacity)


def _worth(bundle: Bundle, prices: FloatArray, makespan: float) -> FloatArray:
    """Return bounds on the worth of each node's best set, shape (x,), and mark the sets."""
    k = len(bundle.memory)
    return _solve_knapsacks(
        prices[:k], prices[k:], bundle.memory, bundle.times, makespan * (1 + ROUNDING),
        bundle.tolerance, bundle.taken,
    )  # fmt: skip


@jit
def _solve_knapsacks(
    price: FloatArray,
    memory_price: FloatArray,
    memory: FloatArray,
    times: FloatArray,
    limit: float,
    tolerance: float,
    taken: NDArray[np.bool_],
) -> FloatArray:
    """Solve the knapsack of each node."""
    worth = np.empty(len(times))
    for j in range(len(times)):
        profit = price - memory_price[j] * memory
        worth[j] = knapsack(profit, times[j], limit, tolerance, taken[j])
    return worth


def _drop_cuts(bundle: Bundle) -> None:
    """Delete the cuts that do not bind, where there are many."""
    x = len(bundle.capacity)
    if bundle.cuts.getNumRow() < _CUTS_PER_NODE * x:
        return
    # The master program slows down with its rows; a dropped cut that is needed is found again.
    duals = np.array(bundle.cuts.getSolution().row_dual)
    idle = np.flatnonzero(np.abs(duals) < _MARGIN).astype(np.int32)
    bundle.cuts.deleteRows(len(idle), idle)


# The same prices tell which pairs of task and node no better schedule uses.


def useful_pairs(
    price: FloatArray,
    memory_price: FloatArray,
    memory: FloatArray,
    capacity: FloatArray,
    times: FloatArray,
    makespan: float,
    worth: FloatArray,
) -> NDArray[np.bool_]:
    """Return the pairs, shape (k, x), that a schedule within `makespan` may use.

    Reduced-cost fixing with knapsacks: the sets of such a schedule are together worth as much as
    all tasks, and node j's set thus at least that less the best sets of the other nodes. With
    task i in it, it is worth at most p_i plus a knapsack of split tasks in the remaining time.

    Parameters
    ----------
    price : ndarray, shape (k,)
        Prices of the tasks.
    memory_price : ndarray, shape (x,)
        Prices of the nodes' memory.
    memory : ndarray, shape (k,)
        Memory of the tasks.
    capacity : ndarray, shape (x,)
        Memory of the nodes.
    times : ndarray, shape (x, k)
        Execution times, infinite where the pair is not allowed, in the unit of `makespan`.
    makespan : float
        Of the best schedule known.
    worth : ndarray, shape (x,)
        Bounds on the worth of the best sets at these prices and that makespan.
    """
    spare = price.sum() - memory_price @ capacity - worth.sum()
    useful = np.zeros(times.shape, dtype=np.bool_)
    for j, weight in enumerate(times):
        profit = price - memory_price[j] * memory
        most = profit + _fractional(profit, weight, makespan - weight)
        useful[j] = (weight <= makespan * (1 + _MARGIN)) & (most >= worth[j] + spare - _MARGIN)
    return np.ascontiguousarray(useful.T)


def _fractional(profit: FloatArray, weight: FloatArray, room: FloatArray) -> FloatArray:
    """Return the largest profit of split tasks within each `room`."""
    useful = (profit > 0.0) & np.isfinite(weight)
    free = profit[useful & (weight == 0.0)].sum()
    items = np.flatnonzero(useful & (weight > 0.0))
    # logarithms: a ratio may be more than the largest number
    items = items[np.argsort(np.log(weight[items]) - np.log(profit[items]), kind="stable")]
    filled = np.concatenate([[0.0], np.cumsum(weight[items])])
    reached = np.concatenate([[0.0], np.cumsum(profit[items])])
    return np.asarray(free + np.interp(np.maximum(room, 0.0), filled, reached))
