"""Multipliers of a large problem on uniform machines, from the LP of its grouped tasks."""

from __future__ import annotations

import numpy as np

from optim.scheduling.lagrangian_bound import Multipliers
from optim.scheduling.lp_relaxation import Program, solve_pairs
from optim.scheduling.units import whole_memory
from problems.scheduling import SchedulingProblem, WorkSpeed

PAIRS = 50_000
PLACES = 9  # ratios of memory and work that differ less are equal


def grouped_multipliers(problem: SchedulingProblem, et: WorkSpeed) -> Multipliers:
    """Return the LP's multipliers where tasks of about equal memory per work are one kind.

    A relaxed task may be split at will, so that tasks of one ratio of memory to work may stand
    for each other whatever their size: the LP of the kinds, with the mean task of each, is that
    of the tasks if all ratios in a kind are equal, as in the paper pools, and near to it else.
    There are so many kinds that the LP has at most 50,000 pairs.

    Parameters
    ----------
    problem : SchedulingProblem
        On uniform machines.
    et : WorkSpeed
        Its times.
    """
    memory, capacity = whole_memory(problem)
    angle = np.arctan2(memory / (memory.max() or 1.0), et.work / et.work.max())
    _, kind = np.unique(angle.round(PLACES), return_inverse=True)
    most = max(1, PAIRS // problem.nodes)
    if kind.max() >= most:
        kind = kind * most // (kind.max() + 1)
    count = np.bincount(kind).astype(np.float64)
    work, held = np.bincount(kind, et.work) / count, np.bincount(kind, memory) / count
    program = Program(work[:, None] / et.speed, held, count, capacity)
    return solve_pairs(program, np.ones(program.times.shape, dtype=np.bool_)).multipliers
