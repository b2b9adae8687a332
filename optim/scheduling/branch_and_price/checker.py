"""The checker of certificates: whole numbers and lists of sets, nothing of the solver."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.rounding import next_makespan
from edgeopt.optim.scheduling.certificate import Branch, Certificate, Leaf, Step
from edgeopt.optim.scheduling.checker import CheckError
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem

_EFFORTS = ((0, 0), (100, 0), (100, 100), (10_000, 0), (10_000, 10_000), (1_000_000, 1_000_000))
"""Sets of a knapsack of all tasks, and of one with a task: ever more, until a step is proved."""

_CLOSE_BITS = 28  # a bound is close to the split one at a difference of all prices, so shifted

_FLOAT = 1 + 2.0**-48  # more than rounding takes: floats only say which sets may be left out

_LARGEST = 2**62  # whole numbers from here on do not fit 64 bits, or their sums do not

Mask = NDArray[np.bool_]


class _Numbers(NamedTuple):
    """Whole times (x, k), capacities (x,), memory (k,) and room (x,); times that are too long: 0.

    `fits`, shape (x, k), says which pairs fit by themselves.
    """

    times: IntArray
    capacity: IntArray
    memory: IntArray
    room: IntArray
    fits: Mask


def check_certificate(problem: Problem, certificate: Certificate) -> float:
    """Return the bound on all makespans that a certificate proves, in s.

    No schedule ends within the deadline; the bound is that, or the next makespan that is possible
    where all times are multiples of a unit.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    certificate : Certificate
        Of a result of `BranchAndPrice` or `Frontier`, or from a file.

    Raises
    ------
    CheckError
        If the certificate belongs to another problem, is incomplete, or does not prove what it
        says; also if a knapsack has too many sets to be checked.

    Notes
    -----
    Prices p_i of tasks and v_j of memory refute all schedules with the pairs that are left if the
    tasks are worth more than all nodes together can hold,

        sum_i p_i > sum_j v_j room_j + sum_j max_S sum_(i in S) (p_i - v_j memory_i),

    for sets S that node j runs within the deadline; and they refute a pair if this holds with the
    best of the sets that have the task, for its node. A task with one node left takes its time and
    memory there before. All numbers are whole: times and memory are rounded down.

    Examples
    --------
    >>> from edgeopt import BranchAndPrice, Iterations, load_problem, solve
    >>> from edgeopt.optim.scheduling import check_certificate, read_certificate, write_certificate
    >>> problem = load_problem("rcmax:machines:20x4:seed=1")
    >>> result = solve(problem, BranchAndPrice(), stop=Iterations(1000), rng=1)
    >>> result.makespan, result.status.value
    (366.0, 'optimal')
    >>> write_certificate("proof.json", result.certificate)
    >>> check_certificate(problem, read_certificate("proof.json"))
    366.0
    """
    if certificate.digest != problem.digest:
        raise CheckError("the certificate belongs to another problem")
    numbers = _whole_numbers(problem, certificate)
    tree, done = certificate.tree, 0
    todo = [(0, numbers.fits)]
    while todo:
        number, alive = todo.pop()
        done += 1
        if not 0 <= number < len(tree) or done > len(tree):
            raise CheckError(f"the tree of the certificate has no node {number}")
        node = tree[number]
        _check_pairs(numbers, node, number)
        left = _after_steps(numbers, alive, node.steps, number)
        if not isinstance(node, Branch):
            if left is not None:
                raise CheckError(f"node {number} of the certificate is not refuted")
        elif left is not None:
            on, off = left.copy(), left.copy()
            on[:, node.task] = False
            on[node.node, node.task] = left[node.node, node.task]
            off[node.node, node.task] = False
            todo += [(node.on, on), (node.off, off)]
    return next_makespan(problem, certificate.deadline)


def _check_pairs(numbers: _Numbers, node: Leaf | Branch, number: int) -> None:
    """Raise `CheckError` if a node of the tree names a task or a node that there is not."""
    x, k = numbers.times.shape
    pairs = [step.refuted for step in node.steps]
    if isinstance(node, Branch):
        pairs.append(np.array([[node.node, node.task]]))
    for some in pairs:
        if some.size and ((some < 0) | (some >= (x, k))).any():
            raise CheckError(f"node {number} of the certificate names a pair that there is not")


def _whole_numbers(problem: Problem, certificate: Certificate) -> _Numbers:
    """Return times and memory rounded down, computed as fractions."""
    deadline, unit = certificate.deadline, certificate.unit
    if not (math.isfinite(deadline) and 0 < unit < math.inf):
        raise CheckError("the deadline or the unit of the certificate is no number of seconds")
    whole = math.floor(Fraction(deadline) / Fraction(unit))
    ready = [math.floor(Fraction(r) / Fraction(unit)) for r in ready_times(problem).tolist()]
    capacity = [whole - r for r in ready]
    if whole >= _LARGEST // (problem.tasks + 1) or not 0 < certificate.memory_unit < math.inf:
        raise CheckError("the units of the certificate are too small")
    times = [[_floor(t, unit) for t in row] for row in problem.matrix.T.tolist()]
    memory, room = [0] * problem.tasks, [0] * problem.nodes
    if problem.task_memory is not None and problem.node_capacity is not None:
        # `Problem.fits` allows for the rounding of a sum.
        slack = 1 + problem.tasks * Fraction(2) ** -52
        size = Fraction(certificate.memory_unit)
        memory = [_floor(m, certificate.memory_unit) for m in problem.task_memory.tolist()]
        room = [math.floor(Fraction(c) * slack / size) for c in problem.node_capacity.tolist()]
    if max(max(memory), *room) >= _LARGEST // (problem.tasks + 1):
        raise CheckError("the unit of memory of the certificate is too small")
    fits = np.array(
        [
            [t <= c and m <= r for t, m in zip(row, memory, strict=True)]
            for row, c, r in zip(times, capacity, room, strict=True)
        ]
    )
    kept = [[min(t, _LARGEST) for t in row] for row in times]
    legal = np.where(fits, np.array(kept, dtype=np.int64), 0)
    smallest = [max(c, -1) for c in capacity]
    return _Numbers(legal, np.array(smallest), np.array(memory), np.array(room), fits)


def _floor(value: float, unit: float) -> int:
    """Return the whole number of units in a value, a number that is too large for infinity."""
    return math.floor(Fraction(value) / Fraction(unit)) if math.isfinite(value) else _LARGEST


def _after_steps(
    numbers: _Numbers, alive: Mask, steps: tuple[Step, ...], number: int
) -> Mask | None:
    """Return the pairs left after the steps of a node, None if there is no schedule with them."""
    left = _propagated(numbers, alive)
    for step in steps:
        if left is None:
            return None
        left = _after_step(numbers, left, step, number)
    return left


def _after_step(numbers: _Numbers, left: Mask, step: Step, number: int) -> Mask | None:
    """Return the pairs left after a step, None if there is no schedule with them."""
    total, knapsacks = _knapsacks(numbers, left, step)
    kept = step.refuted.tolist()
    for most, most_with_task in _EFFORTS:
        worth = [_most_profit(each, most) for each in knapsacks]
        spare = total - sum(worth)
        if spare > 0:
            return None
        kept = [
            (j, i)
            for j, i in kept
            if not knapsacks[j].is_below(spare + worth[j], i, most_with_task)
        ]
        if len(step.refuted) and not kept:
            left = left.copy()
            left[tuple(step.refuted.T)] = False
            return _propagated(numbers, left)
    if kept:
        raise CheckError(f"node {number} of the certificate does not refute pair {kept[0]}")
    return left


def _propagated(numbers: _Numbers, alive: Mask) -> Mask | None:
    """Return the pairs for which tasks of one node leave room; None if there is no schedule."""
    while True:
        choices = alive.sum(axis=0)
        fixed = alive & (choices == 1)
        capacity, room = _rest(numbers, fixed)
        used = fixed.any(axis=1)
        if (choices == 0).any() or (capacity[used] < 0).any() or (room[used] < 0).any():
            return None
        fits = (numbers.times <= capacity[:, None]) & (numbers.memory <= room[:, None])
        lost = alive & (choices > 1) & ~fits
        if not lost.any():
            return alive
        alive = alive & ~lost


def _rest(numbers: _Numbers, fixed: Mask) -> tuple[IntArray, IntArray]:
    """Return the time and memory that tasks of one node leave, shapes (x,)."""
    time = np.where(fixed, numbers.times, 0).sum(axis=1)
    memory = np.where(fixed, numbers.memory, 0).sum(axis=1)
    return numbers.capacity - time, numbers.room - memory


class _Item(NamedTuple):
    """A task that a node may run, its profit at given prices and its time."""

    task: int
    profit: int
    time: int


class _Knapsack(NamedTuple):
    """What a node may run in its capacity: items, by falling profit per time.

    A bound so `close` to the split one is not worth the search for a better.
    """

    items: list[_Item]
    capacity: int
    close: int

    def is_below(self, worth: int, task: int, most: int) -> bool:
        """Whether all sets with a task have a lower profit, as far as so many sets tell."""
        others = [item for item in self.items if item.task != task]
        if len(others) == len(self.items):
            raise CheckError(f"the certificate refutes task {task} on a node twice")
        (item,) = (item for item in self.items if item.task == task)
        beside = self._replace(items=others, capacity=self.capacity - item.time)
        known = worth - item.profit - 1
        return _most_profit(beside, most, known) <= known


def _knapsacks(numbers: _Numbers, alive: Mask, step: Step) -> tuple[int, list[_Knapsack]]:
    """Return what all tasks are worth, less the memory of all nodes, and the nodes' knapsacks."""
    k, x = len(numbers.memory), len(numbers.room)
    prices, memory_prices = step.prices.tolist(), step.memory_prices.tolist()
    if len(prices) != k or len(memory_prices) != x or min(prices + memory_prices) < 0:
        raise CheckError("the certificate has a wrong number of prices, or negative ones")
    free = alive.sum(axis=0) > 1
    capacity, room = _rest(numbers, alive & ~free)
    memory = numbers.memory.tolist()
    total = sum(p for p, choice in zip(prices, free, strict=True) if choice)
    if total >= _LARGEST // 4:
        raise CheckError("the prices of the certificate are too large")
    knapsacks, close = [], total >> _CLOSE_BITS
    for j in range(x):
        items = [
            _Item(i, prices[i] - memory_prices[j] * memory[i], int(numbers.times[j, i]))
            for i in np.flatnonzero(alive[j] & free).tolist()
        ]
        knapsacks.append(_Knapsack(sorted(items, key=_loss_per_time), int(capacity[j]), close))
        total -= memory_prices[j] * int(room[j])
    return total, knapsacks


