"""HCSP instances from their seeds: the published ones bit for bit, and others of their classes."""

from __future__ import annotations

import re

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, check_integer
from edgeopt.problems.scheduling.generators import with_tight_memory
from edgeopt.problems.scheduling.problem import Problem, check_size

# Upper ends of the ranges, for high and low heterogeneity of tasks and of nodes.
_TASK_RANGE = {"A": {"hi": 100_000.0, "lo": 10.0}, "B": {"hi": 3000.0, "lo": 100.0}}
_NODE_RANGE = {"A": {"hi": 100.0, "lo": 10.0}, "B": {"hi": 1000.0, "lo": 10.0}}

# The published seeds of each size, in the order of `_NAMES`. The lists of 4096 x 128 and 8192 x 256
# swap s and i; here, as with the schedules, the names are those of the instances.
_NAMES = tuple(f"B.u_{c}_{tt}{nn}" for c in "cis" for tt in ("hi", "lo") for nn in ("hi", "lo"))
_SEEDS = {
    (2048, 64): (
        *(1214389181, 1214389187, 1214389194, 1214389191),
        *(1214389267, 1214389271, 1214389278, 1214389281),
        *(1214389214, 1214389211, 1214389207, 1214389204),
    ),
    (4096, 128): (
        *(1240440738, 1240440735, 1240440730, 1240440732),
        *(1240440687, 1240440679, 1240440669, 1240440676),
        *(1240440701, 1240440707, 1240440724, 1240440710),
    ),
    (8192, 256): (
        *(1241443021, 1241443026, 1241443043, 1241443040),
        *(1241445656, 1241442950, 1241442969, 1241442974),
        *(1241443006, 1241442988, 1241443001, 1241442984),
    ),
}


def hcsp(
    kind: str = "B.u_c_hihi",
    tasks: int = 2048,
    nodes: int = 64,
    *,
    utilisation: float | None = None,
    seed: int | None = None,
) -> Problem:
    """Generate an HCSP instance from its seed: the published ones of 2048 tasks or more, or others.

    Parameters
    ----------
    kind : str
        ``R.u_C_TTNN``: R is A or B, the ranges; C is c, i or s (consistent, inconsistent,
        semi-consistent); TT and NN are hi or lo, the heterogeneity of tasks (ranges of A up to
        100,000 or 10, of B up to 3000 or 100) and of nodes (up to 100 or 10, 1000 or 10).
    tasks, nodes : int
        k and x.
    utilisation : float, optional
        Share of the memory in use, see `with_tight_memory`; by default memory is unlimited.
    seed : int, optional
        Of the C library's ``srand48``, below 2**32; by default that of the published instance,
        which is known for B and 2048 x 64, 4096 x 128 and 8192 x 256.

    Returns
    -------
    Problem
        et_ij = (task range * u)_i * node range * u_ij in s, rounded to two decimals. Some times of
        large instances are 0.

    Raises
    ------
    InputError
        If the kind is unknown, or no seed is published for it and none given.

    Notes
    -----
    u is the stream of ``drand48``, a linear congruential generator modulo 2**48: for each task one
    value, then one for each node. As in the original program, products are kept in single
    precision. Consistent instances have all rows ascending, semi-consistent ones every other row,
    beginning with the first (whereas `braun` sorts every other column).

    References
    ----------
    Nesmachnow, "HCSP: heterogeneous computing scheduling problem", instances after Braun et al.,
    2001; seeds: https://github.com/sudhanshupatra/hcsp-chc.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import hcsp
    >>> hcsp("B.u_c_lohi").matrix[0, :4]
    array([2069.48, 4694.94, 5203.35, 5758.63])
    >>> hcsp("A.u_i_lolo", tasks=2, nodes=3, seed=1).matrix
    array([[ 1.89,  3.48,  1.4 ],
           [ 0.1 , 10.61, 56.01]])
    """
    match = re.fullmatch(r"([AB])\.u_([cis])_(hi|lo)(hi|lo)", kind)
    if match is None:
        rule = "of the form B.u_c_hihi: A or B; c, i or s; then twice hi or lo"
        raise InputError("kind", kind, rule)
    ranges, consistency, task_level, node_level = match.groups()
    k, x = check_size(tasks, nodes)
    if seed is None:
        seed = _published_seed(kind, k, x)
    check_integer("seed", seed, at_least=0, at_most=2**32 - 1)
    draws = _drand48(seed, k * (x + 1)).reshape(k, x + 1)
    tau = (_TASK_RANGE[ranges][task_level] * draws[:, :1]).astype(np.float32)
    scale = (np.float32(_NODE_RANGE[ranges][node_level]) * tau).astype(np.float64)
    times = (scale * draws[:, 1:]).astype(np.float32).astype(np.float64)
    # A float32 times 100 is exact in a float64: this is what printing two decimals gives.
    times = np.rint(times * 100.0) / 100.0
    times[{"c": slice(None), "i": slice(0), "s": slice(0, None, 2)}[consistency]].sort(axis=1)
    problem = Problem(times, name=f"hcsp:{kind}:{k}x{x}")
    if utilisation is None:
        return problem
    return with_tight_memory(problem, utilisation, np.random.default_rng(seed))


def _published_seed(kind: str, tasks: int, nodes: int) -> int:
    """Return the seed of a published instance."""
    if kind in _NAMES and (tasks, nodes) in _SEEDS:
        return _SEEDS[tasks, nodes][_NAMES.index(kind)]
    sizes = ", ".join("x".join(map(str, size)) for size in _SEEDS)
    raise InputError("seed", None, f"given: seeds are published for B and {sizes} only")


# drand48: the upper bits are those of x_(n+1) = (a x_n + c) modulo 2**48.

_MULTIPLIER, _INCREMENT, _MODULUS = 0x5DEECE66D, 0xB, 2**48


def _drand48(seed: int, count: int) -> FloatArray:
    """Return the first `count` values of ``drand48`` after ``srand48(seed)``."""
    first = (_MULTIPLIER * ((seed << 16) + 0x330E) + _INCREMENT) % _MODULUS
    states = np.empty(count, dtype=np.uint64)
    states[0] = first
    # A jump of n steps is a step with other constants. Overflow, modulo 2**64, does no harm.
    a, c, n = _MULTIPLIER, _INCREMENT, 1
    while n < count:
        more = states[: min(n, count - n)]
        states[n : n + len(more)] = (more * np.uint64(a) + np.uint64(c)) % np.uint64(_MODULUS)
        a, c, n = a * a % _MODULUS, (a * c + c) % _MODULUS, 2 * n
    return states / float(_MODULUS)
