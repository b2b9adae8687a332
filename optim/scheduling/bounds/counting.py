"""The counting bound: within a deadline, each node runs a limited number of tasks."""

from __future__ import annotations

import math

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.rounding import is_exact, lifted_to_units, rounded_down
from edgeopt.problems.scheduling.problem import Problem


def counting_bound(problem: Problem) -> float:
    """Return the shortest time in which the nodes can run as many tasks as there are, in s.

    Within T, a node runs at most as many tasks as its shortest ones that end by then; if these
    numbers sum to less than k, T is out of reach. The bound is strong where times are alike or
    depend on the node, and nodes run few tasks each. Memory is ignored.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.

    Examples
    --------
    Five tasks of 10 to 12 s on two nodes: one of them runs three.

    >>> from edgeopt import Problem
    >>> from edgeopt.optim.scheduling import counting_bound, lower_bound
    >>> problem = Problem([[10.0, 11.0], [12.0, 10.0], [11.0, 11.0], [10.0, 12.0], [12.0, 12.0]])
    >>> lower_bound(problem), counting_bound(problem)
    (27.0, 31.0)
    """
    k = problem.tasks
    with np.errstate(over="ignore"):  # more than the largest float is too long anyway
        ends = np.sort(problem.matrix, axis=0).cumsum(axis=0) + ready_times(problem)
    least = float(np.partition(ends, k - 1, axis=None)[k - 1])  # k tasks have ended by then
    if is_exact(problem, least):
        return least
    return lifted_to_units(problem, rounded_down(least, k + 1)) if least < math.inf else 0.0
