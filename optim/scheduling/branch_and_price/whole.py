"""A deadline in whole numbers: rounded down, times and memory only make more schedules legal."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.bounds.rounding import unit_of
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem

BoolArray = NDArray[np.bool_]

_NUDGE = 2.0**-30  # multiples of a unit are rounded down in a unit smaller by this share

_MOST_UNITS = 2.0**29  # of a deadline; beyond, the nudge would add one

_MEMORY_BITS = 20  # of capacities without a unit, or with a fine one

_TOTAL_BITS = 51  # whole floats of more bits cannot all be added


class Whole(NamedTuple):
    """Which sets of tasks the nodes can run within a deadline, in whole numbers kept as floats.

    Attributes
    ----------
    times : ndarray, shape (x, k)
        Times rounded down to `unit`; infinite where the node cannot run the task in time.
    capacity : ndarray, shape (x,)
        The time of each node in `unit`, negative for nodes that are ready after the deadline.
    memory, room : ndarray, shapes (k,) and (x,)
        Memory of tasks and nodes rounded down to `memory_unit`; zeros where the problem has none.
    deadline, unit, memory_unit : float
        In s, s and byte.
    """

    times: FloatArray
    capacity: FloatArray
    memory: FloatArray
    room: FloatArray
    deadline: float
    unit: float
    memory_unit: float

    @property
    def alive(self) -> BoolArray:
        """The pairs of node and task, shape (x, k), that fit by themselves."""
        return (self.times <= self.capacity[:, None]) & (self.memory <= self.room[:, None])


def whole_problem(problem: Problem, deadline: float, unit: float) -> Whole:
    """Return the deadline in whole numbers.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    deadline : float
        In s.
    unit : float
        Of the times, see `makespan_unit`; 0 where they have none.
    """
    coarse = unit > 0.0 and deadline / unit < _MOST_UNITS
    step = unit * (1 - _NUDGE) if coarse else _fine_unit(deadline, problem.tasks)
    with np.errstate(over="ignore"):
        times = np.floor(problem.matrix.T / step)
        capacity = np.floor(deadline / step) - np.floor(ready_times(problem) / step)
    memory, room, memory_step = _whole_memory(problem)
    return Whole(np.ascontiguousarray(times), capacity, memory, room, deadline, step, memory_step)


def _fine_unit(deadline: float, tasks: int) -> float:
    """Return a power of 2 that divides times without rounding; sums of k times stay exact."""
    return math.ldexp(1.0, max(math.frexp(deadline)[1] - _fine_bits(tasks), -1074))


def fine_share(tasks: int) -> float:
    """Return by what share a load may exceed a deadline that it meets in fine units."""
    return 4 * tasks * 2.0 ** -_fine_bits(tasks)


def _fine_bits(tasks: int) -> int:
    """Return the bits of a deadline without a unit."""
    return _TOTAL_BITS - math.ceil(math.log2(tasks + 1))


def _whole_memory(problem: Problem) -> tuple[FloatArray, FloatArray, float]:
    """Return memory and room, and their unit in byte."""
    if problem.task_memory is None:
        return np.zeros(problem.tasks), np.zeros(problem.nodes), 1.0
    memory, capacity = memory_arrays(problem)
    # `Problem.fits` allows for the rounding of a sum; twice that is enough for ours.
    most = capacity * (1 + 2 * problem.tasks * np.finfo(np.float64).eps)
    unit, largest = unit_of(memory) * (1 - _NUDGE), float(most.max()) or 1.0
    if not largest < unit * 2.0**_MEMORY_BITS:
        unit = math.ldexp(1.0, math.frexp(largest)[1] - _MEMORY_BITS)
    return np.floor(memory / unit), np.floor(most / unit), unit


# What the choices made so far imply.


class Node(NamedTuple):
    """What is left of a problem once some tasks can run on one node only.

    Attributes
    ----------
    alive : ndarray of bool, shape (x, k)
        The pairs of node and task that are left.
    free : ndarray of bool, shape (k,)
        Tasks with a choice.
    capacity, room : ndarray, shape (x,)
        Time and memory that the other tasks leave.
    """

    alive: BoolArray
    free: BoolArray
    capacity: FloatArray
    room: FloatArray

    @property
    def is_possible(self) -> bool:
        """Whether each task has a node, and no node has too many tasks."""
        fits = bool((self.capacity[self.alive.any(axis=1)] >= 0).all() and (self.room >= 0).all())
        return fits and bool(self.alive.any(axis=0).all())


def propagate(whole: Whole, alive: BoolArray) -> Node:
    """Return what is left: tasks of one node take their room, and pairs without room are dropped.

    Parameters
    ----------
    whole : Whole
        The deadline.
    alive : ndarray of bool, shape (x, k)
        The pairs that may be used; it is left alone.
    """
    times = np.where(whole.alive, whole.times, 0.0)
    alive = alive & whole.alive
    while True:
        single = alive.sum(axis=0) == 1
        fixed = alive & single
        capacity = whole.capacity - (fixed * times).sum(axis=1)
        room = whole.room - fixed @ whole.memory
        fits = (times <= capacity[:, None]) & (whole.memory <= room[:, None])
        node = Node(alive, ~single, capacity, room)
        lost = alive & ~single & ~fits
        if not lost.any() or not node.is_possible:
            return node
        alive = alive & ~lost
