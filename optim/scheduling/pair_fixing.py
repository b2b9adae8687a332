"""Which pairs of task and node no better schedule uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from problems.errors import FloatArray

SAFETY = 1e-9  # of the makespan: sums of prices are rounded


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
    all tasks, so node j's set is worth no less than these, less the best sets of the other nodes.
    With task i in it, it is worth at most p_i and what the rest of the time holds, split at will.

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
        useful[j] = (weight <= makespan * (1 + SAFETY)) & (most >= worth[j] + spare - SAFETY)
    return np.ascontiguousarray(useful.T)


def _fractional(profit: FloatArray, weight: FloatArray, room: FloatArray) -> FloatArray:
    """Return the largest profit that sets of split tasks reach in each `room`."""
    useful = (profit > 0.0) & np.isfinite(weight)
    free = profit[useful & (weight == 0.0)].sum()
    items = np.flatnonzero(useful & (weight > 0.0))
    items = items[np.argsort(-profit[items] / weight[items], kind="stable")]
    filled = np.concatenate([[0.0], np.cumsum(weight[items])])
    reached = np.concatenate([[0.0], np.cumsum(profit[items])])
    return np.asarray(free + np.interp(np.maximum(room, 0.0), filled, reached))
