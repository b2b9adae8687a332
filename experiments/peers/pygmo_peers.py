"""Algorithms of pygmo in the loop: a step is one call of ``evolve``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeopt.experiments.peers.population import PenalisedMakespan, PopulationState, seed_of
from edgeopt.problems.errors import FloatArray, IntArray, import_extra
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem


class Assignments:
    """The scheduling problem in pygmo's form: a vector with a node for each task.

    Parameters
    ----------
    problem : Problem
        Problem to solve.
    objective : PenalisedMakespan
        Costs of assignments.
    integers : bool
        Whether components are integers in 0..x-1, or reals in [0, x] of which the floor is taken.
    """

    def __init__(self, problem: Problem, objective: PenalisedMakespan, integers: bool) -> None:
        self._tasks, self._nodes = problem.tasks, problem.nodes
        self._objective, self._integers = objective, integers

    def fitness(self, vector: FloatArray) -> FloatArray:
        """Return the cost of one vector, shape (1,) in s."""
        return self.batch_fitness(vector)

    def batch_fitness(self, vectors: FloatArray) -> FloatArray:
        """Return the costs of vectors in one array, one after the other, shape (n,) in s."""
        return self._objective.costs(self.decode(vectors))

    def decode(self, vectors: FloatArray) -> IntArray:
        """Return the assignments of vectors, shape (n, k)."""
        # x itself, the upper end of the reals, has no node: it counts as the last one
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
        """Return itself: it never changes, and pygmo would copy it at every step."""
        return self


@dataclass(frozen=True)
class Evolution:
    """Common parts of pygmo's algorithms, which keep pygmo's defaults otherwise.

    Needs the extra ``bench``; what nodes cannot run or hold is penalised (`PenalisedMakespan`).

    References
    ----------
    Biscani, Izzo, "A parallel global multiobjective framework for optimization: pagmo", Journal
    of Open Source Software 5(53), 2020.
    """

    algorithm: ClassVar[str]
    integers: ClassVar[bool]
    options: ClassVar[dict[str, Any]] = {}

    individuals: int = parameter(100, "individuals", at_least=2)
    generations: int = parameter(1, "generations in a step", at_least=1)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> PopulationState:
        """Return the state after the first, random population.

        Raises
        ------
        InputError
            If pygmo is not installed.
        """
        pygmo = import_extra("pygmo", "bench")
        objective = PenalisedMakespan(problem)
        make = getattr(pygmo, self.algorithm)
        chosen = make(gen=self.generations, seed=seed_of(rng), **self.options)
        if hasattr(chosen, "set_bfe"):  # sga has no batch evaluation
            chosen.set_bfe(pygmo.bfe(pygmo.member_bfe()))
        population = pygmo.population(
            pygmo.problem(Assignments(problem, objective, self.integers)),
            self.individuals,
            seed=seed_of(rng),
            b=pygmo.bfe(pygmo.member_bfe()),
        )
        return PopulationState(
            objective=objective, algorithm=pygmo.algorithm(chosen), population=population
        )

    def step(self, problem: Problem, state: PopulationState) -> PopulationState:
        """Evolve by `generations`, and keep the best."""
        state.population = state.algorithm.evolve(state.population)
        state.evaluations = state.population.problem.get_fevals()
        coding = state.population.problem.extract(Assignments)
        vector = state.population.champion_x
        state.keep_best(coding.decode(vector), state.population.champion_f)
        return state


# The algorithms.


class PsoGen(Evolution):
    """pygmo's generational particle swarm, `pso_gen`, on reals whose floor is the assignment.

    Velocities are kept from step to step (its option ``memory``).

    Examples
    --------
    See `CpSat`; all peers are called in the same way.
    """

    algorithm = "pso_gen"
    integers = False
    options: ClassVar[dict[str, Any]] = {"memory": True}


class Sga(Evolution):
    """pygmo's simple genetic algorithm, `sga`, on integers.

    Examples
    --------
    See `CpSat`; all peers are called in the same way.
    """

    algorithm = "sga"
    integers = True
