"""Max-Min and Sufferage: the task with the best claim first, by its two best nodes."""

from __future__ import annotations

import numpy as np

from optim.jit import jit, time_of
from optim.scheduling.memory import memory_arrays
from optim.solver import IntArray
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed


def max_min(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Assign, again and again, the task whose earliest completion is latest, to that node.

    Parameters
    ----------
    problem : SchedulingProblem
        All tasks are known at the start.
    rng : Generator
        Not used.

    Returns
    -------
    ndarray, shape (k,)
        Node of each task; -1 where it fits no node.

    References
    ----------
    Ibarra and Kim 1977; Braun et al. 2001.
    """
    return _by_claim(problem.et, *memory_arrays(problem), False)


def sufferage(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Assign, again and again, the task that would suffer most from its second-best node.

    The sufferage is the difference of the two least completion times. Parameters and return value
    as for `max_min`. With one node left, a task's second-best completion is infinite.

    References
    ----------
    Maheswaran, Ali, Siegel, Hensgen, Freund, "Dynamic mapping of a class of independent tasks
    onto heterogeneous computing systems", J. Parallel Distrib. Comput. 59, 1999.
    """
    return _by_claim(problem.et, *memory_arrays(problem), True)


@jit
def _by_claim(
    et: FloatArray | WorkSpeed, memory: FloatArray, capacity: FloatArray, suffering: bool
) -> IntArray:
    """Assign the open task of largest claim to its best node until none is left or none fits.

    A claim is the sufferage, or else the earliest completion. It changes only for the tasks
    whose best or second-best node has just got a task, so only those are looked at anew.
    """
    tasks, nodes = len(memory), len(capacity)
    loads, used = np.zeros(nodes), np.zeros(nodes)
    assignment = np.full(tasks, -1)
    best, second = np.full(tasks, -1), np.full(tasks, -1)
    claim = np.empty(tasks)
    open_tasks = np.arange(tasks)
    changed = -1  # no node yet: look at all tasks
    for left in range(tasks, 0, -1):
        chosen = 0
        for p in range(left):
            i = open_tasks[p]
            if best[i] == changed or second[i] == changed:
                _two_best(et, i, loads, used, memory, capacity, best, second, claim, suffering)
            if claim[i] > claim[open_tasks[chosen]] or (
                claim[i] == claim[open_tasks[chosen]] and i < open_tasks[chosen]
            ):
                chosen = p
        task = open_tasks[chosen]
        changed = best[task]
        if changed < 0:
            break
        assignment[task] = changed
        loads[changed] += time_of(et, task, changed)
        used[changed] += memory[task]
        open_tasks[chosen] = open_tasks[left - 1]
    return assignment


@jit
def _two_best(
    et: FloatArray | WorkSpeed,
    task: int,
    loads: FloatArray,
    used: FloatArray,
    memory: FloatArray,
    capacity: FloatArray,
    best: IntArray,
    second: IntArray,
    claim: FloatArray,
    suffering: bool,
) -> None:
    """Find the task's two nodes of least completion time and its claim."""
    first_node, second_node = -2, -2  # none: never equal to a node that has changed
    first_time, second_time = np.inf, np.inf
    for j in range(len(loads)):
        if used[j] + memory[task] > capacity[j]:
            continue
        completion = loads[j] + time_of(et, task, j)
        if completion < first_time:
            second_node, second_time = first_node, first_time
            first_node, first_time = j, completion
        elif completion < second_time:
            second_node, second_time = j, completion
    best[task], second[task] = first_node, second_node
    claim[task] = second_time - first_time if suffering and first_node >= 0 else first_time
