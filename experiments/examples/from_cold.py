"""A solver that finds nothing prepared: the LP, if it needs it, is solved within its time.

`solve` bounds the makespan, for all solvers alike, before the clock starts; what uses the LP's
prices so gets them for nothing. Where a window of tasks is to be scheduled in milliseconds, they
cost more than the scheduling.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeopt import SchedulingProblem, State
from edgeopt.optim.scheduling import as_solver, make_solver


@dataclass(kw_only=True)
class ColdState(State):
    """State of the solver within, on a copy of the problem about which nothing is known."""

    problem: SchedulingProblem
    within: Any


@dataclass(frozen=True)
class FromCold:
    """Another solver, called `name`, from cold."""

    name: str = "frontier"

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> ColdState:
        """Return its first state."""
        copy = replace(problem)
        within = as_solver(make_solver(self.name)).init(copy, rng)
        return ColdState(problem=copy, within=within)

    def step(self, problem: SchedulingProblem, state: ColdState) -> ColdState:
        """Let it do a step."""
        within = as_solver(make_solver(self.name)).step(state.problem, state.within)
        for field in ("assignment", "makespan", "evaluations", "done"):
            setattr(state, field, getattr(within, field))
        state.within = within
        return state
