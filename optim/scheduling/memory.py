"""Memory as the kernels take it."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem


def memory_arrays(problem: SchedulingProblem) -> tuple[FloatArray, FloatArray]:
    """Return task memory (k,) and node capacity (x,) in byte.

    Where the problem has none, tasks hold 0 byte and nodes have infinite room.
    """
    if problem.task_memory is not None and problem.node_capacity is not None:
        return problem.task_memory, problem.node_capacity
    memory, capacity = np.zeros(problem.tasks), np.full(problem.nodes, np.inf)
    memory.flags.writeable = capacity.flags.writeable = False  # one type for the compiler
    return memory, capacity
