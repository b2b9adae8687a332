"""pygmo's generational particle swarm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.peers.population import PopulationState
from experiments.peers.pygmo_evolution import evolve, start_evolution
from optim.parameters import check_parameters, parameter
from problems.scheduling import SchedulingProblem


@dataclass(frozen=True)
class PsoGen:
    """pygmo's `pso_gen` with its defaults; the floor of a position is the assignment.

    It keeps velocities from step to step (its option ``memory``). Needs the extra ``bench``;
    memory capacities are honoured by a penalty (`Objective`).

    References
    ----------
    Biscani, Izzo, "A parallel global multiobjective framework for optimization: pagmo", Journal
    of Open Source Software 5(53), 2020.
    """

    particles: int = parameter(100, "particles", at_least=2)
    generations: int = parameter(1, "generations in a step", at_least=1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> PopulationState:
        """Return the swarm at random points."""
        return start_evolution(
            problem,
            rng,
            self.particles,
            algorithm="pso_gen",
            integers=False,
            options={"gen": self.generations, "memory": True},
        )

    def step(self, problem: SchedulingProblem, state: PopulationState) -> PopulationState:
        """Move the swarm `generations` times."""
        return evolve(state)
