"""Two solvers on one instance: makespans over seeds, and the ratio of their medians."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.experiments.sweep.cell import check_intact
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import OneShot, as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.scheduling.problem import Problem

Bound = Callable[[Problem], float]


@dataclass(frozen=True)
class Side:
    """A solver in a duel.

    Attributes
    ----------
    label : str
        Its name.
    solver : object
        An object with ``init`` and ``step``, or a function.
    budget : dict
        Of each run, by name.
    is_foreign : bool
        Whether it is not ours, so that the problem is checked after each run.
    """

    label: str
    solver: Any
    budget: dict[str, Any]
    is_foreign: bool = False

    def run(
        self, problem: Problem, seeds: Sequence[int], bound: Bound = lower_bound
    ) -> tuple[list[float], int]:
        """Return the makespan of a run with each seed, infinite without a schedule; evaluations.

        Our own heuristics draw no random numbers, and run once.
        """
        digest, stop = problem.digest, make_criteria(self.budget)
        used = seeds[:1] if is_deterministic(self.solver) else seeds
        makespans, evaluations = [], 0
        for seed in used:
            result = solve(
                problem, self.solver, stop=stop, rng=seed, bound=bound, catch_interrupt=False
            )
            makespans.append(result.makespan)
            evaluations += result.evaluations
            if self.is_foreign:
                check_intact(problem, digest, self.label)
        return makespans * (len(seeds) // len(used)), evaluations


def is_deterministic(solver: Any) -> bool:
    """Whether a solver is one of our heuristics, all of which ignore the seed."""
    runner = as_solver(solver)
    if not isinstance(runner, OneShot):
        return False
    return str(getattr(runner.scheduler, "__module__", "")).startswith("edgeopt.optim.")


def loss(makespans: Sequence[float], rivals: Sequence[float]) -> float:
    """Return the median makespan over the rival's: infinite if only the rival has a schedule.

    Examples
    --------
    >>> from edgeopt.experiments.adversary import loss
    >>> loss([6.0, 3.0, 5.0], [4.0])
    1.25
    """
    own, other = float(np.median(makespans)), float(np.median(rivals))
    if own == other:  # both may be infinite, or 0
        return 1.0
    return math.inf if other == 0.0 else own / other
