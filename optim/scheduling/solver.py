"""What a solver is, two methods and a state, and what a run returns, a result with its trace."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.measures import Measures
from edgeopt.optim.scheduling.run_time import within
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.optim.scheduling.stop import Progress, Status, relative_gap
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.html import escaped
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.tally import counting

Scheduler = Callable[[Problem, np.random.Generator], ArrayLike]


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
        Schedules evaluated so far, as far as the solver reports them: `solve` counts the calls of
        the problem's methods by itself, and takes the larger number for each iteration.
    done : bool
        Whether the solver has nothing more to do.
    lower_bound : float
        A bound on every makespan in s that the solver has proved; 0 where it proves none. What a
        solver outside this package claims is shown, but nobody has verified it: it is no part of
        bounds, gaps and stopping criteria.

    Examples
    --------
    See ``examples/own_scheduler.py``.
    """

    assignment: IntArray | None = None
    makespan: float = np.inf
    evaluations: int = 0
    done: bool = False
    lower_bound: float = 0.0


def keep_if_better(
    problem: Problem, state: State, assignment: IntArray, limit: float = np.inf
) -> bool:
    """Keep an assignment that is better than the state's, and than a limit on the makespan in s.

    Return whether it is complete and fits.
    """
    if (assignment < 0).any() or not problem.fits(assignment):
        return False
    makespan = problem.makespan(assignment)
    if makespan < min(state.makespan, limit):
        state.assignment, state.makespan = assignment, makespan
    return True


S = TypeVar("S", bound=State)


class Solver(Protocol[S]):
    """A frozen dataclass of validated parameters with two methods; `S` is its state.

    If `init` has a keyword ``start``, `solve` passes the user's initial assignment, already
    checked and counted as an evaluation, or None. Other solvers ignore it.

    Examples
    --------
    A random search:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from edgeopt import Iterations, State, load_problem, solve
    >>> from edgeopt.optim import Solver
    >>> @dataclass(kw_only=True)
    ... class RandomState(State):
    ...     rng: np.random.Generator
    >>> class RandomSearch:
    ...     def init(self, problem, rng):
    ...         return RandomState(rng=rng)
    ...     def step(self, problem, state):
    ...         drawn = state.rng.integers(problem.nodes, size=problem.tasks)
    ...         if problem.makespan(drawn) < state.makespan:
    ...             state.assignment, state.makespan = drawn, problem.makespan(drawn)
    ...         return state
    >>> solver: Solver[RandomState] = RandomSearch()
    >>> problem = load_problem("braun:u_c_hihi:20x4:seed=1")
    >>> solve(problem, solver, stop=Iterations(50), rng=1).evaluations
    50
    """

    def init(self, problem: Problem, rng: np.random.Generator) -> S:
        """Return the state before the first iteration; it keeps `rng`."""

    def step(self, problem: Problem, state: S) -> S:
        """Run one iteration of compiled code and return the new (or changed) state."""


@dataclass(frozen=True)
class OneShot:
    """A plain function ``f(problem, rng) -> assignment`` as a solver whose first step ends.

    Parameters
    ----------
    scheduler : callable
        Returns node indices, shape (k,); -1 for a task that finds no room.

    Examples
    --------
    See `as_solver`.
    """

    scheduler: Scheduler

    def init(self, problem: Problem, rng: np.random.Generator) -> OneShotState:
        """Return the state before the only step."""
        return OneShotState(rng=rng)

    def step(self, problem: Problem, state: OneShotState) -> OneShotState:
        """Call the function once."""
        with within(np.inf) as own:
            assignment = np.asarray(self.scheduler(problem, state.rng))
        # A function that has left work out when its time was up has not finished.
        state.evaluations, state.done = 1, not own.cut
        # An incomplete assignment is no schedule.
        if not np.any(assignment == -1):
            state.assignment = problem.check_assignment(assignment)
            with counting(None):  # the one evaluation reported, beside those of the function
                state.makespan = problem.makespan(state.assignment)
        return state


@dataclass(kw_only=True)
class OneShotState(State):
    """State of `OneShot`."""

    rng: np.random.Generator


def initial_state(
    problem: Problem,
    solver: Solver[S],
    rng: np.random.Generator,
    start: IntArray | None,
) -> S:
    """Return the state after `init`, which gets the initial assignment if it takes one."""
    # The signature is asked: a user's solver need not know of initial assignments.
    if start is not None and "start" in inspect.signature(solver.init).parameters:
        return solver.init(problem, rng, start=start)  # type: ignore[call-arg]
    return solver.init(problem, rng)


def as_solver(solver: Any) -> Solver[Any]:
    """Return `solver` itself if it has the two methods, or a function wrapped in `OneShot`.

    Raises
    ------
    InputError
        If it is neither, or the function cannot be called with a problem and a generator.

    Examples
    --------
    >>> from edgeopt.optim.scheduling import as_solver, lpt
    >>> as_solver(lpt).scheduler is lpt
    True
    """
    if hasattr(solver, "init") and hasattr(solver, "step") and not isinstance(solver, type):
        return solver  # type: ignore[no-any-return]
    if callable(solver) and not isinstance(solver, type):
        _check_signature(solver)
        return OneShot(solver)
    rule = "an object with init and step, or a function f(problem, rng) -> assignment"
    raise InputError("solver", solver, rule)


