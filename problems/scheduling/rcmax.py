"""Random instances of Fanjul-Peyro and Ruiz: whole execution times on unrelated machines."""

from __future__ import annotations

import re

import numpy as np

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.generators import with_tight_memory
from edgeopt.problems.scheduling.problem import Problem, check_size

_LARGEST_BASE, _LARGEST_DEVIATION = 100, 20  # of correlated times in s


def rcmax(
    kind: str = "u_1_100",
    tasks: int = 100,
    nodes: int = 10,
    *,
    utilisation: float | None = None,
    rng: int | np.random.Generator | None = None,
) -> Problem:
    """Generate an instance of a family of Fanjul-Peyro and Ruiz, 2010: whole numbers of seconds.

    Parameters
    ----------
    kind : str
        ``u_LOW_HIGH``: et_ij = U(LOW, HIGH); the seven families have ``u_1_100``, ``u_10_100``,
        ``u_100_120``, ``u_100_200`` and ``u_1000_1100``. ``jobs``: et_ij = b_i + d_ij, times of a
        task are alike; ``machines``: et_ij = a_j + d_ij, times on a node are alike, with a and b
        of U(1, 100) and d of U(1, 20).
    tasks, nodes : int
        k and x; the published ones have 100, 200, 500 or 1000 and 10, 20, 30, 40 or 50.
    utilisation : float, optional
        Share of the memory in use, see `with_tight_memory`; by default memory is unlimited.
    rng : int or Generator, optional
        Seed or source of randomness.

    References
    ----------
    Fanjul-Peyro, Ruiz, "Iterated greedy local search methods for unrelated parallel machine
    scheduling", European J. Operational Research 207, 2010.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import rcmax
    >>> rcmax("u_100_120", tasks=3, nodes=4, rng=1).matrix
    array([[109., 110., 115., 119.],
           [100., 103., 117., 119.],
           [105., 106., 118., 108.]])
    """
    k, x = check_size(tasks, nodes)
    generator = np.random.default_rng(rng)
    # The order of the draws is part of the instance that a seed names: keep it.
    if kind in ("jobs", "machines"):
        shape = (k, 1) if kind == "jobs" else (1, x)
        base = generator.integers(1, _LARGEST_BASE, shape, endpoint=True)
        times = base + generator.integers(1, _LARGEST_DEVIATION, (k, x), endpoint=True)
    else:
        times = generator.integers(*_range_of(kind), (k, x), endpoint=True)
    problem = Problem(times.astype(np.float64), name=f"rcmax:{kind}:{k}x{x}")
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)


def _range_of(kind: str) -> tuple[int, int]:
    """Return the least and the largest time of a uniform family."""
    match = re.fullmatch(r"u_(\d{1,9})_(\d{1,9})", kind)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError("kind", kind, "jobs, machines or like u_1_100: from 1, then not less")
    return int(match[1]), int(match[2])
