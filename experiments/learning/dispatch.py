"""Which node does which task of a period: any solver of the scheduling problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.budget import make_criteria
from experiments.learning.costs import TaskCosts
from experiments.sweep.config import build_solver
from optim import solve
from optim.parameters import check_names
from optim.scheduling.bounds import combinatorial_bound
from optim.solver import IntArray, as_solver
from problems.errors import InputError
from problems.scheduling import SchedulingProblem

_FIELDS = ("solver", "parameters", "budget")


@dataclass(frozen=True)
class Dispatch:
    """A solver and what it may use for one period's window of K tasks.

    Attributes
    ----------
    solver : dict
        ``{"solver": name, parameter: value, ...}``.
    budget : dict
        Stopping criteria by name. Wall time among them makes runs differ.
    """

    solver: dict[str, Any] = field(default_factory=lambda: {"solver": "atsa-repaired"})
    budget: dict[str, Any] = field(default_factory=lambda: {"evaluations": 1000})

    def __post_init__(self) -> None:
        as_solver(build_solver(self.solver))
        make_criteria(self.budget)


def make_dispatch(table: Any) -> Dispatch:
    """Return the dispatch of a table with any of ``solver``, its ``parameters`` and ``budget``.

    Raises
    ------
    InputError
        If a field is unknown or illegal.
    """
    if not isinstance(table, dict):
        raise InputError("dispatch", table, "a table")
    check_names(table, dict.fromkeys(_FIELDS))
    default = Dispatch()
    name = table.get("solver", default.solver["solver"])
    if not isinstance(name, str):
        raise InputError("dispatch.solver", name, "the name of a solver")
    solver = {"solver": name, **table.get("parameters", {})}
    return Dispatch(solver, table.get("budget", default.budget))


def assign(dispatch: Dispatch, costs: TaskCosts, rng: np.random.Generator) -> IntArray:
    """Return the node of each task of a window, shape (K,).

    Raises
    ------
    InputError
        If the solver finds no schedule within its budget.
    """
    problem = SchedulingProblem(costs.occupied_s, name="period")
    result = solve(
        problem,
        build_solver(dispatch.solver),
        stop=make_criteria(dispatch.budget),
        rng=rng,
        bound=combinatorial_bound,
    )
    if result.assignment is None:
        raise InputError("dispatch.budget", dispatch.budget, "enough for a schedule")
    return result.assignment
