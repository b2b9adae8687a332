"""Min-Min, in O(k x) after sorting the tasks once for each node."""

from __future__ import annotations

import numpy as np

from edgeopt.optim.jit import jit, time_of
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import SchedulingProblem, UniformTimes


def min_min(problem: SchedulingProblem, rng: np.random.Generator) -> IntArray:
    """Assign repeatedly the task that can be completed first, to the node that completes it.

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

    Notes
    -----
    On each node the least completion time is that of the unassigned task of least execution time
    there. With the tasks sorted once for each node, a round costs O(x).

    References
    ----------
    Ibarra and Kim 1977; Ezzatti, Pedemonte, Martin, "An efficient implementation of the Min-Min
    heuristic", Computers & Operations Research 40, 2013.

    Examples
    --------
    >>> from edgeopt import SchedulingProblem, min_min, solve
    >>> problem = SchedulingProblem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, min_min).assignment
    array([0, 1, 1])
    """
    memory, capacity = memory_arrays(problem)
    return _earliest_pair(
        problem.et, _tasks_by_time(problem), memory, capacity, ready_times(problem)
    )


def _tasks_by_time(problem: SchedulingProblem) -> IntArray:
    """Return the tasks by rising execution time for each node, shape (x, k), ties by index."""
    et = problem.et
    if isinstance(et, UniformTimes):
        # The order is the same on every node: one row in memory, visible x times.
        order = np.argsort(et.work, kind="stable").astype(np.int32)
        return np.broadcast_to(order, (problem.nodes, problem.tasks))
    return np.argsort(et.T, axis=1, kind="stable").astype(np.int32)


@jit
def _earliest_pair(
    et: FloatArray | UniformTimes,
    by_time: IntArray,
    memory: FloatArray,
    capacity: FloatArray,
    ready: FloatArray,
) -> IntArray:
    """Assign the pair of least completion time until no task is left or none fits."""
    nodes, tasks = by_time.shape
    loads, used = ready.copy(), np.zeros(nodes)
    first = np.zeros(nodes, dtype=np.int64)  # in each node's list, the first task not passed over
    assignment = np.full(tasks, -1)
    for _ in range(tasks):
        best, earliest, chosen = -1, np.inf, -1
        for j in range(nodes):
            # Memory is never freed: a task that is assigned or does not fit is skipped for good.
            while first[j] < tasks and (
                assignment[by_time[j, first[j]]] >= 0
                or used[j] + memory[by_time[j, first[j]]] > capacity[j]
            ):
                first[j] += 1
            if first[j] == tasks:
                continue
            i = by_time[j, first[j]]
            completion = loads[j] + time_of(et, i, j)
            # Ties go to the lowest task, then to the lowest node.
            if completion < earliest or (completion == earliest and i < chosen):
                best, earliest, chosen = j, completion, i
        if best < 0:
            break
        assignment[chosen] = best
        loads[best] = earliest
        used[best] += memory[chosen]
    return assignment
