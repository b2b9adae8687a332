"""Batch rules, which compare all open tasks at each step: Min-Min, Max-Min and Sufferage.

When the time of a run is up, the tasks that are still open are placed by `lpt`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, time_of
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.heuristics.list_rules import complete
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_KINDS_AT_ONCE = 3_000_000  # looked at in one call of a kernel, 0.06 s


def min_min(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign repeatedly the task that can be completed first, to the node that completes it.

    All tasks are known at the start; parameters and return value are those of `edgeopt.mct`.

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
    >>> from edgeopt import Problem, min_min, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, min_min).assignment
    array([0, 1, 1])
    """
    memory, capacity = memory_arrays(problem)
    by_time = _tasks_by_time(problem)
    if by_time is None:
        return complete(problem, np.full(problem.tasks, -1))
    return _earliest_pair(problem.et, by_time, memory, capacity, ready_times(problem))


def _tasks_by_time(problem: Problem) -> IntArray | None:
    """Return the tasks by rising execution time for each node, shape (x, k), ties by index.

    None if the time of the run is up before they are sorted.
    """
    et = problem.et
    if isinstance(et, UniformTimes):
        # The order is the same on every node: one row in memory, visible x times.
        order: IntArray = np.argsort(et.work, kind="stable").astype(np.int32)
        return np.broadcast_to(order, (problem.nodes, problem.tasks))
    sorted_tasks: IntArray = np.empty(et.T.shape, dtype=np.int32)
    for j in range(problem.nodes):
        sorted_tasks[j] = np.argsort(et[:, j], kind="stable")
        if is_over():
            return None
    return sorted_tasks


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


# Max-Min and Sufferage: the task of largest claim first, by its two best nodes.


def max_min(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign repeatedly the task of latest earliest completion, to the node of that completion.

    Parameters and return value are those of `min_min`.

    References
    ----------
    Ibarra and Kim 1977; Braun et al. 2001.

    Examples
    --------
    >>> from edgeopt import Problem, max_min, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, max_min).assignment
    array([1, 0, 0])
    """
    return _by_claim(problem, suffering=False)


def sufferage(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Assign repeatedly the task that would suffer most from its second-best node.

    The sufferage is the difference of the two least completion times; it is infinite where only
    one node has room. Parameters and return value are those of `min_min`.

    References
    ----------
    Maheswaran, Ali, Siegel, Hensgen, Freund, "Dynamic mapping of a class of independent tasks
    onto heterogeneous computing systems", J. Parallel Distrib. Comput. 59, 1999.

    Examples
    --------
    >>> from edgeopt import Problem, solve, sufferage
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, sufferage).assignment
    array([0, 1, 1])
    """
    return _by_claim(problem, suffering=True)


class _Claims(NamedTuple):
    """The open tasks, kind by kind, with their claims.

    Attributes
    ----------
    members : ndarray of int, shape (k,)
        The tasks, kind by kind.
    starts : ndarray of int, shape (kinds + 1,)
        Where each kind starts.
    following : ndarray of int, shape (kinds,)
        The place of the first member of each kind that is not assigned.
    open_kinds : ndarray of int, shape (kinds,)
        The kinds with members left come first.
    best, second : ndarray of int, shape (kinds,)
        The two nodes on which a task of each kind completes first, -2 for none.
    claim : ndarray, shape (kinds,)
        In s.
    loads, used : ndarray, shape (x,)
        Of the nodes, in s and byte.
    assignment : ndarray of int, shape (k,)
        -1 for open tasks.
    counts : ndarray of int, shape (2,)
        Number of open kinds, and the node that has received the last task.
    """

    members: IntArray
    starts: IntArray
    following: IntArray
    open_kinds: IntArray
    best: IntArray
    second: IntArray
    claim: FloatArray
    loads: FloatArray
    used: FloatArray
    assignment: IntArray
    counts: IntArray


