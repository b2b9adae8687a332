"""pymoo's genetic algorithm in the loop: a step is one generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.experiments.peers.population import PenalisedMakespan, PopulationState, seed_of
from edgeopt.problems.errors import import_extra
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_EXTRA = "bench"


@dataclass(frozen=True)
class Ga:
    """pymoo's `GA` on integers, with the operators that its manual gives for them.

    It starts from random integers; simulated binary crossover and polynomial mutation, both with
    probability 1 and index 3, are rounded. Needs the extra ``bench``; what nodes cannot run or
    hold is penalised (`PenalisedMakespan`).

    References
    ----------
    Blank, Deb, "Pymoo: Multi-objective optimization in Python", IEEE Access 8, 2020.

    Examples
    --------
    See `CpSat`; all peers are called in the same way.
    """

    population: int = parameter(100, "individuals", at_least=2)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> PopulationState:
        """Return the algorithm before its first population."""
        core = import_extra("pymoo.core.problem", _EXTRA)
        termination = import_extra("pymoo.core.termination", _EXTRA).NoTermination()
        bounds = {"xl": 0, "xu": problem.nodes - 1, "vtype": int}
        algorithm = _genetic_algorithm(self.population)
        algorithm.setup(
            core.Problem(n_var=problem.tasks, n_obj=1, **bounds),
            termination=termination,
            seed=seed_of(rng),
        )
        return PopulationState(objective=PenalisedMakespan(problem), algorithm=algorithm)

    def step(self, problem: Problem, state: PopulationState) -> PopulationState:
        """Ask for a generation, compute its costs and tell them."""
        population = state.algorithm.ask()
        assignments = population.get("X").astype(np.int64)
        costs = state.objective.costs(assignments)
        known = import_extra("pymoo.problems.static", _EXTRA).StaticProblem
        state.algorithm.evaluator.eval(known(state.algorithm.problem, F=costs[:, None]), population)
        state.algorithm.tell(infills=population)
        state.evaluations += len(costs)
        state.keep_best(assignments, costs)
        return state


def _genetic_algorithm(size: int) -> Any:
    """Return the algorithm with its operators."""
    genetic = import_extra("pymoo.algorithms.soo.nonconvex.ga", _EXTRA).GA
    return genetic(pop_size=size, **operators())


def operators() -> dict[str, Any]:
    """Return the arguments that make an algorithm of pymoo one on integers, see `Ga`."""
    rounding = import_extra("pymoo.operators.repair.rounding", _EXTRA).RoundingRepair()
    sampling = import_extra("pymoo.operators.sampling.rnd", _EXTRA).IntegerRandomSampling()
    crossover = import_extra("pymoo.operators.crossover.sbx", _EXTRA).SBX
    mutation = import_extra("pymoo.operators.mutation.pm", _EXTRA).PM
    rounded = {"prob": 1.0, "eta": 3.0, "vtype": float, "repair": rounding}
    return {
        "sampling": sampling,
        "crossover": crossover(**rounded),
        "mutation": mutation(**rounded),
        "eliminate_duplicates": True,
    }
