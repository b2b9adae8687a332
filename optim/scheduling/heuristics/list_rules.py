"""Minimum completion time, and its form that takes long tasks first (LPT)."""

from __future__ import annotations

import numpy as np

from edgeopt.optim.jit import jit, time_of
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import SchedulingProblem, UniformTimes


def mct(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Give each task, in order of arrival, to the node that completes it first.

    Parameters
    ----------
    problem : SchedulingProblem
        Tasks arrive in order of their index.
    rng : Generator
        Not used.

    Returns
    -------
    ndarray, shape (k,)
        Node of each task; -1 where it fits no node.

    References
    ----------
    Braun et al. 2001 (MCT); on uniform machines it is greedy list scheduling.

    Examples
    --------
    >>> from edgeopt import SchedulingProblem, mct, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, mct).assignment
    array([0, 1, 1])
    """
    memory, capacity = memory_arrays(problem)
    ready = ready_times(problem)
    return _earliest_completion(problem.et, np.arange(problem.tasks), memory, capacity, ready)


def lpt(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Longest processing time first: MCT over the tasks by falling mean execution time.

    On uniform machines this is LPT of Gonzalez, Ibarra and Sahni 1977; on unrelated ones a task
    has no single length, and its mean over the nodes is taken. Parameters and return value as for
    `mct`.

    Examples
    --------
    >>> from edgeopt import SchedulingProblem, lpt, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, lpt).assignment
    array([0, 0, 1])
    """
    memory, capacity = memory_arrays(problem)
    ready = ready_times(problem)
    return _earliest_completion(problem.et, longest_first(problem), memory, capacity, ready)


def longest_first(problem: SchedulingProblem) -> IntArray:
    """Return the tasks by falling mean execution time, ties by index, shape (k,)."""
    et = problem.et
    length = et.work if isinstance(et, UniformTimes) else et.mean(axis=1)
    return np.argsort(-length, kind="stable")


@jit
def _earliest_completion(
    et: FloatArray | UniformTimes,
    order: IntArray,
    memory: FloatArray,
    capacity: FloatArray,
    ready: FloatArray,
) -> IntArray:
    """Assign tasks in `order` to the node of least completion time, ties to the lowest index."""
    nodes = len(capacity)
    loads, used = ready.copy(), np.zeros(nodes)
    assignment = np.full(len(order), -1)
    for i in order:
        best, earliest = -1, np.inf
        for j in range(nodes):
            completion = loads[j] + time_of(et, i, j)
            if completion < earliest and used[j] + memory[i] <= capacity[j]:
                best, earliest = j, completion
        if best < 0:
            break
        assignment[i] = best
        loads[best] = earliest
        used[best] += memory[i]
    return assignment


# First come, first served: both rules that the literature calls so.


def fcfs(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Give each task, in order of arrival, to the node that is free first.

    A queue with x servers; called FCFS in queueing and OLB (opportunistic load balancing) by
    Braun et al. 2001. Execution times are not looked at.

    Parameters
    ----------
    problem : SchedulingProblem
        Tasks arrive in order of their index.
    rng : Generator
        Not used.

    Returns
    -------
    ndarray, shape (k,)
        Node of each task; -1 where it fits no node.

    Examples
    --------
    >>> from edgeopt import SchedulingProblem, fcfs, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, fcfs).assignment
    array([0, 1, 1])
    """
    memory, capacity = memory_arrays(problem)
    return _first_free(problem.et, memory, capacity, ready_times(problem))


def round_robin(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Give task i to node i mod x, or to the next one in turn that has room.

    The other rule that is called FCFS: tasks in order of arrival, nodes in turn. Parameters and
    return value as for `fcfs`.

    Examples
    --------
    >>> from edgeopt import SchedulingProblem, round_robin, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, round_robin).assignment
    array([0, 1, 0])
    """
    memory, capacity = memory_arrays(problem)
    return _in_turn(memory, capacity)


@jit
def _first_free(
    et: FloatArray | UniformTimes, memory: FloatArray, capacity: FloatArray, ready: FloatArray
) -> IntArray:
    """Assign each task to the node of least load that has room, ties to the lowest index."""
    tasks, nodes = len(memory), len(capacity)
    loads, used = ready.copy(), np.zeros(nodes)
    assignment = np.full(tasks, -1)
    for i in range(tasks):
        best = -1
        for j in range(nodes):
            if used[j] + memory[i] <= capacity[j] and (best < 0 or loads[j] < loads[best]):
                best = j
        if best < 0:
            break
        assignment[i] = best
        loads[best] += time_of(et, i, best)
        used[best] += memory[i]
    return assignment


@jit
def _in_turn(memory: FloatArray, capacity: FloatArray) -> IntArray:
    """Assign each task to the next node in turn that has room."""
    tasks, nodes = len(memory), len(capacity)
    used = np.zeros(nodes)
    assignment = np.full(tasks, -1)
    node = 0
    for i in range(tasks):
        for _ in range(nodes):
            if used[node] + memory[i] <= capacity[node]:
                assignment[i] = node
                used[node] += memory[i]
                break
            node = (node + 1) % nodes
        node = (node + 1) % nodes
    return assignment


# Minimum execution time.


def met(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Give each task to the node that executes it fastest, whatever its load.

    This minimises the total time Z_y, the paper's quality of an ant; where one node is fastest
    for all, it gets all (Braun et al. 2001, MET).

    Parameters
    ----------
    problem : SchedulingProblem
        Tasks arrive in order of their index, which matters only for memory.
    rng : Generator
        Not used.

    Returns
    -------
    ndarray, shape (k,)
        Node of each task; -1 where it fits no node.

    Examples
    --------
    >>> from edgeopt import SchedulingProblem, met, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, met).assignment
    array([0, 1, 0])
    """
    memory, capacity = memory_arrays(problem)
    return _fastest(problem.et, memory, capacity)


@jit
def _fastest(et: FloatArray | UniformTimes, memory: FloatArray, capacity: FloatArray) -> IntArray:
    """Assign each task to the node of least execution time that has room."""
    tasks, nodes = len(memory), len(capacity)
    used = np.zeros(nodes)
    assignment = np.full(tasks, -1)
    for i in range(tasks):
        best, least = -1, np.inf
        for j in range(nodes):
            time = time_of(et, i, j)
            if time < least and used[j] + memory[i] <= capacity[j]:
                best, least = j, time
        if best < 0:
            break
        assignment[i] = best
        used[best] += memory[i]
    return assignment
