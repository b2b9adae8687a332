"""Compile before the clock starts."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import numpy as np

from optim.scheduling.bounds import lower_bound
from optim.solver import as_solver
from problems.scheduling import SchedulingProblem, WorkSpeed

ITERATIONS = 20


def warm_up(problem: SchedulingProblem, solver: Any) -> None:
    """Run up to 20 iterations on a problem of two tasks in the form of `problem`, untimed.

    Kernels, those of the bounds as well, are so compiled, or read from numba's cache, before a run
    is measured; some are first called after several iterations. What a user's own solver raises
    here is left for the run itself to show.
    """
    tiny = _tiny(problem)
    runner = as_solver(solver)
    lower_bound(tiny)
    with contextlib.suppress(Exception):
        state = runner.init(tiny, np.random.default_rng(0))
        for _ in range(ITERATIONS):
            state = runner.step(tiny, state)
            if state.done:
                break


def _tiny(problem: SchedulingProblem) -> SchedulingProblem:
    """Return two tasks on two nodes, with memory and ready times if `problem` has them."""
    work_speed = isinstance(problem.et, WorkSpeed)
    et = WorkSpeed(np.ones(2), np.ones(2)) if work_speed else np.ones((2, 2))
    tiny = SchedulingProblem(et)
    if problem.task_memory is not None:
        tiny = replace(tiny, task_memory=np.ones(2), node_capacity=np.ones(2))
    return tiny if problem.ready is None else replace(tiny, ready=np.ones(2))
