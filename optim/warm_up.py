"""Compile before the clock starts."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from optim.scheduling.bounds import lower_bound
from optim.solver import as_solver
from problems.scheduling import SchedulingProblem, WorkSpeed


def warm_up(problem: SchedulingProblem, solver: Any) -> None:
    """Run two iterations on a problem of two tasks in the form of `problem`, untimed.

    Kernels, those of the bounds as well, are so compiled, or read from numba's cache, before a run
    is measured. What a user's
    own solver raises here is left for the run itself to show.
    """
    et = WorkSpeed(np.ones(2), np.ones(2)) if isinstance(problem.et, WorkSpeed) else np.ones((2, 2))
    tiny = SchedulingProblem(et)
    runner = as_solver(solver)
    lower_bound(tiny)
    with contextlib.suppress(Exception):
        state = runner.init(tiny, np.random.default_rng(0))
        for _ in range(2):
            state = runner.step(tiny, state)
