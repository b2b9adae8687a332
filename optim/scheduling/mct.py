"""Minimum completion time, and its form that takes long tasks first (LPT)."""

from __future__ import annotations

import numpy as np

from optim.jit import jit, time_of
from optim.scheduling.memory import memory_arrays
from optim.scheduling.ready import ready_times
from optim.solver import IntArray
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed


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
    """
    memory, capacity = memory_arrays(problem)
    ready = ready_times(problem)
    return _earliest_completion(problem.et, np.arange(problem.tasks), memory, capacity, ready)


def lpt(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Longest processing time first: MCT over the tasks by falling mean execution time.

    On uniform machines this is LPT of Gonzalez, Ibarra and Sahni 1977; on unrelated ones a task
    has no single length, and its mean over the nodes is taken. Parameters and return value as for
    `mct`.
    """
    memory, capacity = memory_arrays(problem)
    ready = ready_times(problem)
    return _earliest_completion(problem.et, longest_first(problem), memory, capacity, ready)


def longest_first(problem: SchedulingProblem) -> IntArray:
    """Return the tasks by falling mean execution time, ties by index, shape (k,)."""
    et = problem.et
    length = et.work if isinstance(et, WorkSpeed) else et.mean(axis=1)
    return np.argsort(-length, kind="stable")


@jit
def _earliest_completion(
    et: FloatArray | WorkSpeed,
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
