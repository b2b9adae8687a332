"""The 0/1 knapsack problem with real weights: Pisinger's minimal algorithm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.problems.errors import FloatArray, IntArray

_MOST_STATES = 4096  # with more, the tolerance is doubled until fewer remain


class _Flips(NamedTuple):
    """The items flipped on the way to each state, as a forest: states share their first flips.

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
        Largest sum of weights of a set.
    tolerance : float
        The bound exceeds the profit of the set found by at most this, or by more where the dynamic
        program would have more than 4096 states.
    taken : ndarray, shape (n,)
        Is overwritten.

    Notes
    -----
    Items are sorted by profit per weight; the break item is the first that no longer fits, and
    the items before it are the break solution. States are the undominated pairs of weight and
    profit that differ from it in items near the break item, which are considered alternately on
    either side. A state is dropped if even filling (or freeing) the rest at the ratio of the next
    item cannot exceed the best set by more than the tolerance.

    References
    ----------
    Pisinger, "A minimal algorithm for the 0-1 knapsack problem", Operations Research 45, 1997.
    """
    order, ratio = _by_ratio(profit, weight, capacity)
    free = 0.0
    for item in range(len(profit)):
        taken[item] = profit[item] > 0.0 and weight[item] == 0.0  # costs nothing, has no ratio
        free += profit[item] if taken[item] else 0.0
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
    # A state is its weight above the capacity, its profit, and its last flip.
    path = _Flips(np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64))
    flips, best, best_flip = 0, base + greedy, -1
    excess, value, last = np.array([-room]), np.array([base]), np.array([-1])
    left, right = middle - 1, middle
    while len(excess) > 0 and (left >= 0 or right < n):
        # The sides alternate: good sets differ from the break solution near the break item.
        turn = right < n and (left < 0 or right - middle <= middle - 1 - left)
        item = order[right] if turn else order[left]
        left, right = (left, right + 1) if turn else (left - 1, right)
        sign = 1.0 if turn else -1.0
        w, p = sign * weight[item], sign * profit[item]
        # If the best split solution with this item flipped gains too little, it is never flipped.
        if base + p + (room - w) * ratio[middle] > best + tolerance:
            path = _grown(path, flips + len(excess))
            excess, value, last, flips = _flip(excess, value, last, w, p, item, path, flips)
        for s in range(len(excess)):
            if excess[s] <= 0.0 and value[s] > best:
                best, best_flip = value[s], last[s]
        gain = ratio[right] if right < n else 0.0
        loss = ratio[left] if left >= 0 else np.inf
        keep = _promising(excess, value, gain, loss, best + tolerance)
        while keep.sum() > _MOST_STATES:
            tolerance *= 2.0
            keep = _promising(excess, value, gain, loss, best + tolerance)
        excess, value, last = excess[keep], value[keep], last[keep]
    # From the best state back to the break solution, or its greedy completion.
    if best_flip < 0:
        _fill(order, profit, weight, room, middle, taken, True)
    while best_flip >= 0:
        taken[path.item[best_flip]] = not taken[path.item[best_flip]]
        best_flip = path.before[best_flip]
    return float(free + best + tolerance)


@jit
def split_bound(profit: FloatArray, weight: FloatArray, capacity: float) -> float:
    """Return the largest profit if one item can be split.

    Parameters
    ----------
    profit, weight : ndarray, shape (n,)
        As in `knapsack`.
    capacity : float
        Largest sum of weights of a set.
    """
    order, ratio = _by_ratio(profit, weight, capacity)
    total = 0.0
    for item in range(len(profit)):
        total += profit[item] if profit[item] > 0.0 and weight[item] == 0.0 else 0.0
    for place in range(len(order)):
        item = order[place]
        if weight[item] > capacity:
            return float(total + capacity * ratio[place])
        total += profit[item]
        capacity -= weight[item]
    return float(total)


@jit
def _by_ratio(
    profit: FloatArray, weight: FloatArray, capacity: float
) -> tuple[IntArray, FloatArray]:
    """Return the items that need a decision by falling profit per weight, and that ratio."""
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
    """Return the profit of the items from `first` on that fit, in order; mark them if asked."""
    gained = 0.0
    for item in order[first:]:
        if weight[item] <= room:
            room -= weight[item]
            gained += profit[item]
            taken[item] |= mark
    return gained


@jit
def _grown(path: _Flips, size: int) -> _Flips:
    """Return `path` with room for `size` flips."""
    if size <= len(path.item):
        return path
    item, before = np.empty(2 * size, dtype=np.int64), np.empty(2 * size, dtype=np.int64)
    for place in range(len(path.item)):
        item[place], before[place] = path.item[place], path.before[place]
    return _Flips(item, before)


@jit
def _flip(
    excess: FloatArray,
    value: FloatArray,
    last: IntArray,
    weight: float,
    profit: float,
    item: int,
    path: _Flips,
    flips: int,
) -> tuple[FloatArray, FloatArray, IntArray, int]:
    """Merge the states with those that flip `item`, by rising weight; drop the dominated."""
    n = len(excess)
    new_excess, new_value = np.empty(2 * n), np.empty(2 * n)
    new_last = np.empty(2 * n, dtype=np.int64)
    # Both lists are sorted by weight: one pass merges them and sees what is dominated.
    a, b, size, highest = 0, 0, 0, -np.inf
    while a < n or b < n:
        kept = b == n or (a < n and excess[a] <= excess[b] + weight)
        e = excess[a] if kept else excess[b] + weight
        v = value[a] if kept else value[b] + profit
        if v > highest:  # else a state of no more weight has at least this profit
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
    """Return which states may exceed `target` if room is filled at `gain` and freed at `loss`."""
    keep = np.empty(len(excess), dtype=np.bool_)
    for s in range(len(excess)):
        rate = gain if excess[s] <= 0.0 else loss
        keep[s] = value[s] - excess[s] * rate > target
    return keep
