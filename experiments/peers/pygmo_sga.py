"""pygmo's simple genetic algorithm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.peers.population import PopulationState
from experiments.peers.pygmo_evolution import evolve, start_evolution
from optim.parameters import check_parameters, parameter
from problems.scheduling import SchedulingProblem


@dataclass(frozen=True)
class Sga:
    """pygmo's `sga` with its defaults, on integers; needs the extra ``bench``.

    Memory is honoured by a penalty (`Objective`).

    References
    ----------
    Biscani, Izzo, "A parallel global multiobjective framework for optimization: pagmo", Journal
    of Open Source Software 5(53), 2020.
    """

    population: int = parameter(100, "individuals", at_least=2)
    generations: int = parameter(1, "generations in a step", at_least=1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> PopulationState:
        """Return the first population, at random."""
        return start_evolution(
            problem,
            rng,
            self.population,
            algorithm="sga",
            integers=True,
            options={"gen": self.generations},
        )

    def step(self, problem: SchedulingProblem, state: PopulationState) -> PopulationState:
        """Breed `generations` times."""
        return evolve(state)
