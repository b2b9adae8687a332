"""Coefficient-of-variation-based execution times of Ali et al. 2000."""

from __future__ import annotations

import numpy as np

from problems.errors import check_number
from problems.scheduling.consistency import impose_consistency
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.tight_memory import with_tight_memory
from problems.scheduling.times import check_size


def coefficient_of_variation(
    tasks: int = 512,
    nodes: int = 16,
    *,
    v_task: float = 0.6,
    v_node: float = 0.6,
    mean: float = 1000.0,
    consistency: str = "i",
    utilisation: float | None = None,
    rng: int | np.random.Generator | None = None,
) -> SchedulingProblem:
    """Generate gamma-distributed execution times with given coefficients of variation.

    Parameters
    ----------
    tasks, nodes : int
        k and x.
    v_task, v_node : float
        Coefficient of variation (standard deviation / mean) of the tasks' mean times, and of
        one task's times over the nodes; 0.001 to 1000.
    mean : float
        Mean execution time in s.
    consistency : {"c", "i", "s"}
        See `problems.scheduling.consistency`.
    utilisation : float, optional
        Of the memory, see `with_tight_memory`; without it the problem has none.
    rng : int or Generator, optional
        Seed or source of randomness.

    References
    ----------
    Ali, Siegel, Maheswaran, Hensgen, Ali, "Representing task and machine heterogeneities for
    heterogeneous computing systems", Tamkang J. Science and Engineering 3(3), 2000, Fig. 5.
    """
    k, x = check_size(tasks, nodes)
    shape_task = 1.0 / check_number("v_task", v_task, at_least=1e-3, at_most=1e3) ** 2
    shape_node = 1.0 / check_number("v_node", v_node, at_least=1e-3, at_most=1e3) ** 2
    check_number("mean", mean, above=0)
    generator = np.random.default_rng(rng)
    task_means = generator.gamma(shape_task, mean / shape_task, size=(k, 1))
    times = generator.gamma(shape_node, task_means / shape_node, size=(k, x))
    matrix = impose_consistency(times, consistency)
    problem = SchedulingProblem(matrix, name=f"cov:{k}x{x}")
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)
