"""Ready times as the kernels take them."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem


def ready_times(problem: SchedulingProblem) -> FloatArray:
    """Return when each node can start in s, shape (x,): 0 where the problem does not say."""
    if problem.ready is not None:
        return problem.ready
    ready = np.zeros(problem.nodes)
    ready.flags.writeable = False  # one type for the compiler
    return ready
