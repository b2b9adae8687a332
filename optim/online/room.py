"""Which of the tasks that wait find room in the nodes' free memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optim.solver import IntArray
from problems.errors import FloatArray
from problems.scheduling.memory import best_fit_decreasing


class Fit(NamedTuple):
    """The oldest ``tasks`` of those that wait fit together; ``assignment`` is one way how."""

    tasks: int
    assignment: IntArray


def oldest_that_fit(memory: FloatArray, free: FloatArray) -> Fit:
    """Return how many of the oldest tasks fit together, as far as best-fit decreasing finds.

    A younger task never takes the room that an older one waits for, so that none starves.

    Parameters
    ----------
    memory : ndarray, shape (k,)
        Memory of each task in byte, the oldest first.
    free : ndarray, shape (x,)
        Free memory of each node in byte.
    """
    fitting, failing = Fit(0, np.zeros(0, dtype=np.int64)), len(memory) + 1
    tasks = len(memory)  # mostly all fit
    while tasks > fitting.tasks:
        assignment = best_fit_decreasing(memory[:tasks], free)
        if assignment is None:
            failing = tasks
        else:
            fitting = Fit(tasks, assignment)
        tasks = (fitting.tasks + failing) // 2
    return fitting
