"""What the scheduling of one window costs: measured, and fitted by a line in its sizes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optim.solver import as_solver
from optim.warm_up import warm_up
from problems.scheduling import SchedulingProblem, WorkSpeed

REPEATS = 3


class CostRow(NamedTuple):
    """The processor time of a solver for windows of one size, measured: the least of three.

    Attributes
    ----------
    solver : str
        Its name.
    tasks, nodes : int
        Size of the window's problem.
    measured_s, fitted_s : float
        Time in s, and what the fit says.
    """

    solver: str
    tasks: int
    nodes: int
    measured_s: float
    fitted_s: float


@dataclass(frozen=True)
class SchedulingCost:
    """Time of scheduling k tasks on x nodes, fixed_s + task_s k + pair_s k x, in s."""

    fixed_s: float
    task_s: float
    pair_s: float

    def __call__(self, tasks: float, nodes: float) -> float:
        """Return the time in s."""
        return self.fixed_s + self.task_s * tasks + self.pair_s * tasks * nodes

    def most_hz(self, window: int, nodes: float) -> float:
        """Return the tasks a second that one master can schedule in windows of this size."""
        return window / self(window, nodes)


def measure_cost(
    name: str,
    solver: Any,
    iterations: int,
    tasks: Sequence[int] = (1, 8, 64),
    nodes: Sequence[int] = (10, 100, 1000, 10_000),
) -> tuple[SchedulingCost, list[CostRow]]:
    """Measure a solver on windows of several sizes and fit the cost, none of its terms negative.

    Parameters
    ----------
    name : str
        For the rows.
    solver : Solver or callable
        What `solve` takes.
    iterations : int
        Its budget for a window.
    tasks, nodes : sequence of int
        Sizes to measure.

    Returns
    -------
    tuple
        The fit, which minimises the squares of relative errors, and the rows.
    """
    from scipy.optimize import nnls  # takes long to import

    sizes = [(k, x) for k in tasks for x in nodes]
    seconds = np.array([_seconds(as_solver(solver), iterations, k, x) for k, x in sizes])
    terms = np.array([[1.0, k, k * x] for k, x in sizes])
    factors, _ = nnls(terms / seconds[:, None], np.ones(len(sizes)))
    cost = SchedulingCost(*(float(factor) for factor in factors))
    rows = [
        CostRow(name, k, x, float(measured), cost(k, x))
        for (k, x), measured in zip(sizes, seconds, strict=True)
    ]
    return cost, rows


def _seconds(solver: Any, iterations: int, tasks: int, nodes: int) -> float:
    """Return the least processor time of the solver for random windows of one size in s."""
    seconds: list[float] = []
    for seed in range(REPEATS):
        rng = np.random.default_rng(seed)
        problem = SchedulingProblem(
            WorkSpeed(rng.exponential(1.0, tasks), rng.uniform(0.5, 2.0, nodes)),
            ready=rng.exponential(1.0, nodes),
        )
        if not seconds:
            warm_up(problem, solver)
        start = time.process_time()
        state = solver.init(problem, rng)
        for _ in range(iterations):
            state = solver.step(problem, state)
            if state.done:
                break
        seconds.append(time.process_time() - start)
    return min(seconds)
