"""A lower bound that rises while a solver searches: prices refute deadlines, by counted work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.optim.scheduling.bounds.quick_bounds import LP_ENTRIES
from edgeopt.optim.scheduling.branch_and_price.prices import improve, open_prices
from edgeopt.optim.scheduling.branch_and_price.root import Root, open_root, raise_deadline
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.solver import State, is_own
from edgeopt.problems.scheduling.problem import Problem

_STEP_S, _EVALUATION_S = 5e-4, 1e-9  # of the bound's work, for a step and an evaluation in it


@dataclass
class Lifting:
    """The bound of a run that rises.

    Attributes
    ----------
    allowed : float
        Work allowed so far, as `Root.work`.
    evaluations : int
        Of the solver so far.
    root : Root or None
        Deadlines and prices, once there was work for them.
    """

    allowed: float = 0.0
    evaluations: int = 0
    root: Root | None = None

    @property
    def bound(self) -> float:
        """The bound proved so far in s, 0 before the first."""
        return self.root.bound if self.root else 0.0


def lifts_bound(problem: Problem, solver: Any) -> bool:
    """Whether the bound rises while a solver searches: it asks for that and the LP is not large."""
    wanted = is_own(solver) and bool(getattr(solver, "lifts_bound", False))
    return wanted and problem.tasks * problem.nodes <= LP_ENTRIES


def lift(problem: Problem, lifting: Lifting, state: State, makespan: float) -> None:
    """Raise the bound after a step, for a share of its work: an eighth to a quarter for `Frontier`.

    The work is counted, not timed: the same run proves the same, whatever else the machine does.

    Parameters
    ----------
    problem : Problem
        What the solver works on.
    lifting : Lifting
        Is changed.
    state : State
        After the step; its evaluations tell how much was done.
    makespan : float
        Of the best schedule in s, beyond which no bound is needed.
    """
    lifting.allowed += max(_STEP_S, _EVALUATION_S * (state.evaluations - lifting.evaluations))
    lifting.evaluations = state.evaluations
    root = lifting.root = lifting.root or open_root(problem)
    root.deadlines.met = makespan
    while root.work < lifting.allowed and not root.deadlines.root_is_done and not is_over():
        raise_deadline(problem, root, iterations=1)


def load_kernels(problem: Problem) -> None:
    """Do an iteration of the prices of a small problem, which compiles what the bound needs."""
    root = open_root(problem)
    whole = whole_problem(problem, root.deadlines.latest, root.deadlines.unit)
    left = propagate(whole, np.ones_like(whole.alive))
    improve(open_prices(whole, left, root.prices, root.columns))
