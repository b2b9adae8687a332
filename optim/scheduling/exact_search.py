"""Depth-first search over all schedules: the proof that none is better, for a few tasks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

_SPARE = 1e-12  # relative, in favour of the branch: rounding never cuts off a schedule

_LOADS_AT_ONCE = 10_000_000  # that a call of the kernel copies, in about 0.1 s


class _Path(NamedTuple):
    """The way from the root to a node of the tree.

    Attributes
    ----------
    loads, used : ndarray, shape (k + 1, x)
        Work and memory of the nodes at each depth.
    place, chosen : ndarray, shape (k,)
        The next choice to try at each depth, and the node taken (-1: none).
    depth : ndarray of int, shape (1,)
        Of the node; -1 once the tree is searched.
    limit : ndarray, shape (1,)
        Makespan in s that a schedule has to undercut.
    """

    loads: FloatArray
    used: FloatArray
    place: IntArray
    chosen: IntArray
    depth: IntArray
    limit: FloatArray


def _open_path(k: int, x: int, limit: float) -> _Path:
    """Return the root of the tree."""
    start = np.zeros(1, dtype=np.int64)
    loads, place = np.zeros((k + 1, x)), np.zeros(k, dtype=np.int64)
    return _Path(loads, loads.copy(), place, np.full(k, -1), start, np.array([limit]))


def search_better(
    problem: Problem, assignment: IntArray | None, makespan: float, nodes: int
) -> tuple[IntArray | None, bool]:
    """Return the best schedule found, and whether it is proved that none is better.

    Parameters
    ----------
    problem : Problem
        What to solve.
    assignment : ndarray, shape (k,), or None
        The best schedule known.
    makespan : float
        Its makespan in s, infinite if there is none.
    nodes : int
        Most nodes of the search tree.

    Notes
    -----
    Loads are summed in floats, whose error is at most k eps of them: the proof holds for schedules
    that are shorter by more than that. When the time of the run is up, nothing is proved.
    """
    memory, capacity = memory_arrays(problem)
    slack = problem.tasks * np.finfo(np.float64).eps * capacity  # as in `Problem.fits`
    matrix = np.ascontiguousarray(problem.matrix)  # one type for the compiler
    # Tasks that take long even where they are fast come first, and try their fastest node first.
    order = np.argsort(-matrix.min(axis=1), kind="stable")
    choices = np.argsort(matrix, axis=1, kind="stable")
    best = np.full(problem.tasks, -1) if assignment is None else assignment.copy()
    room = np.where(np.isfinite(capacity), capacity + slack, np.inf)
    path = _open_path(problem.tasks, problem.nodes, makespan)
    at_once = max(1, _LOADS_AT_ONCE // problem.nodes)
    for done in range(0, max(nodes, 1), at_once):
        _descend(
            matrix, memory, room, ready_times(problem), order, choices, best, path,
            min(at_once, nodes - done),
        )  # fmt: skip
        if path.depth[0] < 0 or is_over():
            break
    return (None if (best < 0).any() else best), bool(path.depth[0] < 0)


@jit
def _descend(
    times: FloatArray,
    memory: FloatArray,
    capacity: FloatArray,
    ready: FloatArray,
    order: IntArray,
    choices: IntArray,
    best: IntArray,
    path: _Path,
    nodes: int,
) -> None:
    """Search on for schedules below the limit, which falls to the best found.

    Parameters
    ----------
    times, memory, capacity, ready : ndarray
        The problem; infinite times are not allowed.
    order : ndarray, shape (k,)
        In which tasks are assigned.
    choices : ndarray, shape (k, x)
        In which order each task tries the nodes.
    best : ndarray, shape (k,)
        Receives the best schedule.
    path : _Path
        Where the search goes on; is changed.
    nodes : int
        Most assignments of a task to be tried.
    """
    k, x = times.shape
    rest = np.zeros(k + 1)  # least work of the tasks from a depth on
    for d in range(k - 1, -1, -1):
        rest[d] = rest[d + 1] + times[order[d], choices[order[d], 0]]
    loads, used, place, chosen = path.loads, path.used, path.place, path.chosen
    depth, limit, tried = path.depth[0], path.limit[0], 0
    while depth >= 0:
        i = order[depth]
        chosen[depth] = -1
        if place[depth] == x:
            place[depth] = 0
            depth -= 1
            continue
        if tried == nodes:
            break
        j = choices[i, place[depth]]
        place[depth] += 1
        tried += 1
        end = loads[depth, j] + times[i, j]
        if (ready[j] + end) * (1 - _SPARE) >= limit:
            continue
        held = used[depth, j] + memory[i]
        if held * (1 - _SPARE) > capacity[j]:
            continue
        room = 0.0
        for node in range(x):
            load = end if node == j else loads[depth, node]
            loads[depth + 1, node] = load
            used[depth + 1, node] = held if node == j else used[depth, node]
            room += max(limit - ready[node] - load, 0.0)
        if rest[depth + 1] * (1 - _SPARE) > room * (1 + _SPARE) + _SPARE * limit:
            continue
        chosen[depth] = j
        depth += 1
        if depth == k:
            depth -= 1
            makespan = _makespan_if_fits(times, memory, capacity, ready, order, chosen)
            if makespan < limit:
                limit = makespan
                for d in range(k):
                    best[order[d]] = chosen[d]
    path.depth[0], path.limit[0] = depth, limit


@jit
def _makespan_if_fits(
    times: FloatArray,
    memory: FloatArray,
    capacity: FloatArray,
    ready: FloatArray,
    order: IntArray,
    chosen: IntArray,
) -> float:
    """Return the makespan summed in the order of the tasks, as `Problem` does, if all fit."""
    x = len(ready)
    nodes = np.empty(len(order), dtype=np.int64)
    for d in range(len(order)):
        nodes[order[d]] = chosen[d]
    loads, used, taken = np.zeros(x), np.zeros(x), np.zeros(x, dtype=np.bool_)
    for i in range(len(nodes)):
        loads[nodes[i]] += times[i, nodes[i]]
        used[nodes[i]] += memory[i]
        taken[nodes[i]] = True
    makespan = 0.0
    for j in range(x):
        if used[j] > capacity[j]:
            return np.inf
        if taken[j]:
            makespan = max(makespan, loads[j] + ready[j])
    return makespan