def _loss_per_time(item: _Item) -> tuple[bool, int]:
    """Return what sorts items by falling profit per time, those without time first."""
    # Ratios of numbers below 2**62 that differ do so by more than 2**-124.
    return item.time > 0, (-item.profit << 126) // (item.time or 1)


def _most_profit(knapsack: _Knapsack, most: int, known: int | None = None) -> int:
    """Return an upper bound on the profit of the sets of items that fit.

    It is exact, or close to the split bound, where so many sets are enough. With more, those are
    dropped that exceed the best by little, and the bound exceeds them. If a profit is `known`, a
    bound of at most that is returned if one is found, else any larger number.

    Sets, pairs of the time left and the profit, are the break solution (all items before the first
    that no longer fits), changed at items further and further to both sides of it.
    """
    items = [item for item in knapsack.items if item.profit > 0 and item.time <= knapsack.capacity]
    left, profit, middle = knapsack.capacity, 0, 0
    while middle < len(items) and items[middle].time <= left:
        left, profit = left - items[middle].time, profit + items[middle].profit
        middle += 1
    if middle == len(items):
        return profit
    split = profit + left * items[middle].profit // items[middle].time
    if most == 0 or (known is not None and split <= known):
        return split
    level, enough = max(profit, known or 0), split if known is None else known + 1
    slack = knapsack.close if known is None and most < _EFFORTS[-1][0] else 0
    sets, rise = np.array([[left], [profit]]), knapsack.close + 1
    first, last = middle, middle  # items from first to before last are changed
    while sets.size and level < enough - slack and (first > 0 or last < len(items)):
        if last < len(items) and (first == 0 or last - middle <= middle - first):
            sign, changed, last = 1, items[last], last + 1
        else:
            sign, changed, first = -1, items[first - 1], first - 1
        change = np.array([[-sign * changed.time], [sign * changed.profit]])
        sets = np.hstack([sets, sets + change])
        level = max(level, int(sets[1, sets[0] >= 0].max(initial=0)))
        added = items[last] if last < len(items) else _Item(-1, 0, 1)
        removed = items[first - 1] if first > 0 else _Item(-1, 1, 0)
        sets = _undominated(sets)
        sets = _promising(sets, added, removed, level)
        while sets.shape[1] > most and level < enough - slack:
            if most == _EFFORTS[-1][0]:
                raise CheckError(f"a knapsack of the certificate has more than {most} sets")
            level, rise = level + rise, 2 * rise
            sets = _promising(sets, added, removed, level)
    return min(split, level + slack)


def _undominated(sets: IntArray) -> IntArray:
    """Return the sets to which no other leaves as much time and has their profit."""
    sets = sets[:, np.argsort(-sets[0], kind="stable")]
    highest = np.maximum.accumulate(sets[1])
    return sets[:, np.append(True, sets[1, 1:] > highest[:-1])]


def _promising(sets: IntArray, added: _Item, removed: _Item, level: int) -> IntArray:
    """Return the sets that may reach more than a level.

    Time is filled no better than by the next item that may be added, if it can be split, and
    gained no cheaper than by the next that may be removed.
    """
    left, above = sets[0].astype(np.float64), (sets[1] - level).astype(np.float64)
    fills = left * added.profit * _FLOAT >= -above * added.time
    frees = -left * removed.profit <= above * removed.time * _FLOAT
    return sets[:, np.where(left >= 0.0, (above > 0.0) | fills, (above > 0.0) & frees)]
