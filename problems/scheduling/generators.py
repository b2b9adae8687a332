"""Random instances of the literature: range-based and coefficient-of-variation-based times."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, check_choice, check_number
from edgeopt.problems.scheduling.problem import Problem, check_size

# Upper ends of the uniform ranges, for high and low heterogeneity of tasks and of nodes.
_TASK_RANGE = {"hi": 3000.0, "lo": 100.0}
_NODE_RANGE = {"hi": 1000.0, "lo": 10.0}


def braun(
    kind: str = "u_c_hihi",
    tasks: int = 512,
    nodes: int = 16,
    *,
    utilisation: float | None = None,
    rng: int | np.random.Generator | None = None,
) -> Problem:
    """Generate an instance of a class of Braun et al., 2001: range-based execution times.

    Parameters
    ----------
    kind : str
        ``u_C_TTNN``: uniform ranges; C is c, i or s (consistent, inconsistent, semi-consistent);
        TT and NN are hi or lo, the heterogeneity of tasks (ranges up to 3000 or 100) and of
        nodes (up to 1000 or 10).
    tasks, nodes : int
        k and x.
    utilisation : float, optional
        Share of the memory in use, see `with_tight_memory`; by default memory is unlimited.
    rng : int or Generator, optional
        Seed or source of randomness.

    Returns
    -------
    Problem
        et_ij = U(1, task range)_i * U(1, node range)_ij in s, with rows sorted as the class
        requires.

    References
    ----------
    Braun et al., "A comparison of eleven static heuristics for mapping a class of independent
    tasks onto heterogeneous distributed computing systems", J. Parallel Distrib. Comput. 61, 2001.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import braun
    >>> braun("u_i_hilo", tasks=4, nodes=2, rng=1).matrix.round(1)
    array([[ 5846.6,  7387.8],
           [24092.7, 13352.7],
           [ 2576.8,   540.8],
           [22146.5, 16630. ]])
    """
    match = re.fullmatch(r"u_([cis])_(hi|lo)(hi|lo)", kind)
    if match is None:
        raise InputError("kind", kind, "of the form u_c_hihi: c, i or s; then twice hi or lo")
    k, x = check_size(tasks, nodes)
    generator = np.random.default_rng(rng)
    consistency, task_level, node_level = match.groups()
    # The order of the draws is part of the instance that a seed names: keep it.
    baseline = generator.uniform(1.0, _TASK_RANGE[task_level], size=(k, 1))
    factors = generator.uniform(1.0, _NODE_RANGE[node_level], size=(k, x))
    matrix = impose_consistency(baseline * factors, consistency)
    problem = Problem(matrix, name=f"braun:{kind}:{k}x{x}")
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)


# Consistency: if a node is faster than another for one task, it is faster for all.

_CONSISTENCIES = ("c", "i", "s")


def impose_consistency(matrix: FloatArray, consistency: str) -> FloatArray:
    """Return a copy of `matrix` with its rows sorted as `consistency` requires.

    Parameters
    ----------
    matrix : ndarray, shape (k, x)
        Execution times in s.
    consistency : {"c", "i", "s"}
        Consistent (every row ascending), inconsistent (as it is), or semi-consistent (the
        columns of even index ascending, the others as they are), Braun et al., 2001.
    """
    check_choice("consistency", consistency, _CONSISTENCIES)
    sorted_columns = {"c": slice(None), "i": slice(0), "s": slice(0, None, 2)}[consistency]
    result = matrix.copy()
    result[:, sorted_columns].sort(axis=1)
    return result


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
) -> Problem:
    """Generate gamma-distributed execution times with given coefficients of variation.

    Parameters
    ----------
    tasks, nodes : int
        k and x.
    v_task, v_node : float
        Coefficient of variation (standard deviation / mean) of the tasks' mean times, and of
        the times of one task over the nodes; 0.001 to 1000.
    mean : float
        Mean execution time in s.
    consistency : {"c", "i", "s"}
        See `impose_consistency`.
    utilisation : float, optional
        Share of the memory in use, see `with_tight_memory`; by default memory is unlimited.
    rng : int or Generator, optional
        Seed or source of randomness.

    References
    ----------
    Ali, Siegel, Maheswaran, Hensgen, Ali, "Representing task and machine heterogeneities for
    heterogeneous computing systems", Tamkang J. Science and Engineering 3(3), 2000, Fig. 5.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import coefficient_of_variation
    >>> coefficient_of_variation(4, 2, mean=10.0, rng=1).matrix.round(1)
    array([[12. ,  9.8],
           [ 5.7,  6.9],
           [13.5,  7.6],
           [ 5.4, 11.2]])
    """
    k, x = check_size(tasks, nodes)
    shape_task = 1.0 / check_number("v_task", v_task, at_least=1e-3, at_most=1e3) ** 2
    shape_node = 1.0 / check_number("v_node", v_node, at_least=1e-3, at_most=1e3) ** 2
    check_number("mean", mean, above=0)
    generator = np.random.default_rng(rng)
    task_means = generator.gamma(shape_task, mean / shape_task, size=(k, 1))
    times = generator.gamma(shape_node, task_means / shape_node, size=(k, x))
    matrix = impose_consistency(times, consistency)
    problem = Problem(matrix, name=f"cov:{k}x{x}")
    return problem if utilisation is None else with_tight_memory(problem, utilisation, generator)


# Tight memory, for generators of execution times alone.

_MEBIBYTE = 2**20

_SMALLEST_MIB, _LARGEST_MIB = 16, 512  # of a task in MiB


def with_tight_memory(problem: Problem, utilisation: float, rng: np.random.Generator) -> Problem:
    """Return the problem with memories of which any schedule uses about the share `utilisation`.

    Parameters
    ----------
    problem : Problem
        The problem; its memory, if any, is replaced.
    utilisation : float
        Share of the memory of each node that a hidden schedule uses, 0.01 to 1.
    rng : Generator
        Source of randomness.

    Notes
    -----
    Tasks hold 16 to 512 MiB, independent of their times. A hidden random schedule gives all nodes
    equally many tasks (to within one); the capacity of a node is the memory of its tasks there
    over `utilisation`. Thus some schedule fits, and nothing is known about its makespan.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.scheduling import braun, with_tight_memory
    >>> rng = np.random.default_rng(1)
    >>> tight = with_tight_memory(braun(tasks=20, nodes=4, rng=rng), 0.9, rng)
    >>> round(float(tight.task_memory.sum() / tight.node_capacity.sum()), 2)
    0.9
    """
    check_number("utilisation", utilisation, at_least=0.01, at_most=1)
    memory = (
        rng.integers(_SMALLEST_MIB, _LARGEST_MIB + 1, problem.tasks).astype(np.float64) * _MEBIBYTE
    )
    hidden = rng.permutation(np.arange(problem.tasks) % problem.nodes)
    capacity = np.bincount(hidden, memory, problem.nodes).astype(np.float64) / utilisation
    return replace(problem, task_memory=memory, node_capacity=capacity)
