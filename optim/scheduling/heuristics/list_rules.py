"""List rules, which place one task after the other: MCT, LPT, both kinds of FCFS, and MET.

A task goes only to nodes that can run it, here and in the batch rules: "node" stands for those.
"""

from __future__ import annotations

import numpy as np

from edgeopt.optim.jit import jit, time_of
from edgeopt.optim.scheduling.arrays import mean_times, memory_arrays, ready_times
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.memory import best_fit_decreasing
from edgeopt.problems.scheduling.problem import Problem, UniformTimes, assigned_times


def mct(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign each task, in order of arrival, to the node that completes it first.

    Parameters
    ----------
    problem : Problem
        Tasks arrive in order of their index.
    rng : Generator
        Not used.

    Returns
    -------
    ndarray, shape (k,)
        Node of each task; -1 where no node that can run it has room.

    References
    ----------
    Braun et al. 2001 (MCT); on uniform machines this is greedy list scheduling.

    Examples
    --------
    >>> from edgeopt import Problem, mct, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, mct).assignment
    array([0, 1, 1])
    """
    return _place(problem, np.arange(problem.tasks), by_load=True, by_time=True)


def lpt(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Longest processing time first: MCT over the tasks by falling mean execution time.

    On uniform machines this is LPT of Gonzalez, Ibarra and Sahni 1977; on unrelated ones a task
    has no single length, and its mean over the nodes that can run it is taken. Parameters and
    return value are those of `mct`.

    Examples
    --------
    >>> from edgeopt import Problem, lpt, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, lpt).assignment
    array([0, 0, 1])
    """
    return _place(problem, longest_first(problem), by_load=True, by_time=True)


def fcfs(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign each task, in order of arrival, to the node that is free first.

    This is a queue with x servers: FCFS in queueing theory, OLB (opportunistic load balancing) in
    Braun et al. 2001. Execution times do not enter the choice. Parameters and return value are
    those of `mct`.

    Examples
    --------
    >>> from edgeopt import Problem, fcfs, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, fcfs).assignment
    array([0, 1, 1])
    """
    return _place(problem, np.arange(problem.tasks), by_load=True, by_time=False)


def round_robin(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign task i to node i mod x, or to the next one in turn that can run it and has room.

    The other rule that is called FCFS: tasks in order of arrival, nodes in turn. Parameters and
    return value are those of `mct`.

    Examples
    --------
    >>> from edgeopt import Problem, round_robin, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, round_robin).assignment
    array([0, 1, 0])
    """
    memory, capacity = memory_arrays(problem)
    return _in_turn(problem.et, memory, capacity)


def met(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign each task to the node that executes it fastest, whatever its load.

    This minimises the total time Z_y, the paper's cost of an ant. A node that is fastest for all
    tasks gets them all (Braun et al. 2001, MET). Parameters and return value are those of `mct`;
    the order of the tasks matters only for memory.

    Examples
    --------
    >>> from edgeopt import Problem, met, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, met).assignment
    array([0, 1, 0])
    """
    return _place(problem, np.arange(problem.tasks), by_load=False, by_time=True)


def longest_first(problem: Problem) -> IntArray:
    """Return the tasks by falling mean execution time, ties by index, shape (k,)."""
    et = problem.et
    length = et.work if isinstance(et, UniformTimes) else mean_times(problem, axis=1)
    return np.argsort(-length, kind="stable")


def _place(problem: Problem, order: IntArray, by_load: bool, by_time: bool) -> IntArray:
    """Assign the tasks in `order` by load, by execution time, or by the sum of both."""
    memory, capacity = memory_arrays(problem)
    restricted = problem.allowed is not None and not by_time
    loads, used = ready_times(problem).copy(), np.zeros(problem.nodes)
    assignment = np.full(problem.tasks, -1)
    _one_by_one(
        problem.et, order, memory, capacity, loads, used, assignment, by_load, by_time, restricted
    )
    return assignment


def complete(problem: Problem, assignment: IntArray) -> IntArray:
    """Return the assignment with the tasks at -1 placed by `lpt`: what a rule had no time for.

    If a task finds no room, all are packed by best fit; if that fails too, it stays at -1.
    """
    memory, capacity = memory_arrays(problem)
    done, placed = assignment.copy(), assignment >= 0
    nodes = np.where(placed, assignment, 0)
    times = np.where(placed, assigned_times(problem.et, nodes), 0.0)
    loads = ready_times(problem) + np.bincount(nodes, times, problem.nodes)
    used = np.bincount(nodes, np.where(placed, memory, 0.0), problem.nodes).astype(np.float64)
    order = longest_first(problem)
    _one_by_one(
        problem.et, order[done[order] < 0], memory, capacity, loads, used, done, True, True, False
    )
    packed = best_fit_decreasing(memory, capacity, problem.allowed) if (done < 0).any() else None
    return done if packed is None else packed


@jit
def _one_by_one(
    et: FloatArray | UniformTimes,
    order: IntArray,
    memory: FloatArray,
    capacity: FloatArray,
    loads: FloatArray,
    used: FloatArray,
    assignment: IntArray,
    by_load: bool,
    by_time: bool,
    restricted: bool,
) -> None:
    """Assign tasks in `order`, each to the node with room of least key, ties to the lowest index.

    Loads in s, memory used in byte and the assignment change. The key is the node's load, the
    task's execution time there, or their sum, the completion time. Nodes that cannot run the task
    do not count; only a key without the time has to look at that.
    """
    nodes = len(capacity)
    for i in order:
        best, least = -1, np.inf
        for j in range(nodes):
            # Both flags are the same for all nodes: the compiler takes the choice out of the loop.
            key = loads[j] if by_load else 0.0
            if by_time:
                key += time_of(et, i, j)
            if (
                key < least
                and used[j] + memory[i] <= capacity[j]
                and (not restricted or time_of(et, i, j) < np.inf)
            ):
                best, least = j, key
        if best < 0:
            break
        assignment[i] = best
        loads[best] += time_of(et, i, best)
        used[best] += memory[i]


@jit
def _in_turn(et: FloatArray | UniformTimes, memory: FloatArray, capacity: FloatArray) -> IntArray:
    """Assign each task to the next node in turn that can run it and has room."""
    tasks, nodes = len(memory), len(capacity)
    used = np.zeros(nodes)
    assignment = np.full(tasks, -1)
    node = 0
    for i in range(tasks):
        for _ in range(nodes):
            if used[node] + memory[i] <= capacity[node] and time_of(et, i, node) < np.inf:
                assignment[i] = node
                used[node] += memory[i]
                break
            node = (node + 1) % nodes
        # After a task without room, all nodes have been tried, and the turn is where it was.
        node = (node + 1) % nodes
    return assignment
