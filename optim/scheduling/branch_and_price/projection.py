"""Prices that refute a deadline, by projections: the nearest that may, as far as is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.branch_and_price.prices import (
    CALL_S,
    KNAPSACK_S,
    REACH,
    TOTAL,
    Prices,
    Search,
    evaluate,
    in_master,
    memory_scale,
    scaled,
)
from edgeopt.optim.scheduling.branch_and_price.whole import BoolArray
from edgeopt.problems.errors import FloatArray, IntArray

_AIM = 1e-6  # of all prices: by how much prices are to refute a deadline, at least

_ENOUGH = 0.5  # of what is aimed at; where the known sets forbid it, nothing is left of it

_TYPICAL = 0.1  # of the mean price: a price of 0 moves as one of this

_NEAR = 0.8  # of what is aimed at: prices on the way to the nearest are as good

_LEAST = 0.01  # of all prices: where less is left, those that spare as much are only 0

_SWEEPS, _LOOK = 300, 4  # of all nodes, at most, and until it is asked whether they are enough

_PAIRS = 2  # of sets of a node that exchange weight in a sweep, at most

_NEWTON = 3  # steps to the best multiplier of the level

_ENTRY_S = 1.5e-9  # time of the sweeps, for each entry of a set


def approach(search: Search) -> None:
    """Do one iteration: the nearest prices that may refute the deadline, and new columns.

    The first aim is beyond what refutes, as known columns of few iterations promise too much, and
    further if prices that reach it are no better and bring no new column. If no prices reach it,
    the aim is what refutes, and if none reach that, no prices refute the deadline: columns of all
    nodes run all tasks.

    Parameters
    ----------
    search : Search
        Is changed.
    """
    search.iterations += 1
    prices = _project(search, search.reach * (_AIM - search.worth.spare / TOTAL))
    if prices is None:
        search.converged = search.reach <= 1.0 or search.is_stuck
        search.reach = 1.0
        return
    worth, taken = evaluate(search.whole, search.left, prices)
    search.work += KNAPSACK_S * search.left.alive.size
    known = len(search.columns.node)
    search.columns = search.columns.joined(np.arange(len(taken)), taken)
    search.is_stuck = worth.spare <= search.worth.spare and known == len(search.columns.node)
    search.reach = 2 * search.reach if search.is_stuck else min(search.reach, REACH)
    if worth.spare > search.worth.spare:
        search.prices, search.worth = prices, worth


def _project(search: Search, gain: float) -> Prices | None:
    """Return the nearest prices that spare a share of all prices more, None if none do.

    As far as the known columns tell; their weights are kept for the next projection.
    """
    free = np.flatnonzero(search.left.free)
    scale, columns = memory_scale(search), search.columns
    sets = Sets.of(
        columns.node,
        columns.tasks[:, free],
        search.whole.memory[free] / scale,
        np.maximum(search.left.room, 0.0) / scale,
    )
    task, memory = np.split(in_master(search, search.prices), [len(free)])
    weight = np.zeros(len(columns.node))
    weight[: len(search.weight)] = search.weight
    found = project(sets, task, memory, gain, weight)
    search.work += CALL_S + found.work
    search.weight = found.weight
    if found.gain < _ENOUGH * gain:
        return None
    prices = np.zeros(len(search.left.free))
    prices[free] = found.task
    return scaled(Prices(prices, found.memory / scale), search.left)


class Sets(NamedTuple):
    """Sets of tasks, each with a node.

    Attributes
    ----------
    order : ndarray, shape (c,)
        Of the sets, by their nodes.
    first : ndarray, shape (x + 1,)
        Where the sets of each node begin in this order.
    begin, task : ndarray, shapes (c + 1,) and (n,)
        Where the tasks of each set begin, in this order, and these tasks.
    held : ndarray, shape (c,)
        Memory of each set, in this order.
    room : ndarray, shape (x,)
        Memory of each node; without any, memory has no price.
    """

    order: IntArray
    first: IntArray
    begin: IntArray
    task: IntArray
    held: FloatArray
    room: FloatArray

    @classmethod
    def of(cls, node: IntArray, tasks: BoolArray, memory: FloatArray, room: FloatArray) -> Sets:
        """Return sets of a node and tasks each, shapes (c,) and (c, m); tasks need memory, (m,)."""
        order = np.argsort(node, kind="stable")
        first = np.searchsorted(node[order], np.arange(len(room) + 1))
        set_of, task = np.nonzero(tasks[order])
        begin = np.searchsorted(set_of, np.arange(len(node) + 1))
        held: FloatArray = np.bincount(set_of, memory[task], len(node)).astype(np.float64)
        return cls(order, first, begin, task, held, room)

    def spare(self, task: FloatArray, memory: FloatArray) -> float:
        """Return by how much all tasks are worth more than the memory and the nodes' best sets."""
        return float(_spare(self, task, memory))


