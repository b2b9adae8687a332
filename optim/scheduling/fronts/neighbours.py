"""Pareto local search: the neighbours of known schedules that none of the front dominates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.tally import count_evaluations

_OFFERED = 8  # shifts of a schedule, and swaps

_LEAST_SHARE = 1e-7  # of the area between the ends of the front, for a neighbour to be offered

_TOP = 3  # loads: the largest of those that a move leaves alone is among them


class Neighbours(NamedTuple):
    """Schedules that differ from another one by a move.

    Attributes
    ----------
    tasks, nodes : ndarray of int, shape (n, 2)
        The tasks that move, and where to; the second task is -1 where only one moves.
    makespans, values : ndarray, shape (n,)
        Up to rounding, and up to nodes that are ready late.
    """

    tasks: IntArray
    nodes: IntArray
    makespans: FloatArray
    values: FloatArray


def explore(archive: Archive, place: int) -> None:
    """Offer the neighbours of a schedule of the front: a task moves, or two change places.

    Parameters
    ----------
    archive : Archive
        Gets the neighbours that add most to the area above it.
    place : int
        Of the schedule, in order of makespan.

    References
    ----------
    Paquete, Chiarandini, Stuetzle, "Pareto local optimum sets in the biobjective traveling
    salesman problem: an experimental study", Metaheuristics for Multiobjective Optimisation, 2004.
    """
    start = archive.assignments[place]
    for found in _neighbours(archive, start):
        count_evaluations(len(found.values))
        for chosen in _worthwhile(archive, found):
            assignment = start.copy()
            for task, node in zip(found.tasks[chosen], found.nodes[chosen], strict=True):
                if task >= 0:
                    assignment[task] = node
            archive.offer(assignment)


def _neighbours(archive: Archive, start: IntArray) -> Iterator[Neighbours]:
    """Yield all shifts of a schedule, then all swaps."""
    problem, goal = archive.problem, archive.goal
    k, x, every = problem.tasks, problem.nodes, np.arange(problem.tasks)
    times, pairs = problem.matrix, goal.pairs
    loads = ready_times(problem) + np.bincount(start, times[every, start], minlength=x)
    own_times, own_pairs = times[every, start], pairs[every, start]
    value = float(own_pairs.sum()) + goal.constant

    def of_moves(
        tasks: IntArray, nodes: IntArray, first: FloatArray, second: FloatArray, change: FloatArray
    ) -> Neighbours:
        legal = np.isfinite(change)
        tasks, nodes, change = tasks[legal], nodes[legal], change[legal]
        rest = _largest_other(loads, start[tasks[:, 0]], nodes[:, 0])
        makespans = np.maximum(rest, np.maximum(first[legal], second[legal]))
        return Neighbours(tasks, nodes, makespans, value + change + goal.rate * makespans)

    task, node = np.repeat(every, x), np.tile(np.arange(x), k)
    moves = node != start[task]
    task, node = task[moves], node[moves]
    none = np.full(len(task), -1)
    yield of_moves(
        np.column_stack([task, none]),
        np.column_stack([node, none]),
        loads[start[task]] - own_times[task],
        loads[node] + times[task, node],
        pairs[task, node] - own_pairs[task],
    )
    one, other = np.triu_indices(k, 1)
    moves = start[one] != start[other]
    one, other = one[moves], other[moves]
    a, b = start[one], start[other]
    with np.errstate(invalid="ignore"):
        yield of_moves(
            np.column_stack([one, other]),
            np.column_stack([b, a]),
            loads[a] - own_times[one] + times[other, a],
            loads[b] - own_times[other] + times[one, b],
            pairs[one, b] + pairs[other, a] - own_pairs[one] - own_pairs[other],
        )


def _largest_other(loads: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    """Return the largest load but those of two nodes; 0 where there is none."""
    largest = np.zeros(len(first))
    for node in np.argsort(loads, kind="stable")[-_TOP:]:
        other = (first != node) & (second != node)
        largest[other] = loads[node]
    return largest


def _worthwhile(archive: Archive, found: Neighbours) -> list[int]:
    """Return the neighbours that by themselves add most to the area above the front."""
    known, last = np.array(archive.makespans), archive.makespans[-1]
    extent = archive.values[0] - archive.values[-1]
    places = np.searchsorted(known, found.makespans, side="right")
    ceiling = np.append(archive.values[0] + extent, archive.values)[places]
    width = np.append(known, last)[places] - found.makespans
    areas = np.maximum(width, 0.0) * np.maximum(ceiling - found.values, 0.0)
    best = np.argsort(-areas, kind="stable")[:_OFFERED]
    least = _LEAST_SHARE * extent * (last - archive.makespans[0])
    return [int(each) for each in best[areas[best] > least]]