def _by_claim(problem: Problem, suffering: bool) -> IntArray:
    """Assign the task of largest claim until no task is left, one fits nowhere, or time is up.

    The claim is the sufferage, or otherwise the earliest completion.
    """
    members, starts = _kinds(problem)
    kinds, (memory, capacity) = len(starts) - 1, memory_arrays(problem)
    claims = _Claims(
        members=members,
        starts=starts,
        following=starts[:-1].copy(),
        open_kinds=np.arange(kinds),
        best=np.full(kinds, -1),
        second=np.full(kinds, -1),
        claim=np.empty(kinds),
        loads=ready_times(problem).copy(),
        used=np.zeros(problem.nodes),
        assignment=np.full(problem.tasks, -1),
        # equal to `best` and `second` as filled: all kinds are computed the first time
        counts=np.array([kinds, -1]),
    )
    rounds = max(1, _KINDS_AT_ONCE // kinds)
    while _assign_largest_claims(problem.et, memory, capacity, claims, suffering, rounds):
        if is_over():
            return complete(problem, claims.assignment)
    return claims.assignment


def _kinds(problem: Problem) -> tuple[IntArray, IntArray]:
    """Return the tasks kind by kind, shape (k,), and where each kind starts, shape (kinds + 1,).

    Tasks of equal work and memory are of one kind, of which only one is examined at a time. The
    rows of a matrix are assumed to be all different.
    """
    if not isinstance(problem.et, UniformTimes):
        return np.arange(problem.tasks), np.arange(problem.tasks + 1)
    memory, _ = memory_arrays(problem)
    pairs = np.column_stack([problem.et.work, memory])
    _, kind, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return np.argsort(kind, kind="stable"), np.concatenate([[0], np.cumsum(counts)])


@jit
def _assign_largest_claims(
    et: FloatArray | UniformTimes,
    memory: FloatArray,
    capacity: FloatArray,
    claims: _Claims,
    suffering: bool,
    rounds: int,
) -> bool:
    """Assign at most `rounds` tasks, each to its best node; return whether there may be more.

    A claim changes only for tasks whose best or second-best node has just received a task: only
    those are computed again.
    """
    members, following, open_kinds = claims.members, claims.following, claims.open_kinds
    best, second, claim = claims.best, claims.second, claims.claim
    loads, used = claims.loads, claims.used
    kinds, changed = claims.counts
    for _ in range(rounds):
        chosen, place = -1, -1
        for p in range(kinds):
            kind = open_kinds[p]
            task = members[following[kind]]
            if best[kind] == changed or second[kind] == changed:
                best[kind], second[kind], earliest, later = _two_best(
                    et, task, loads, used, memory, capacity
                )
                claim[kind] = later - earliest if suffering and best[kind] >= 0 else earliest
            if (
                chosen < 0
                or claim[kind] > claim[chosen]
                or (claim[kind] == claim[chosen] and task < members[following[chosen]])
            ):
                chosen, place = kind, p
        # A task that fits nowhere has an infinite claim: it is chosen, and ends the schedule.
        if chosen < 0 or best[chosen] < 0:
            return False
        changed = best[chosen]
        task = members[following[chosen]]
        claims.assignment[task] = changed
        loads[changed] += time_of(et, task, changed)
        used[changed] += memory[task]
        following[chosen] += 1
        if following[chosen] == claims.starts[chosen + 1]:
            # The kind is used up: the last one takes its place among the open kinds.
            kinds -= 1
            open_kinds[place] = open_kinds[kinds]
    claims.counts[0], claims.counts[1] = kinds, changed
    return True


@jit
def _two_best(
    et: FloatArray | UniformTimes,
    task: int,
    loads: FloatArray,
    used: FloatArray,
    memory: FloatArray,
    capacity: FloatArray,
) -> tuple[int, int, float, float]:
    """Return the two nodes with room where the task completes first, -2 for none, and when."""
    best, second = -2, -2
    earliest, later = np.inf, np.inf
    for j in range(len(loads)):
        if used[j] + memory[task] > capacity[j]:
            continue
        completion = loads[j] + time_of(et, task, j)
        if completion < earliest:
            second, later = best, earliest
            best, earliest = j, completion
        elif completion < later:
            second, later = j, completion
    return best, second, earliest, later
