"""A solver that starts from cold: if it needs the LP, it solves the LP within its own budget.

`solve` computes a lower bound before the clock starts, so solvers that use the LP's prices get
them free of charge. When a window of tasks must be scheduled within milliseconds, the LP takes
longer than the scheduling.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeopt import Problem, State
from edgeopt.optim.scheduling import as_solver, make_solver


@dataclass(kw_only=True)
class ColdState(State):
    """State of the inner solver, on a copy of the problem without cached bounds."""

    problem: Problem
    within: Any


@dataclass(frozen=True)
class FromCold:
    """The solver called `name`, started from cold."""

    name: str = "frontier"

    def init(self, problem: Problem, rng: np.random.Generator) -> ColdState:
        """Return the first state of the inner solver."""
        copy = replace(problem)
        return _shown(ColdState(problem=copy, within=self._solver().init(copy, rng)))

    def step(self, problem: Problem, state: ColdState) -> ColdState:
        """Do one step of the inner solver."""
        state.within = self._solver().step(state.problem, state.within)
        return _shown(state)

    def _solver(self) -> Any:
        """Return the inner solver."""
        return as_solver(make_solver(self.name))


def _shown(state: ColdState) -> ColdState:
    """Return the state with what the inner solver has found, after its first schedule too."""
    for field in ("assignment", "makespan", "evaluations", "done"):
        setattr(state, field, getattr(state.within, field))
    return state
