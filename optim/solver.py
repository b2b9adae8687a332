"""What a solver is: two methods and a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from problems.errors import InputError
from problems.scheduling import SchedulingProblem

IntArray = NDArray[np.int64]
Scheduler = Callable[[SchedulingProblem, np.random.Generator], ArrayLike]


@dataclass
class State:
    """What `solve` reads of a solver's state; solvers extend it with their own arrays.

    Attributes
    ----------
    assignment : ndarray, shape (k,), or None
        The best feasible assignment so far; a new array (or a copy) at each improvement.
    makespan : float
        Its makespan in s, infinite where there is none yet.
    evaluations : int
        Assignments whose objective was computed so far.
    done : bool
        Whether the solver has nothing more to do.
    lower_bound : float
        A bound on every makespan in s that the solver has proved; 0 where it proves none.
    """

    assignment: IntArray | None = None
    makespan: float = np.inf
    evaluations: int = 0
    done: bool = False
    lower_bound: float = 0.0


class Solver(Protocol):
    """A frozen dataclass of validated parameters with two methods."""

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> Any:
        """Return the state before the first iteration; it keeps `rng`."""

    def step(self, problem: SchedulingProblem, state: Any) -> Any:
        """Run one iteration of compiled code and return the new (or changed) state."""


@dataclass(frozen=True)
class OneShot:
    """A plain function ``f(problem, rng) -> assignment`` as a solver whose first step ends.

    Parameters
    ----------
    scheduler : callable
        Returns node indices, shape (k,). A task of -1 means that it found no room for it.
    """

    scheduler: Scheduler

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> OneShotState:
        """Return the state before the only step."""
        return OneShotState(rng=rng)

    def step(self, problem: SchedulingProblem, state: OneShotState) -> OneShotState:
        """Call the function once."""
        assignment = np.asarray(self.scheduler(problem, state.rng))
        state.evaluations, state.done = 1, True
        if not np.any(assignment == -1):
            state.assignment = problem.check_assignment(assignment)
            state.makespan = problem.makespan(state.assignment)
        return state


@dataclass(kw_only=True)
class OneShotState(State):
    """State of `OneShot`."""

    rng: np.random.Generator


def as_solver(solver: Any) -> Solver:
    """Return `solver` itself if it has the two methods, or a function wrapped in `OneShot`.

    Raises
    ------
    InputError
        If it is neither.
    """
    if hasattr(solver, "init") and hasattr(solver, "step") and not isinstance(solver, type):
        return solver  # type: ignore[no-any-return]
    if callable(solver) and not isinstance(solver, type):
        return OneShot(solver)
    rule = "an object with init and step, or a function f(problem, rng) -> assignment"
    raise InputError("solver", solver, rule)


def solver_name(solver: Any) -> str:
    """Return the class's name, or the function's."""
    inner = solver.scheduler if isinstance(solver, OneShot) else type(solver)
    return str(getattr(inner, "__name__", type(inner).__name__))
