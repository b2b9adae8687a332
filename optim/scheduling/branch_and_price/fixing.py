"""Pairs of task and node that no schedule within the deadline uses, at given prices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.branch_and_price.prices import Prices, Worth
from edgeopt.optim.scheduling.branch_and_price.whole import BoolArray, Node, Whole
from edgeopt.problems.errors import FloatArray

_ENTRIES = 4_000_000  # of dynamic programs, which take about 10 ms; beyond, a weaker test

_ENTRY_S = 2.5e-9  # time of an entry

_SPLIT_S = 5e-8  # time of the weaker test, for each pair

_GUARD = 2.0**20  # more than the rounding of profits of split tasks


def refuted_pairs(whole: Whole, left: Node, prices: Prices, worth: Worth) -> BoolArray:
    """Return the pairs, shape (x, k), with which all nodes together are worth less than all tasks.

    Reduced-cost fixing with knapsacks: the best set of node j is replaced by the best with task i.
    That is the exact one where the deadline has few units, or else one with split tasks.

    Parameters
    ----------
    whole : Whole
        The deadline.
    left : Node
        What is left of it.
    prices, worth : Prices and Worth
        Any prices, and what `evaluate` says of them.
    """
    candidates = left.alive & left.free
    with_task = _best_with(
        prices.task, prices.memory, whole.memory, whole.times, candidates, left.capacity,
        _entries(left) <= _ENTRIES,
    )  # fmt: skip
    refuted = worth.spare + worth.knapsacks[:, None] - with_task > _GUARD
    return np.asarray(candidates & refuted)


def fixing_work(left: Node) -> float:
    """Return about the processor time in s of `refuted_pairs`."""
    entries = _entries(left)
    return _ENTRY_S * entries if entries <= _ENTRIES else _SPLIT_S * left.alive.size


def _entries(left: Node) -> float:
    """Return the entries of the dynamic programs."""
    candidates = left.alive & left.free
    return float(candidates.sum() * np.maximum(left.capacity, 0.0).mean())


@jit
def _best_with(
    price: FloatArray,
    memory_price: FloatArray,
    memory: FloatArray,
    times: FloatArray,
    candidates: NDArray[np.bool_],
    capacity: FloatArray,
    exact: bool,
) -> FloatArray:
    """Return bounds on the worth of the best set of each node with each task, shape (x, k)."""
    worth = np.full(times.shape, -np.inf)
    for j in range(len(times)):
        items = np.flatnonzero(candidates[j])
        if len(items) > 0:
            profit = price[items] - memory_price[j] * memory[items]
            if exact:
                worth[j][items] = _exact(profit, times[j][items], int(capacity[j]))
            else:
                worth[j][items] = _split(profit, times[j][items], capacity[j])
    return worth


@jit
def _exact(profit: FloatArray, weight: FloatArray, capacity: int) -> FloatArray:
    """Return the largest profit of the sets with each item, by dynamic programs from both ends."""
    n = len(profit)
    before = np.zeros((n + 1, capacity + 1))  # of the first items, by room
    for i in range(n):
        w = int(weight[i])
        for room in range(capacity + 1):
            best = before[i, room]
            if w <= room:
                best = max(best, before[i, room - w] + profit[i])
            before[i + 1, room] = best
    after = np.zeros(capacity + 1)  # of the last items, by room
    worth = np.empty(n)
    for i in range(n - 1, -1, -1):
        w = int(weight[i])
        best = -np.inf
        for room in range(capacity - w + 1):
            best = max(best, before[i, room] + after[capacity - w - room])
        worth[i] = profit[i] + best
        for room in range(capacity, w - 1, -1):
            after[room] = max(after[room], after[room - w] + profit[i])
    return worth


@jit
def _split(profit: FloatArray, weight: FloatArray, capacity: float) -> FloatArray:
    """Return the profit of each item with others that may be split."""
    n = len(profit)
    ratio = np.full(n, np.inf)
    for i in range(n):
        if weight[i] > 0.0:
            ratio[i] = profit[i] / weight[i]
    order = np.argsort(-ratio, kind="mergesort")
    filled, reached = np.zeros(n + 1), np.zeros(n + 1)
    size = 0
    for i in order:
        if profit[i] <= 0.0:
            continue
        filled[size + 1] = filled[size] + weight[i]
        reached[size + 1] = reached[size] + profit[i]
        size += 1
    worth = np.empty(n)
    for i in range(n):
        room = capacity - weight[i]
        at = np.searchsorted(filled[: size + 1], room, side="right") - 1
        worth[i] = profit[i] + reached[at]
        if at < size:
            width = filled[at + 1] - filled[at]
            worth[i] += (reached[at + 1] - reached[at]) * (room - filled[at]) / width
    return worth
