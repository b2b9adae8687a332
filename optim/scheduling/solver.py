"""What a solver is: two methods and a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.optim.scheduling.stop import Progress, relative_gap
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import SchedulingProblem

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

    Examples
    --------
    See ``examples/own_scheduler.py``.
    """

    assignment: IntArray | None = None
    makespan: float = np.inf
    evaluations: int = 0
    done: bool = False
    lower_bound: float = 0.0


class Solver(Protocol):
    """A frozen dataclass of validated parameters with two methods.

    Examples
    --------
    See ``examples/own_scheduler.py``.
    """

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

    Examples
    --------
    See `as_solver`.
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

    Examples
    --------
    >>> from edgeopt.optim.scheduling import as_solver, lpt
    >>> as_solver(lpt).scheduler is lpt
    True
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


# What a run leaves: the assignment, its quality, and how it came about.


@dataclass
class Trace:
    """Best makespan so far against iterations, evaluations and seconds.

    One entry for each improvement, and a last one for the end of the run.

    Examples
    --------
    >>> from edgeopt import PSO, Iterations, load_problem, solve
    >>> trace = solve(load_problem("paper:20x4:seed=1"), PSO(), stop=Iterations(50), rng=1).trace
    >>> trace.makespan == sorted(trace.makespan, reverse=True)
    True
    """

    iterations: list[int] = field(default_factory=list)
    evaluations: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    makespan: list[float] = field(default_factory=list)

    def record(self, progress: Progress) -> None:
        """Append the state of the run."""
        self.iterations.append(progress.iterations)
        self.evaluations.append(progress.evaluations)
        self.seconds.append(progress.seconds)
        self.makespan.append(progress.makespan)


@dataclass(frozen=True)
class Result:
    """Outcome of one run, checked by the independent checker.

    Attributes
    ----------
    assignment : ndarray, shape (k,), or None
        Node of each task; None where no feasible schedule was found.
    makespan : float
        In s, recomputed from the assignment; infinite where there is none.
    lower_bound : float
        A valid lower bound on the makespan of any assignment in s.
    trace : Trace
        Best so far over the run.
    iterations, evaluations : int
        Done in all.
    seconds : float
        Time in the solver in s, without bound and check.
    status : str
        Why the run ended: the name of the criterion met, ``finished`` (the solver had nothing
        more to do), ``optimal`` (the bound is met), ``callback`` or ``infeasible``.
    solver, problem : str
        Names.
    seed : int or None
        Seed that repeats the run; None where a Generator was given.

    Examples
    --------
    See `solve`.
    """

    assignment: IntArray | None
    makespan: float
    lower_bound: float
    trace: Trace
    iterations: int
    evaluations: int
    seconds: float
    status: str
    solver: str
    problem: str
    seed: int | None

    @property
    def gap(self) -> float:
        """Makespan over lower bound, less 1."""
        return relative_gap(self.makespan, self.lower_bound)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the gap as plain Python values, without the trace."""
        values = {name: value for name, value in asdict(self).items() if name != "trace"}
        values["gap"] = self.gap
        if self.assignment is not None:
            values["assignment"] = self.assignment.tolist()
        return values
