"""Local search on given assignments: what a colony or a swarm hands over."""

from __future__ import annotations

from typing import Literal

import numpy as np

from optim.jit import jit
from optim.scheduling.local_search.descent import descend
from optim.scheduling.local_search.kicks import anneal
from optim.scheduling.local_search.schedule import makespan_of, read_assignment
from optim.scheduling.local_search.search import Search, keep_if_best
from optim.solver import IntArray
from optim.stream import Stream
from problems.errors import FloatArray

Memes = Literal["none", "best", "all"]


@jit
def improve(
    search: Search,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    kicks: int,
    stream: Stream,
) -> None:
    """Improve assignments in place by descent, then by kicks while a temperature falls.

    Parameters
    ----------
    search : Search
        Its schedules are overwritten.
    assignments : ndarray of int, shape (n, k)
        Feasible ones, and of no meaning where the makespan is infinite.
    makespans, totals : ndarray, shape (n,)
        Their makespans and Z_y in s, brought up to date.
    kicks : int
        Kicks of each.
    stream : Stream
        Random numbers of the kicks.
    """
    schedule, best = search.schedule, search.best
    for row in range(len(makespans)):
        if not np.isfinite(makespans[row]):
            continue
        best.makespan[0] = np.inf
        take_up(search, assignments[row])
        if kicks > 0:
            anneal(search, kicks, stream)
            read_assignment(search.instance, schedule, best.assignment)
        for task in range(assignments.shape[1]):
            assignments[row, task] = schedule.assignment[task]
        makespans[row] = makespan_of(schedule)
        totals[row] = schedule.loads.sum() - search.instance.ready.sum()


@jit
def take_up(search: Search, assignment: IntArray) -> None:
    """Start from an assignment, shape (k,): descend, and keep the result if it is the best."""
    read_assignment(search.instance, search.schedule, assignment)
    descend(search)
    keep_if_best(search)
