"""The 0/1 knapsack problem with real weights, solved from its break item outwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.problems.errors import FloatArray, IntArray

MOST_STATES = 4096  # above, the tolerance is doubled until fewer remain


class Path(NamedTuple):
    """Which items were flipped on the way to a state: a forest of flips, and its size.

    Attributes
    ----------
    item, before : ndarray, shape (n,)
        The item flipped, and the flip before it (-1 at the root).
    """

    item: IntArray
    before: IntArray


@jit
def knapsack(
    profit: FloatArray,
    weight: FloatArray,
    capacity: float,
    tolerance: float,
    taken: NDArray[np.bool_],
) -> float:
    """Return an upper bound on the largest profit, and mark the items of the best set found.

    Parameters
    ----------
    profit, weight : ndarray, shape (n,)
        Items of profit <= 0 are left out; weights are >= 0.
    capacity : float
        What the weights of a set sum to at most.
    tolerance : float
        The bound exceeds the profit of the set found by at most this, or more if the states of
        the dynamic program would exceed `MOST_STATES`.
    taken : ndarray, shape (n,)
        Is overwritten.

    Notes
    -----
    The states are the undominated (weight, profit) that differ from the break solution in the
    items next to the break item, which are considered by turns on either side; a state is dropped
    where filling (or freeing) the rest at the next item's ratio gains too little.

    References
    ----------
    Pisinger, "A minimal algorithm for the 0-1 knapsack problem", Operations Research 45, 1997.
    """
    order, ratio = _by_ratio(profit, weight, capacity)
    taken[:] = (profit > 0.0) & (weight == 0.0)
    free = profit[taken].sum()
    n = len(order)
    middle, room, base = 0, capacity, 0.0  # the break item, what is free before it, profit
    while middle < n and weight[order[middle]] <= room:
        room -= weight[order[middle]]
        base += profit[order[middle]]
        taken[order[middle]] = True
        middle += 1
    if middle == n:
        return float(free + base)
    greedy = _fill(order, profit, weight, room, middle, taken, False)
    path = Path(np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64))
    flips, best, best_flip = 0, base + greedy, -1
    excess, value, last = np.array([-room]), np.array([base]), np.array([-1])
    left, right = middle - 1, middle
    while len(excess) > 0 and (left >= 0 or right < n):
        turn = right < n and (left < 0 or right - middle <= middle - 1 - left)
        item = order[right] if turn else order[left]
        left, right = (left, right + 1) if turn else (left - 1, right)
        sign = 1.0 if turn else -1.0
        w, p = sign * weight[item], sign * profit[item]
        if base + p + (room - w) * ratio[middle] > best + tolerance:  # else it stays as it is
            path = _grown(path, flips + len(excess))
            excess, value, last, flips = _flip(excess, value, last, w, p, item, path, flips)
        for s in range(len(excess)):
            if excess[s] <= 0.0 and value[s] > best:
                best, best_flip = value[s], last[s]
        gain = ratio[right] if right < n else 0.0
        loss = ratio[left] if left >= 0 else np.inf
        keep = _promising(excess, value, gain, loss, best + tolerance)
        while keep.sum() > MOST_STATES:
            tolerance *= 2.0
            keep = _promising(excess, value, gain, loss, best + tolerance)
        excess, value, last = excess[keep], value[keep], last[keep]
    if best_flip < 0:
        _fill(order, profit, weight, room, middle, taken, True)
    while best_flip >= 0:
        taken[path.item[best_flip]] = not taken[path.item[best_flip]]
        best_flip = path.before[best_flip]
    return float(free + best + tolerance)


@jit
def _by_ratio(
    profit: FloatArray, weight: FloatArray, capacity: float
) -> tuple[IntArray, FloatArray]:
    """Return the items worth a choice by falling profit per weight, and that ratio."""
    items = np.flatnonzero((profit > 0.0) & (weight > 0.0) & (weight <= capacity))
    ratio = profit[items] / weight[items]
    order = np.argsort(-ratio, kind="mergesort")
    return items[order], ratio[order]


@jit
def _fill(
    order: IntArray,
    profit: FloatArray,
    weight: FloatArray,
    room: float,
    first: int,
    taken: NDArray[np.bool_],
    mark: bool,
) -> float:
    """Return what the items from `first` on that still fit, in order, add; mark them if asked."""
    gained = 0.0
    for item in order[first:]:
        if weight[item] <= room:
            room -= weight[item]
            gained += profit[item]
            taken[item] |= mark
    return gained


@jit
def _grown(path: Path, size: int) -> Path:
    """Return `path` with room for `size` flips."""
    if size <= len(path.item):
        return path
    item, before = np.empty(2 * size, dtype=np.int64), np.empty(2 * size, dtype=np.int64)
    item[: len(path.item)] = path.item
    before[: len(path.item)] = path.before
    return Path(item, before)


@jit
def _flip(
    excess: FloatArray,
    value: FloatArray,
    last: IntArray,
    weight: float,
    profit: float,
    item: int,
    path: Path,
    flips: int,
) -> tuple[FloatArray, FloatArray, IntArray, int]:
    """Merge the states with those that flip `item`, by rising weight; drop the dominated."""
    n = len(excess)
    new_excess, new_value = np.empty(2 * n), np.empty(2 * n)
    new_last = np.empty(2 * n, dtype=np.int64)
    a, b, size, highest = 0, 0, 0, -np.inf
    while a < n or b < n:
        kept = b == n or (a < n and excess[a] <= excess[b] + weight)
        e = excess[a] if kept else excess[b] + weight
        v = value[a] if kept else value[b] + profit
        if v > highest:
            highest = v
            new_excess[size], new_value[size] = e, v
            new_last[size] = last[a] if kept else flips
            if not kept:
                path.item[flips], path.before[flips] = item, last[b]
                flips += 1
            size += 1
        a, b = (a + 1, b) if kept else (a, b + 1)
    return new_excess[:size], new_value[:size], new_last[:size], flips


@jit
def _promising(
    excess: FloatArray, value: FloatArray, gain: float, loss: float, target: float
) -> NDArray[np.bool_]:
    """Return which states may still exceed `target`: room is filled at `gain`, freed at `loss`."""
    keep = np.empty(len(excess), dtype=np.bool_)
    for s in range(len(excess)):
        rate = gain if excess[s] <= 0.0 else loss
        keep[s] = value[s] - excess[s] * rate > target
    return keep
