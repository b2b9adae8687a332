"""First come, first served: both rules that the literature calls so."""

from __future__ import annotations

import numpy as np

from optim.jit import jit, time_of
from optim.scheduling.memory import memory_arrays
from optim.scheduling.ready import ready_times
from optim.solver import IntArray
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed


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
    """
    memory, capacity = memory_arrays(problem)
    return _first_free(problem.et, memory, capacity, ready_times(problem))


def round_robin(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Give task i to node i mod x, or to the next one in turn that has room.

    The other rule that is called FCFS: tasks in order of arrival, nodes in turn. Parameters and
    return value as for `fcfs`.
    """
    memory, capacity = memory_arrays(problem)
    return _in_turn(memory, capacity)


@jit
def _first_free(
    et: FloatArray | WorkSpeed, memory: FloatArray, capacity: FloatArray, ready: FloatArray
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
