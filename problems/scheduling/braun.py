"""Range-based execution times of Braun et al. 2001."""

from __future__ import annotations

import re

import numpy as np

from problems.errors import InputError
from problems.scheduling.consistency import impose_consistency
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.tight_memory import with_tight_memory
from problems.scheduling.times import check_size

TASK_RANGE = {"hi": 3000.0, "lo": 100.0}
NODE_RANGE = {"hi": 1000.0, "lo": 10.0}


def braun(
    kind: str = "u_c_hihi",
    tasks: int = 512,
    nodes: int = 16,
    *,
    utilisation: float | None = None,
    rng: int | np.random.Generator | None = None,
) -> SchedulingProblem:
    """Generate an instance of a class of Braun et al. 2001.

    Parameters
    ----------
    kind : str
        ``u_C_TTNN``: uniform ranges; C is c, i or s (consistent, inconsistent, semi-consistent);
        TT and NN are hi or lo, the heterogeneity of tasks (ranges up to 3000 or 100) and of
        nodes (up to 1000 or 10).
    tasks, nodes : int
        k and x.
    utilisation : float, optional
        Of the memory, see `with_tight_memory`; without it the problem has none.
    rng : int or Generator, optional
        Seed or source of randomness.

    Returns
    -------
    SchedulingProblem
        et_ij = U(1, task range)_i * U(1, node range)_ij in s, rows sorted as the class asks.

    References
    ----------
    Braun et al., "A comparison of eleven static heuristics for mapping a class of independent
    tasks onto heterogeneous distributed computing systems", J. Parallel Distrib. Comput. 61, 2001.
    """
    match = re.fullmatch(r"u_([cis])_(hi|lo)(hi|lo)", kind)
    if match is None:
        raise InputError("kind", kind, "of the form u_c_hihi: c, i or s; then twice hi or lo")
    k, x = check_size(tasks, nodes)
    generator = np.random.default_rng(rng)
    consistency, task_level, node_level = match.groups()
    baseline = generator.uniform(1.0, TASK_RANGE[task_level], size=(k, 1))
    factors = generator.uniform(1.0, NODE_RANGE[node_level], size=(k, x))
    matrix = impose_consistency(baseline * factors, consistency)
    problem = SchedulingProblem(matrix, name=f"braun:{kind}:{k}x{x}")
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)
