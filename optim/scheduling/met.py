"""Minimum execution time."""

from __future__ import annotations

import numpy as np

from optim.jit import jit, time_of
from optim.scheduling.memory import memory_arrays
from optim.solver import IntArray
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed


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
    """
    memory, capacity = memory_arrays(problem)
    return _fastest(problem.et, memory, capacity)


@jit
def _fastest(et: FloatArray | WorkSpeed, memory: FloatArray, capacity: FloatArray) -> IntArray:
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
