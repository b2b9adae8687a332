"""Memory that almost suffices, for problems whose generator knows only times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from problems.errors import check_number
from problems.scheduling.problem import SchedulingProblem

MEBIBYTE = 2**20
SMALLEST, LARGEST = 16, 512  # of a task in MiB


def with_tight_memory(
    problem: SchedulingProblem, utilisation: float, rng: np.random.Generator
) -> SchedulingProblem:
    """Return the problem with memory of which every schedule uses about the share `utilisation`.

    Parameters
    ----------
    problem : SchedulingProblem
        Gives the times; its memory, if any, is replaced.
    utilisation : float
        0.01 to 1: of each node's memory in the hidden schedule.
    rng : Generator
        Source of randomness.

    Notes
    -----
    Tasks hold 16 to 512 MiB, independent of their times. A hidden random schedule gives every node
    as many tasks (to within one); a node's capacity is what its tasks hold there over
    `utilisation`, so that there is a schedule that fits, about whose makespan nothing is known.
    """
    check_number("utilisation", utilisation, at_least=0.01, at_most=1)
    memory = rng.integers(SMALLEST, LARGEST + 1, problem.tasks).astype(np.float64) * MEBIBYTE
    hidden = rng.permutation(np.arange(problem.tasks) % problem.nodes)
    capacity = np.bincount(hidden, memory, problem.nodes).astype(np.float64) / utilisation
    return replace(problem, task_memory=memory, node_capacity=capacity)
