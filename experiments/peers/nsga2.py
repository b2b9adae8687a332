"""pymoo's NSGA-II as a method for fronts: a step is one generation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.experiments.peers.population import PenalisedMakespan, seed_of
from edgeopt.experiments.peers.pymoo_ga import operators
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.goal import Goal
from edgeopt.problems.errors import FloatArray, IntArray, import_extra
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.tally import count_evaluations

_EXTRA = "bench"


@dataclass(frozen=True)
class Nsga2:
    """pymoo's `NSGA2` on integers, with the operators of `Ga`.

    It starts from random integers. Needs the extra ``bench``; where nodes cannot run or hold their
    tasks, both objectives are penalised (`PenalisedMakespan`).

    References
    ----------
    Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
    IEEE Trans. Evolutionary Computation 6, 2002.

    Examples
    --------
    >>> from edgeopt import Iterations, front, load_problem
    >>> from edgeopt.experiments.peers import Nsga2
    >>> problem = load_problem("braun:u_i_hihi:20x4:power=1:seed=1")
    >>> found = front(problem, Nsga2(population=20), stop=Iterations(10), rng=1)
    >>> found.method, found.evaluations >= 200
    ('Nsga2', True)
    """

    population: int = parameter(100, "individuals", at_least=2)

    def __post_init__(self) -> None:
        check_parameters(self)

    def search(self, archive: Archive, rng: np.random.Generator) -> Iterator[bool]:
        """Yield after each generation; it ends where mating gives nothing new."""
        algorithm = self._algorithm(archive, seed_of(rng))
        objective = PenalisedMakespan(archive.problem)
        static = import_extra("pymoo.problems.static", _EXTRA).StaticProblem
        while True:
            population = algorithm.ask()
            if population is None:  # no assignment is left that it has not seen
                return
            assignments = population.get("X").astype(np.int64)
            makespans = objective.costs(assignments)
            feasible = makespans < objective.worst
            values = _values(archive.goal, assignments, makespans, feasible)
            count_evaluations(len(values))
            costs = np.column_stack([makespans, values])
            algorithm.evaluator.eval(static(algorithm.problem, F=costs), population)
            algorithm.tell(infills=population)
            for row in np.flatnonzero(feasible):
                if not archive.is_dominated(*costs[row]):
                    archive.offer(assignments[row])
            yield False

    def _algorithm(self, archive: Archive, seed: int) -> Any:
        """Return the algorithm before its first population."""
        core = import_extra("pymoo.core.problem", _EXTRA)
        termination = import_extra("pymoo.core.termination", _EXTRA).NoTermination()
        nsga2 = import_extra("pymoo.algorithms.moo.nsga2", _EXTRA).NSGA2
        problem = archive.problem
        bounds = {"xl": 0, "xu": problem.nodes - 1, "vtype": int}
        algorithm = nsga2(pop_size=self.population, **operators())
        algorithm.setup(
            core.Problem(n_var=problem.tasks, n_obj=2, **bounds), termination=termination, seed=seed
        )
        return algorithm


def _values(goal: Goal, assignments: IntArray, makespans: FloatArray, feasible: Any) -> FloatArray:
    """Return the other objective of each row; where it is not feasible, more than any is."""
    finite = np.where(np.isfinite(goal.pairs), goal.pairs, 0.0)
    sums = finite[np.arange(len(finite)), assignments].sum(axis=1)
    values = sums + goal.rate * makespans + goal.constant
    most = float(finite.max(axis=1).sum()) + goal.rate * float(makespans.max())
    return np.where(feasible, values, most + makespans)
