"""What the population-based peers have in common: a state that keeps the best feasible row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.peers.objective import Objective
from optim.solver import IntArray, State
from problems.errors import FloatArray


@dataclass(kw_only=True)
class PopulationState(State):
    """State of a library's population.

    Attributes
    ----------
    objective : Objective
        Of the problem.
    algorithm, population : object
        The library's own.
    """

    objective: Objective
    algorithm: Any = None
    population: Any = None

    def keep_best(self, assignments: IntArray, costs: FloatArray) -> None:
        """Keep the row of least cost if it is feasible and better than the best so far."""
        best = int(np.argmin(costs))
        if costs[best] < min(self.makespan, self.objective.worst):
            self.makespan = float(costs[best])
            self.assignment = assignments[best].copy()


def seed_of(rng: np.random.Generator) -> int:
    """Draw a seed for a library with a random source of its own."""
    return int(rng.integers(2**31))
