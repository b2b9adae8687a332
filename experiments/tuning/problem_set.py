"""The problems that a tuning trains on, or is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from problems.errors import InputError, check_integer
from problems.scheduling import SchedulingProblem, load_problem


@dataclass(frozen=True)
class ProblemSet:
    """Problems and how often each is run.

    Attributes
    ----------
    name : str
        ``training`` or ``held_out``, for messages.
    specs : tuple of str
        Problem specs; paths are absolute.
    repetitions : int
        Runs of a solver on each problem, with seeds of their own.

    Raises
    ------
    InputError
        If there is no problem, one cannot be loaded, or two are the same.
    """

    name: str
    specs: tuple[str, ...]
    repetitions: int

    def __post_init__(self) -> None:
        check_integer(f"{self.name}.repetitions", self.repetitions, at_least=1)
        if not self.specs:
            raise InputError(f"{self.name}.problems", [], "at least one problem")
        seen: dict[str, str] = {}
        for spec, problem in self.problems.items():
            if seen.setdefault(problem.digest, spec) != spec:
                rule = f"another problem than {seen[problem.digest]}"
                raise InputError(f"{self.name}.problems", spec, rule)
        if len(self.problems) < len(self.specs):
            raise InputError(f"{self.name}.problems", list(self.specs), "all different")

    @cached_property
    def problems(self) -> dict[str, SchedulingProblem]:
        """The problems by spec, loaded once (each keeps its lower bound)."""
        return {spec: load_problem(spec) for spec in self.specs}

    @property
    def digests(self) -> list[str]:
        """Content hashes of the problems."""
        return [problem.digest for problem in self.problems.values()]


def check_apart(training: ProblemSet, held_out: ProblemSet) -> None:
    """Raise `InputError` if a held-out problem is a training problem too, by content."""
    trained = {problem.digest: spec for spec, problem in training.problems.items()}
    for spec, problem in held_out.problems.items():
        if problem.digest in trained:
            rule = f"unseen in training, where it is {trained[problem.digest]}"
            raise InputError("held_out.problems", spec, rule)
