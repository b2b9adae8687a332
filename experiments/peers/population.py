"""Common parts of the population-based peers: state, seed, and the compiled costs of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.optim.jit import jit, time_of
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


@dataclass(kw_only=True)
class PopulationState(State):
    """State of a population that a library evolves.

    Attributes
    ----------
    objective : PenalisedMakespan
        Costs of assignments.
    algorithm, population : object
        The library's own objects.
    """

    objective: PenalisedMakespan
    algorithm: Any = None
    population: Any = None

    def keep_best(self, assignments: IntArray, costs: FloatArray) -> None:
        """Keep the row of least cost if it is feasible and better than the best one so far."""
        # whatever costs more than the worst makespan is infeasible
        best = int(np.argmin(costs))
        if costs[best] < min(self.makespan, self.objective.worst):
            self.makespan = float(costs[best])
            self.assignment = assignments[best].copy()


def seed_of(rng: np.random.Generator) -> int:
    """Draw a seed for a library with a random source of its own."""
    return int(rng.integers(2**31))


class PenalisedMakespan:
    """Costs of whole populations: makespans, with a penalty for what nodes cannot run or hold.

    Attributes
    ----------
    worst : float
        Upper bound of all makespans in s, with ready times; assignments that cost more are
        infeasible.
    """

    def __init__(self, problem: Problem) -> None:
        self._et = problem.et
        self._memory, self._capacity = memory_arrays(problem)
        self._ready = ready_times(problem)
        self.worst = _longest_sum(problem) + float(self._ready.max())

    def costs(self, assignments: IntArray) -> FloatArray:
        """Return the cost of each row, shape (n,) in s.

        The cost is the makespan. Where memory is exceeded it is `worst` times (1 + excess), with
        the excess over all nodes as a share of the tasks' memory, so that less excess is better;
        the share of tasks on nodes that cannot run them is added to the excess.

        References
        ----------
        Deb, "An efficient constraint handling method for genetic algorithms", Computer Methods in
        Applied Mechanics and Engineering 186, 2000.
        """
        return _costs(self._et, self._memory, self._capacity, self._ready, assignments, self.worst)


def _longest_sum(problem: Problem) -> float:
    """Return the sum of the tasks' longest (finite) times, slightly enlarged against rounding."""
    et = problem.et
    if isinstance(et, UniformTimes):
        return float(et.work.sum() / et.speed.min()) * (1 + 1e-9)
    allowed = True if problem.allowed is None else problem.allowed
    return float(et.max(axis=1, initial=0.0, where=allowed).sum()) * (1 + 1e-9)


@jit
def _costs(
    et: FloatArray | UniformTimes,
    memory: FloatArray,
    capacity: FloatArray,
    ready: FloatArray,
    assignments: IntArray,
    worst: float,
) -> FloatArray:
    """Cost the rows one by one."""
    costs = np.empty(len(assignments))
    loads, used = np.empty(len(capacity)), np.empty(len(capacity))
    for row in range(len(assignments)):
        loads[:] = ready
        used[:] = 0.0
        refused = 0
        makespan = 0.0  # a node that is ready late does not matter unless it has a task
        for i in range(len(memory)):
            node = assignments[row, i]
            refused += time_of(et, i, node) == np.inf
            loads[node] += time_of(et, i, node)
            makespan = max(makespan, loads[node])
            used[node] += memory[i]
        excess = np.maximum(used - capacity, 0.0).sum()
        share = excess / memory.sum() if excess > 0.0 else 0.0
        feasible = refused == 0 and excess == 0.0
        costs[row] = makespan if feasible else worst * (1.0 + share + refused / len(memory))
    return costs