class Projection(NamedTuple):
    """The nearest prices.

    Attributes
    ----------
    task, memory : ndarray, shapes (m,) and (x,)
        Prices; the mean of those of the tasks is 1.
    weight : ndarray, shape (c,)
        Of the sets, dual to the prices, 1 on each node in all: where no prices spare that much,
        they contain each task once or more, about.
    gain : float
        By how much more the prices spare, as a share of all.
    work : float
        About the processor time in s; counted, not measured.
    """

    task: FloatArray
    memory: FloatArray
    weight: FloatArray
    gain: float
    work: float


def project(
    sets: Sets, task: FloatArray, memory: FloatArray, gain: float, weight: FloatArray
) -> Projection:
    """Return about the nearest prices at which the sets spare a share of all prices more.

    A step of the projection is measured relative to the prices. The dual of this quadratic program
    has a weight for each set; its objective rises with each exchange of weight between two sets of
    a node, those worth most and least at the prices that belong to the weights. If there are no
    such prices, those returned spare less.

    Parameters
    ----------
    sets : Sets
        What is known.
    task, memory : ndarray, shapes (m,) and (x,)
        Prices; those of the tasks have a mean of 1.
    gain : float
        The tasks are to be worth more than the memory and the best sets by this share of all
        prices more than now.
    weight : ndarray, shape (c,)
        Of the sets to begin with, in the order in which they were given; may be 0.

    References
    ----------
    Lemarechal, Nemirovskii, Nesterov, "New variants of bundle methods", Mathematical Programming
    69, 1995; Platt, "Fast training of support vector machines using sequential minimal
    optimization", Advances in Kernel Methods, 1999.
    """
    now = sets.spare(task, memory) / task.sum()
    weights = weight[sets.order]
    prices, memory_prices, entries = _exchange(
        sets, task, memory, now + gain, now + _NEAR * gain, weights, _SWEEPS
    )
    share = float(_spare(sets, prices, memory_prices) / prices.sum()) if prices.any() else -np.inf
    found = np.empty_like(weights)
    found[sets.order] = weights
    factor = len(task) / max(prices.sum(), 1e-300)
    return Projection(
        prices * factor, memory_prices * factor, found, share - now, _ENTRY_S * entries
    )


@jit
def _exchange(
    sets: Sets,
    task: FloatArray,
    memory: FloatArray,
    level: float,
    enough: float,
    weight: FloatArray,
    sweeps: int,
) -> tuple[FloatArray, FloatArray, int]:
    """Return the nearest prices and how many entries were looked at; change the weights."""
    raw = Vector(task.copy(), memory.copy())
    price = Vector(task.copy(), memory.copy())
    pace = Vector(np.maximum(task, _TYPICAL), np.maximum(memory, _TYPICAL))
    mark, factor, entries = np.zeros(len(task)), 0.0, 0
    _fill_weights(sets, weight)
    for sweep in range(sweeps):
        toward = _direction(sets, len(task), level, weight)
        factor = _best_factor(Vector(task, memory), toward, factor, pace, raw, price)
        if sweep < _LOOK or sweep % _LOOK == 0:
            entries += len(sets.task)
            total = price.task.sum()
            is_far = total < _LEAST * task.sum()
            if is_far or _spare(sets, price.task, price.memory) >= enough * total:
                break
        for turn in range(_PAIRS * len(sets.room)):
            j = turn // _PAIRS
            entries += sets.begin[sets.first[j + 1]] - sets.begin[sets.first[j]]
            _trade(sets, j, weight, factor, pace, raw, price, mark)
    return price.task, price.memory, entries


class Vector(NamedTuple):
    """Of tasks and of the nodes' memory: prices, these before they are made positive, or paces."""

    task: FloatArray
    memory: FloatArray


@jit
def _spare(sets: Sets, task: FloatArray, memory: FloatArray) -> float:
    """Return by how much tasks are worth more than memory and best sets."""
    spare: float = task.sum() - (memory * sets.room).sum()
    for j in range(len(sets.room)):
        best = 0.0
        for a in range(sets.first[j], sets.first[j + 1]):
            best = max(best, _worth(sets, a, j, task, memory))
        spare -= best
    return spare


