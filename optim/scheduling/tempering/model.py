"""What the frontier's kernels know of a problem: times and reduced costs, scaled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.bounds.bounds import lp_duals
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import SchedulingProblem


class Model(NamedTuple):
    """A problem in units of a makespan near the optimum.

    Attributes
    ----------
    times : ndarray, shape (k, x)
        Execution times.
    costs : ndarray, shape (k, x)
        Reduced costs of the LP relaxation, >= 0: what the pair costs in makespan.
    weights : ndarray, shape (x,)
        How much an overload of the node counts.
    memory, capacity : ndarray, shape (k,) and (x,)
        In byte, as `memory_arrays` returns them.
    ready : ndarray, shape (x,)
        When the nodes are free.
    """

    times: FloatArray
    costs: FloatArray
    weights: FloatArray
    memory: FloatArray
    capacity: FloatArray
    ready: FloatArray


def build_model(problem: SchedulingProblem, unit: float) -> Model:
    """Return the model of a problem.

    Parameters
    ----------
    problem : SchedulingProblem
        Its LP is solved unless its multipliers are known already.
    unit : float
        The model's unit of time in s, > 0.

    Notes
    -----
    The weights are the geometric mean of the LP's multipliers, which say what a second on a node
    is worth to the makespan, and of equal ones, which is what the largest load looks at.
    """
    u, v = lp_duals(problem)
    memory, capacity = memory_arrays(problem)
    times = problem.matrix / unit
    costs = times * u + np.outer(memory, v / unit)
    costs -= costs.min(axis=1, keepdims=True)
    weights = np.sqrt(np.maximum(u, u.mean() * 1e-3) / problem.nodes)
    return Model(times, costs, weights, memory, capacity, ready_times(problem) / unit)
