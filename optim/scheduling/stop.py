"""Stopping criteria and budgets, the progress that they look at, and why a run ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from edgeopt.problems.errors import InputError, check_integer, check_number

_ROUNDING = 1e-9  # relative, of bounds and makespans in tables

_MOST = 2**53  # of a count, which a float of a table holds exactly


class Status(StrEnum):
    """Why a run ended; equal to its name in lower case.

    The first five are the criteria of this module; `CRITERION`: a criterion of the user's own;
    `FINISHED`: the solver has nothing more to do; `OPTIMAL`: the makespan is the lower bound;
    `CALLBACK`: a callback asked for it; `INTERRUPTED`: Ctrl-C; `INFEASIBLE`: no schedule was found.

    Examples
    --------
    >>> from edgeopt.optim import Status
    >>> Status.TARGET_GAP == "target_gap"
    True
    """

    ITERATIONS = "iterations"
    EVALUATIONS = "evaluations"
    SECONDS = "seconds"
    TARGET_GAP = "target_gap"
    STALL = "stall"
    CRITERION = "criterion"
    FINISHED = "finished"
    OPTIMAL = "optimal"
    CALLBACK = "callback"
    INTERRUPTED = "interrupted"
    INFEASIBLE = "infeasible"


class Progress(NamedTuple):
    """How far a run has come.

    Attributes
    ----------
    iterations, evaluations : int
        Done so far.
    seconds : float
        Time in the solver so far in s.
    makespan : float
        Best so far in s.
    lower_bound : float
        A valid bound on the makespan in s.
    stalled : int
        Iterations since the last improvement.
    step_evaluations : int
        Evaluations of the last iteration.

    Examples
    --------
    >>> from edgeopt.optim import Progress
    >>> progress = Progress(iterations=10, makespan=10.5, lower_bound=10.0)
    >>> round(progress.gap, 3)
    0.05
    """

    iterations: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    makespan: float = float("inf")
    lower_bound: float = 0.0
    stalled: int = 0
    step_evaluations: int = 0

    @property
    def gap(self) -> float:
        """Makespan over lower bound, less 1."""
        return relative_gap(self.makespan, self.lower_bound)


def relative_gap(makespan: float, lower_bound: float) -> float:
    """Return makespan / lower_bound - 1, where a bound of 0 is met only by a makespan of 0."""
    if lower_bound > 0:
        return makespan / lower_bound - 1
    return 0.0 if makespan == lower_bound else float("inf")


def settled_bound(lower_bound: float, makespan: float, rounding: float = _ROUNDING) -> float:
    """Return a bound in s, or the makespan of a known schedule where the bound is just above it.

    If a bound exceeds a known makespan by no more than `rounding` times it, the makespan is the
    bound. A larger bound is returned unchanged: it is wrong, and the checker refuses it.

    Examples
    --------
    >>> settled_bound(5.000000000000001, 5.0), settled_bound(4.0, 5.0), settled_bound(6.0, 5.0)
    (5.0, 4.0, 6.0)
    """
    return makespan if makespan < lower_bound <= makespan * (1 + rounding) else lower_bound


class Criterion(Protocol):
    """Anything that says from the progress whether to stop."""

    def __call__(self, progress: Progress) -> bool:
        """Return whether to stop now."""


@dataclass(frozen=True)
class Iterations:
    """Stop after `limit` iterations.

    Examples
    --------
    >>> from edgeopt import PSO, Iterations, load_problem, solve
    >>> solve(load_problem("paper:20x4:seed=1"), PSO(), stop=Iterations(5), rng=1).iterations
    5
    """

    limit: int

    def __post_init__(self) -> None:
        check_integer("iterations", self.limit, at_least=1, at_most=_MOST)

    def __call__(self, progress: Progress) -> bool:
        """Return whether `limit` iterations are done."""
        return progress.iterations >= self.limit


@dataclass(frozen=True)
class Evaluations:
    """Stop before an iteration as large as the last would exceed `limit` evaluations.

    What counts as an evaluation is said in `solve`. An iteration cannot be interrupted: the first
    one, or one larger than the last, may go beyond the budget; `Result.evaluations` tells by how
    much. The budget also ends after `limit` iterations, whatever they evaluated.

    Examples
    --------
    See `solve`.
    """

    limit: int

    def __post_init__(self) -> None:
        check_integer("evaluations", self.limit, at_least=1, at_most=_MOST)

    def __call__(self, progress: Progress) -> bool:
        """Return whether one more iteration would exceed the budget."""
        # The next iteration is expected to cost what the last one did, and at least 1.
        expected = progress.evaluations + max(progress.step_evaluations, 1)
        return expected > self.limit or progress.iterations >= self.limit


@dataclass(frozen=True)
class Seconds:
    """Stop after `limit` seconds in the solver.

    The solvers of this package look at the time within an iteration, and leave off a fraction of a
    second after the limit. Other solvers finish the iteration under way, unless they ask
    `time_left`. The time that `solve` needs for its lower bound, beyond 0.1 s, is part of the
    limit; the bound gets a third of it at most.

    Examples
    --------
    See `warm_up`.
    """

    limit: float

    def __post_init__(self) -> None:
        check_number("seconds", self.limit, above=0)

    def __call__(self, progress: Progress) -> bool:
        """Return whether the time is used up."""
        return progress.seconds >= self.limit


@dataclass(frozen=True)
class TargetGap:
    """Stop when the gap to the lower bound is at most `limit` (0.01 is one per cent).

    Examples
    --------
    >>> from edgeopt import ATSA, Iterations, TargetGap, load_problem, solve
    >>> stop = [TargetGap(0.05), Iterations(1000)]  # whichever is met first
    >>> result = solve(load_problem("paper:40x4:seed=1"), ATSA.repaired(), stop=stop, rng=1)
    >>> result.gap <= 0.05
    True
    """

    limit: float

    def __post_init__(self) -> None:
        check_number("target gap", self.limit, at_least=0)

    def __call__(self, progress: Progress) -> bool:
        """Return whether the target is reached."""
        return progress.gap <= self.limit


@dataclass(frozen=True)
class Stall:
    """Stop after `limit` iterations without improvement.

    Examples
    --------
    >>> from edgeopt import PSO, Iterations, Stall, load_problem, solve
    >>> stop = [Stall(20), Iterations(1000)]
    >>> solve(load_problem("paper:20x4:seed=1"), PSO(), stop=stop, rng=1).iterations < 1000
    True
    """

    limit: int

    def __post_init__(self) -> None:
        check_integer("stall", self.limit, at_least=1, at_most=_MOST)

    def __call__(self, progress: Progress) -> bool:
        """Return whether the run stalls."""
        return progress.stalled >= self.limit


CRITERIA: dict[str, Callable[[Any], Criterion]] = {
    "iterations": Iterations,
    "evaluations": Evaluations,
    "seconds": Seconds,
    "target_gap": TargetGap,
    "stall": Stall,
}

DEFAULT = {"iterations": 100}


def first_met(criteria: Iterable[Criterion], progress: Progress) -> Status | None:
    """Return the status that the first criterion met gives, or None.

    Examples
    --------
    >>> first_met([Seconds(60), Iterations(3)], Progress(iterations=3))
    <Status.ITERATIONS: 'iterations'>
    >>> first_met([lambda progress: progress.makespan < 10], Progress(makespan=9))
    <Status.CRITERION: 'criterion'>
    """
    for criterion in criteria:
        if criterion(progress):
            # A status has the name under which budgets know the criterion.
            names = (name for name, kind in CRITERIA.items() if kind is type(criterion))
            return Status(next(names, "criterion"))
    return None


def counted_share(criteria: Iterable[Criterion], progress: Progress) -> float | None:
    """Return the largest share used of a budget of iterations or evaluations; None without one.

    Examples
    --------
    >>> from edgeopt.optim.scheduling.stop import counted_share
    >>> counted_share([Iterations(10), Evaluations(50)], Progress(iterations=4, evaluations=10))
    0.4
    """
    shares = []
    for criterion in criteria:
        if isinstance(criterion, Iterations):
            shares.append(progress.iterations / criterion.limit)
        elif isinstance(criterion, Evaluations):
            shares.append(progress.evaluations / criterion.limit)
    return min(max(0.0, *shares), 1.0) if shares else None


def as_criteria(stop: Criterion | Iterable[Criterion]) -> tuple[Criterion, ...]:
    """Return a criterion, or several of them, as a tuple; the first met stops the run."""
    criteria = tuple(stop) if isinstance(stop, Iterable) else (stop,)
    for criterion in criteria:
        if not callable(criterion):
            raise InputError("stop", criterion, "a criterion such as Iterations(100)")
    if not criteria:
        raise InputError("stop", criteria, "at least one criterion")
    return criteria


def make_criteria(budget: dict[str, Any]) -> list[Criterion]:
    """Return the stopping criteria of a budget such as ``{"evaluations": 5000}``.

    Raises
    ------
    InputError
        If it is empty, or a name or value is illegal.
    """
    if not isinstance(budget, dict) or not budget:
        raise InputError("budget", budget, f"a table with any of {', '.join(CRITERIA)}")
    for name in budget:
        if name not in CRITERIA:
            raise InputError("budget", name, f"one of {', '.join(CRITERIA)}")
    return [CRITERIA[name](value) for name, value in budget.items()]