@jit_lean
def _worth(sets: Sets, a: int, node: int, task: FloatArray, memory: FloatArray) -> float:
    """Return what a set is worth: the prices of its tasks, less those of their memory."""
    worth: float = 0.0
    for entry in range(sets.begin[a], sets.begin[a + 1]):
        worth += task[sets.task[entry]]
    worth -= sets.held[a] * memory[node]
    return worth


@jit
def _fill_weights(sets: Sets, weight: FloatArray) -> None:
    """Make the weights of each node sum to 1; if it has none, its first set gets it."""
    for j in range(len(sets.room)):
        own = weight[sets.first[j] : sets.first[j + 1]]
        if own.sum() > 0.0:
            own /= own.sum()
        else:
            own[:1] = 1.0


@jit
def _direction(sets: Sets, tasks: int, level: float, weight: FloatArray) -> Vector:
    """Return by how much the weights run tasks too little, and use too much memory."""
    task, memory = np.full(tasks, 1.0 - level), -sets.room
    for j in range(len(sets.room)):
        for a in range(sets.first[j], sets.first[j + 1]):
            if weight[a] == 0.0:
                continue
            memory[j] += weight[a] * sets.held[a]
            for entry in range(sets.begin[a], sets.begin[a + 1]):
                task[sets.task[entry]] -= weight[a]
    return Vector(task, memory)


@jit
def _best_factor(
    center: Vector, toward: Vector, factor: float, pace: Vector, raw: Vector, price: Vector
) -> float:
    """Return the best multiplier of the level for a direction, and fill in its prices."""
    for step in range(_NEWTON + 1):
        slope, curvature = _move(center.task, toward.task, factor, pace.task, raw.task, price.task)
        slope_of_memory, curvature_of_memory = _move(
            center.memory, toward.memory, factor, pace.memory, raw.memory, price.memory
        )
        slope, curvature = slope + slope_of_memory, curvature + curvature_of_memory
        if step == _NEWTON or not curvature > 0.0:
            break
        factor = max(0.0, factor + slope / curvature)
    return factor


@jit_lean
def _move(
    center: FloatArray,
    toward: FloatArray,
    factor: float,
    pace: FloatArray,
    raw: FloatArray,
    price: FloatArray,
) -> tuple[float, float]:
    """Move prices by a multiple of a direction; return the dual's slope and curvature there."""
    slope = curvature = 0.0
    for i in range(len(center)):
        raw[i] = center[i] + pace[i] * factor * toward[i]
        price[i] = max(raw[i], 0.0)
        slope -= toward[i] * price[i]
        curvature += pace[i] * toward[i] ** 2 if raw[i] > 0.0 else 0.0
    return slope, curvature


@jit_lean
def _trade(
    sets: Sets,
    node: int,
    weight: FloatArray,
    factor: float,
    pace: Vector,
    raw: Vector,
    price: Vector,
    mark: FloatArray,
) -> None:
    """Give the set of a node that is worth most weight of the one worth least, while it pays."""
    low = high = -1
    least, most = np.inf, -np.inf
    for a in range(sets.first[node], sets.first[node + 1]):
        worth = _worth(sets, a, node, price.task, price.memory)
        if worth > most:
            high, most = a, worth
        if weight[a] > 0.0 and worth < least:
            low, least = a, worth
    if low < 0 or not most > least:
        return
    for entry in range(sets.begin[high], sets.begin[high + 1]):
        mark[sets.task[entry]] = 1.0
    held = sets.held[high] - sets.held[low]
    curvature = pace.memory[node] * held**2
    for entry in range(sets.begin[low], sets.begin[low + 1]):
        i = sets.task[entry]
        mark[i] -= 1.0
        curvature += pace.task[i] * mark[i] ** 2
    for entry in range(sets.begin[high], sets.begin[high + 1]):
        i = sets.task[entry]
        curvature += pace.task[i] * mark[i] ** 2
    moved = weight[low]
    if curvature > 0.0 and moved * factor * curvature > most - least:
        moved = (most - least) / (factor * curvature)
        weight[low] -= moved
    else:
        weight[low] = 0.0
    weight[high] += moved
    for a in (low, high):
        for entry in range(sets.begin[a], sets.begin[a + 1]):
            i = sets.task[entry]
            raw.task[i] -= pace.task[i] * factor * moved * mark[i]
            price.task[i] = max(raw.task[i], 0.0)
            mark[i] = 0.0
    raw.memory[node] += pace.memory[node] * factor * moved * held
    price.memory[node] = max(raw.memory[node], 0.0)
