"""An algorithm of pygmo in the one loop: a step is one call of ``evolve``."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.peers.objective import Objective
from experiments.peers.population import PopulationState, seed_of
from optim.solver import IntArray
from problems.errors import FloatArray
from problems.extras import import_extra
from problems.scheduling import SchedulingProblem


class Assignments:
    """The scheduling problem as pygmo wants it: a vector with a node for each task.

    Parameters
    ----------
    problem : SchedulingProblem
        What to solve.
    objective : Objective
        Its costs.
    integers : bool
        Whether the components are integers in 0..x-1, or reals in [0, x] whose floor counts.
    """

    def __init__(self, problem: SchedulingProblem, objective: Objective, integers: bool) -> None:
        self._tasks, self._nodes = problem.tasks, problem.nodes
        self._objective, self._integers = objective, integers

    def fitness(self, vector: FloatArray) -> FloatArray:
        """Return the cost of one vector, shape (1,) in s."""
        return self.batch_fitness(vector)

    def batch_fitness(self, vectors: FloatArray) -> FloatArray:
        """Return the costs of vectors that stand one after the other, shape (n,) in s."""
        return self._objective.costs(self.decode(vectors))

    def decode(self, vectors: FloatArray) -> IntArray:
        """Return the assignments of vectors, shape (n, k)."""
        nodes = np.asarray(vectors).reshape(-1, self._tasks).astype(np.int64)
        return np.minimum(nodes, self._nodes - 1)

    def get_bounds(self) -> tuple[list[float], list[float]]:
        """Return the least and the largest value of each component."""
        highest = self._nodes - 1 if self._integers else self._nodes
        return [0.0] * self._tasks, [float(highest)] * self._tasks

    def get_nix(self) -> int:
        """Return how many components are integers."""
        return self._tasks if self._integers else 0

    def __deepcopy__(self, memo: dict[int, Any]) -> Assignments:
        """Return itself, which nothing changes: pygmo copies at every turn."""
        return self


def start_evolution(
    problem: SchedulingProblem,
    rng: np.random.Generator,
    size: int,
    *,
    algorithm: str,
    integers: bool,
    options: dict[str, Any],
) -> PopulationState:
    """Return the state after the first, random population.

    Parameters
    ----------
    problem : SchedulingProblem
        What to solve.
    rng : Generator
        Gives the seeds.
    size : int
        Individuals.
    algorithm : str
        Name of the class in pygmo.
    integers : bool
        See `Assignments`.
    options : dict
        Of the class; its other parameters stay at pygmo's defaults.

    Raises
    ------
    InputError
        If pygmo is not installed.
    """
    pygmo = import_extra("pygmo", "bench")
    objective = Objective(problem)
    chosen = getattr(pygmo, algorithm)(seed=seed_of(rng), **options)
    if hasattr(chosen, "set_bfe"):  # sga knows single fitnesses alone
        chosen.set_bfe(pygmo.bfe(pygmo.member_bfe()))
    population = pygmo.population(
        pygmo.problem(Assignments(problem, objective, integers)),
        size,
        seed=seed_of(rng),
        b=pygmo.bfe(pygmo.member_bfe()),
    )
    return PopulationState(
        objective=objective, algorithm=pygmo.algorithm(chosen), population=population
    )


def evolve(state: PopulationState) -> PopulationState:
    """Evolve by as many generations as the algorithm has been told, and keep the best."""
    state.population = state.algorithm.evolve(state.population)
    state.evaluations = state.population.problem.get_fevals()
    coding = state.population.problem.extract(Assignments)
    vector = state.population.champion_x
    state.keep_best(coding.decode(vector), state.population.champion_f)
    return state
