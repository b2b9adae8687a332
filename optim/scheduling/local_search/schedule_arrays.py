"""The arrays of a schedule that moves change: loads, memory, tasks and ends of each node."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean, time_of
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


class Instance(NamedTuple):
    """A problem's arrays.

    Attributes
    ----------
    et : ndarray, shape (k, x), or UniformTimes
        Execution times in s (1).
    memory : ndarray, shape (k,)
        Memory of each task in byte.
    capacity : ndarray, shape (x,)
        Memory of each node in byte.
    ready : ndarray, shape (x,)
        When each node can start in s.
    """

    et: FloatArray | UniformTimes
    memory: FloatArray
    capacity: FloatArray
    ready: FloatArray


class ScheduleArrays(NamedTuple):
    """An assignment and all that follows from it.

    Attributes
    ----------
    assignment : ndarray of int, shape (k,)
        Node of each task.
    loads, used : ndarray, shape (x,)
        When the node's tasks end in s, and the memory that they use in byte.
    ends : ndarray, shape (x,)
        The loads of nodes with tasks, 0 for nodes without.
    first : ndarray of int, shape (x,)
        First task in the list of each node, or -1.
    following, previous : ndarray of int, shape (k,)
        The next and the previous task in the list of the same node, or -1.
    ranks : ndarray of int, shape (2 x,)
        Tournament tree of the ends (`rank_nodes`).
    """

    assignment: IntArray
    loads: FloatArray
    used: FloatArray
    ends: FloatArray
    first: IntArray
    following: IntArray
    previous: IntArray
    ranks: IntArray


def instance_of(problem: Problem) -> Instance:
    """Return the arrays of `problem`, the times in their own form."""
    return Instance(problem.et, *memory_arrays(problem), ready_times(problem))


def empty_schedule(instance: Instance) -> ScheduleArrays:
    """Return a schedule to be filled by `read_assignment`."""
    k, x = len(instance.memory), len(instance.capacity)
    tasks = [np.full(k, -1) for _ in range(3)]
    return ScheduleArrays(
        assignment=tasks[0],
        loads=np.zeros(x),
        used=np.zeros(x),
        ends=np.zeros(x),
        first=np.full(x, -1),
        following=tasks[1],
        previous=tasks[2],
        ranks=np.zeros(2 * x, dtype=np.int64),
    )


@jit_lean
def read_assignment(instance: Instance, schedule: ScheduleArrays, assignment: IntArray) -> None:
    """Read an assignment, shape (k,); the nodes' lists are in the order of the tasks."""
    for node in range(len(schedule.loads)):
        schedule.first[node] = -1
    # A task is put at the head of its list: from the last to the first, lists come out in order.
    for task in range(len(assignment) - 1, -1, -1):
        _enlist(schedule, task, assignment[task])
    for node in range(len(schedule.loads)):
        recount(instance, schedule, node)
    rank_nodes(schedule.ranks, schedule.ends)


@jit_lean
def shift(instance: Instance, schedule: ScheduleArrays, task: int, node: int) -> None:
    """Move `task` to `node`; update loads and memory, up to rounding, but not the ranks."""
    origin = schedule.assignment[task]
    schedule.loads[origin] -= time_of(instance.et, task, origin)
    schedule.used[origin] -= instance.memory[task]
    schedule.loads[node] += time_of(instance.et, task, node)
    schedule.used[node] += instance.memory[task]
    # The task leaves the doubly linked list of its node in constant time.
    before, after = schedule.previous[task], schedule.following[task]
    if before < 0:
        schedule.first[origin] = after
    else:
        schedule.following[before] = after
    if after >= 0:
        schedule.previous[after] = before
    _enlist(schedule, task, node)


@jit_lean
def schedule_makespan(schedule: ScheduleArrays) -> float:
    """Return the end of the critical node in s."""
    makespan: float = schedule.ends[schedule.ranks[1]]
    return makespan


@jit_lean
def settle(instance: Instance, schedule: ScheduleArrays, node: int) -> None:
    """Recompute a node's load and memory, without the rounding of shifts, and rank it again."""
    recount(instance, schedule, node)
    lift(schedule.ranks, schedule.ends, node)


@jit_lean
def recount(instance: Instance, schedule: ScheduleArrays, node: int) -> None:
    """Sum load and memory of a node over its tasks."""
    load, used = instance.ready[node], 0.0
    task = schedule.first[node]
    while task >= 0:
        load += time_of(instance.et, task, node)
        used += instance.memory[task]
        task = schedule.following[task]
    schedule.loads[node] = load
    schedule.ends[node] = load if schedule.first[node] >= 0 else 0.0
    schedule.used[node] = used


@jit_lean
def _enlist(schedule: ScheduleArrays, task: int, node: int) -> None:
    """Put a task at the head of a node's list."""
    head = schedule.first[node]
    schedule.assignment[task] = node
    schedule.following[task] = head
    schedule.previous[task] = -1
    schedule.first[node] = task
    if head >= 0:
        schedule.previous[head] = task


# A tournament tree of the ends gives the critical node, which ends last, in constant time.


@jit_lean
def rank_nodes(ranks: IntArray, ends: FloatArray) -> None:
    """Build the tree, shape (2 x,): leaf x + j is node j, ranks[1] the node that ends last."""
    x = len(ends)
    for node in range(x):
        ranks[x + node] = node
    for place in range(x - 1, 0, -1):
        ranks[place] = _winner(ranks, ends, place)


@jit_lean
def lift(ranks: IntArray, ends: FloatArray, node: int) -> None:
    """Repeat the log2(x) comparisons of a node whose end has changed."""
    place = (len(ends) + node) // 2
    while place > 0:
        ranks[place] = _winner(ranks, ends, place)
        place //= 2


@jit_lean
def _winner(ranks: IntArray, ends: FloatArray, place: int) -> int:
    """Return which of the two nodes below a place of the tree ends later."""
    left, right = ranks[2 * place], ranks[2 * place + 1]
    winner: int = left if ends[left] >= ends[right] else right
    return winner