def _check_signature(scheduler: Any) -> None:
    """Raise `InputError` for a function that two arguments do not suit."""
    try:
        signature = inspect.signature(scheduler)
    except (TypeError, ValueError):  # of compiled code: shows when it is called
        return
    try:
        signature.bind(None, None)
    except TypeError:
        given = f"{getattr(scheduler, '__name__', type(scheduler).__name__)}{signature}"
        rule = "a function of a problem and a random generator, f(problem, rng)"
        raise InputError("solver", given, rule) from None


def is_own(solver: Any) -> bool:
    """Whether a solver is one of this package, whose bounds are verified against enumeration."""
    return type(solver).__module__.startswith("edgeopt.optim.")


def solver_name(solver: Any) -> str:
    """Return the class's name, or the function's."""
    inner = solver.scheduler if isinstance(solver, OneShot) else type(solver)
    return str(getattr(inner, "__name__", type(inner).__name__))


# What a run returns.

_NOT_PLAIN = ("trace", "schedule", "measures", "state", "certificate")  # left out by `as_dict`


@dataclass
class Trace:
    """Best makespan so far against iterations, evaluations and seconds.

    One entry for each improvement (iteration 0 is the initial state), and a last one for the end
    of the run.

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
        A lower bound on the makespan of any assignment in s, proved by this package.
    trace : Trace
        Best so far over the run.
    iterations, evaluations : int
        Totals of the run, including an iteration that went beyond the budget. What counts as an
        evaluation is said in `solve`.
    seconds : float
        Time in the solver in s, without the bound and the check.
    status : Status
        Why the run ended.
    solver, problem : str
        Names.
    seed : int or None
        Seed that repeats the run; None if a Generator or SeedSequence was given.
    schedule : Schedule or None
        The assignment with its loads and finish times; None where there is none.
    measures : Measures or None
        Energy, cost, balance, utilisation, completion and deadlines; None where there is no
        schedule.
    state : State
        The solver's last state.
    certificate : Certificate or None
        The proof for the largest deadline refuted by `BranchAndPrice`, or during a run of
        `Frontier`; see `check_certificate`.

    Examples
    --------
    >>> from edgeopt import ATSA, Evaluations, Problem, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> result = solve(problem, ATSA.repaired(), stop=Evaluations(1000), rng=1)
    >>> result.makespan, result.lower_bound, result.schedule.loads
    (5.0, 5.0, array([5., 4.]))
    >>> result.schedule.gantt().figure.savefig("gantt.png")
    """

    assignment: IntArray | None
    makespan: float
    lower_bound: float
    trace: Trace
    iterations: int
    evaluations: int
    seconds: float
    status: Status
    solver: str
    problem: str
    seed: int | None
    schedule: Schedule | None = field(repr=False)
    measures: Measures | None = field(repr=False)
    state: State = field(repr=False)
    certificate: Certificate | None = field(default=None, repr=False)

    @property
    def gap(self) -> float:
        """Makespan over lower bound, less 1."""
        return relative_gap(self.makespan, self.lower_bound)

    @property
    def claimed_bound(self) -> float:
        """A larger bound in s that a solver outside this package claims, not verified; else 0."""
        claimed = self.state.lower_bound
        return claimed if claimed > self.lower_bound else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values: gap, measures, all fields but trace, schedule, state and proof."""
        names = [declared.name for declared in fields(self) if declared.name not in _NOT_PLAIN]
        values = {name: getattr(self, name) for name in names}
        values |= {"gap": self.gap, "status": self.status.value}
        values |= self.measures._asdict() if self.measures else dict.fromkeys(Measures._fields)
        if self.assignment is not None:
            values["assignment"] = self.assignment.tolist()
        return values

    def __str__(self) -> str:
        """Return a summary of a few lines."""
        return "\n".join(f"{name:<12} {text}" for name, text in self._rows())

    def _repr_html_(self) -> str:
        """Return the same summary as a table, for notebooks."""
        rows = (f"<tr><th>{name}</th><td>{escaped(text)}</td></tr>" for name, text in self._rows())
        return f"<table>{''.join(rows)}</table>"

    def _rows(self) -> list[tuple[str, str]]:
        """Return the lines of the summary by name."""
        seed = "" if self.seed is None else f", seed {self.seed}"
        used = f"{self.iterations} iterations, {self.evaluations} evaluations"
        bound = f"{self.lower_bound:.10g} s (gap {100 * self.gap:.4f} %)"
        if self.claimed_bound:
            bound += f"; the solver claims {self.claimed_bound:.10g} s, not verified"
        return [
            ("problem", self.problem),
            ("solver", f"{self.solver}{seed}"),
            ("makespan", f"{self.makespan:.10g} s"),
            ("lower bound", bound),
            ("effort", f"{used}, {self.seconds:.3f} s"),
            ("status", self.status.value),
        ]
