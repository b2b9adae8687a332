"""First schedules of the local search."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from optim.scheduling.mct import lpt, mct
from optim.scheduling.memory import memory_arrays
from optim.scheduling.min_min import min_min
from optim.scheduling.two_best import max_min, sufferage
from optim.solver import IntArray, Scheduler
from problems.scheduling import SchedulingProblem
from problems.scheduling.memory import best_fit_decreasing

Start = Literal["mct", "lpt", "min-min", "max-min", "sufferage"]
HEURISTICS: dict[str, Scheduler] = {
    "mct": mct,
    "lpt": lpt,
    "min-min": min_min,
    "max-min": max_min,
    "sufferage": sufferage,
}


def start_assignment(problem: SchedulingProblem, start: Start) -> IntArray | None:
    """Return the heuristic's assignment, shape (k,), or where it fails one that fits.

    A heuristic that finds no room for a task is replaced by best-fit decreasing, which looks at
    memory alone; None if that fails too.
    """
    assignment = np.asarray(HEURISTICS[start](problem, np.random.default_rng(0)))
    if not (assignment == -1).any():
        return assignment
    return best_fit_decreasing(*memory_arrays(problem))


def start_assignments(problem: SchedulingProblem) -> list[IntArray]:
    """Return `start_assignment` of all the heuristics, but for those that find none."""
    found = [start_assignment(problem, name) for name in get_args(Start)]
    return [assignment for assignment in found if assignment is not None]
