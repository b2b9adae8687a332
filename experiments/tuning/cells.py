"""The runs by which a set of parameters is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.budget import make_criteria
from experiments.tuning.problem_set import ProblemSet
from experiments.tuning.race import MARKS, Marks
from optim import Progress, solve, warm_up
from problems.scheduling import SchedulingProblem

Watch = Callable[[Marks], bool]


@dataclass(frozen=True)
class Cell:
    """One run of a solver on a problem.

    Attributes
    ----------
    problem : SchedulingProblem
        What is solved.
    repetition : int
        Which run on it.
    """

    problem: SchedulingProblem
    repetition: int

    def seeds(self, root: int) -> np.random.SeedSequence:
        """Return the seeds of the run, those of a sweep's cell: the same for all parameters."""
        key = (int(self.problem.digest[:16], 16), self.repetition)
        return np.random.SeedSequence(root, spawn_key=key)


def cells_of(group: ProblemSet, seed: int) -> list[Cell]:
    """Return the runs, all problems once in an order drawn from the seed, then all once more."""
    problems = list(group.problems.values())
    order = np.random.default_rng(seed).permutation(len(problems))
    return [Cell(problems[i], repetition) for repetition in range(group.repetitions) for i in order]


def run_cell(cell: Cell, solver: Any, budget: dict[str, float], seed: int, watch: Watch) -> Marks:
    """Run a solver once and return its gaps after each quarter of the budget.

    Parameters
    ----------
    cell : Cell
        Problem and repetition.
    solver : Solver or callable
        What to run.
    budget : dict
        One limit: ``evaluations`` or ``seconds``.
    seed : int
        Root of all randomness.
    watch : callable
        Called with the gaps so far after each quarter but the last; if it returns true, the run
        ends there, and fewer than `MARKS` gaps are returned.

    Returns
    -------
    tuple of float
        A run that ends by itself keeps its gap to the end of the budget; infinite where no
        schedule was found.
    """
    ((name, limit),) = budget.items()
    marks: list[float] = []
    stopped = False

    def look(progress: Progress) -> bool:
        nonlocal stopped
        used = MARKS * getattr(progress, name) / limit
        while len(marks) + 1 < MARKS and used >= len(marks) + 1:
            marks.append(progress.gap)
            stopped = stopped or watch(tuple(marks))
        return stopped

    warm_up(cell.problem, solver)
    criteria = make_criteria(budget)
    result = solve(cell.problem, solver, stop=criteria, rng=cell.seeds(seed), callback=look)
    if not stopped:
        marks += [result.gap] * (MARKS - len(marks))
    return tuple(marks)
