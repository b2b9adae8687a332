"""The problem as parallel tempering sees it: times and reduced costs in a common unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import SchedulingProblem


class Model(NamedTuple):
    """A problem in units of a makespan near the optimum.

    Attributes
    ----------
    times : ndarray, shape (k, x)
        Execution times.
    costs : ndarray, shape (k, x)
        Reduced costs of the LP relaxation, >= 0: by how much a pair raises the makespan.
    weights : ndarray, shape (x,)
        Weight of an overload of the node.
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
        Its LP is solved unless its multipliers are already known.
    unit : float
        The model's unit of time in s, > 0.

    Notes
    -----
    The weights are the geometric mean of the LP's multipliers, by which a second on a node counts
    for the LP's makespan, and of equal weights, as in the maximum of the loads.
    """
    u, v = lp_duals(problem)
    memory, capacity = memory_arrays(problem)
    times = problem.matrix / unit
    # v is in s/byte: in the model's unit like the times.
    costs = times * u + np.outer(memory, v / unit)
    costs -= costs.min(axis=1, keepdims=True)
    # A node of multiplier 0 can be overloaded all the same, and must not be free.
    weights = np.sqrt(np.maximum(u, u.mean() * 1e-3) / problem.nodes)
    return Model(times, costs, weights, memory, capacity, ready_times(problem) / unit)
