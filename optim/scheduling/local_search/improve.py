"""Local search on given assignments: what a colony or a swarm hands over."""

from __future__ import annotations

from typing import Literal

import numpy as np

from optim.jit import jit, jit_lean
from optim.scheduling.local_search.descent import descend
from optim.scheduling.local_search.kicks import AMBITION, COLD, OVERLOAD, Urge, kick_often
from optim.scheduling.local_search.schedule import read_assignment
from optim.scheduling.local_search.search import Search, keep_if_best
from optim.solver import IntArray
from optim.stream import Stream
from problems.errors import FloatArray

Memes = Literal["none", "best", "all"]
CALM = Urge(AMBITION, OVERLOAD, COLD)


def improve(
    search: Search,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    kicks: int,
    stream: Stream,
) -> None:
    """Improve assignments in place by descent, then by kicks at a low temperature.

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
    _improve(search, assignments, makespans, totals, kicks, stream, CALM)


@jit
def _improve(
    search: Search,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    kicks: int,
    stream: Stream,
    urge: Urge,
) -> None:
    """Improve row by row."""
    schedule, best = search.schedule, search.best
    for row in range(len(makespans)):
        if not np.isfinite(makespans[row]):
            continue
        best.makespan[0] = np.inf
        take_up(search, assignments[row])
        if kicks > 0:
            kick_often(search, urge, kicks, stream)
            read_assignment(search.instance, schedule, best.assignment)
        for task in range(assignments.shape[1]):
            assignments[row, task] = schedule.assignment[task]
        makespans[row] = schedule.loads[schedule.ranks[1]]
        totals[row] = schedule.loads.sum()


@jit_lean
def take_up(search: Search, assignment: IntArray) -> None:
    """Start from an assignment, shape (k,): descend, and keep the result if it is the best."""
    read_assignment(search.instance, search.schedule, assignment)
    descend(search)
    keep_if_best(search)
