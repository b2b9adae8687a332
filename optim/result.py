"""What a run leaves: the assignment, its quality, and how it came about."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from optim.solver import IntArray
from optim.stop import Progress, relative_gap


@dataclass
class Trace:
    """Best makespan so far against iterations, evaluations and seconds.

    One entry for each improvement, and a last one for the end of the run.
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
