"""Training and held-out problems: known by content, apart from each other, fit to be measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem


@dataclass(frozen=True)
class ProblemSet:
    """Problems, and how often each is run.

    Attributes
    ----------
    name : str
        ``training`` or ``held_out``, for messages.
    specs : tuple of str
        Problem specs; paths are absolute.
    repetitions : int
        Runs of a solver on each problem, each with its own seed.
    labels : dict of str, optional
        Names of problems in tables, by spec; by default their specs.

    Raises
    ------
    InputError
        If there is no problem, one cannot be loaded, or two are the same.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """

    name: str
    specs: tuple[str, ...]
    repetitions: int
    labels: dict[str, str] = field(default_factory=dict)

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
    def problems(self) -> dict[str, Problem]:
        """The problems by spec, loaded once: each keeps its lower bound."""
        return {spec: load_problem(spec) for spec in self.specs}

    @property
    def digests(self) -> list[str]:
        """Content hashes of the problems."""
        return [problem.digest for problem in self.problems.values()]


def check_sets(training: ProblemSet, held_out: ProblemSet | None, objective: str) -> None:
    """Raise `InputError` if the problems cannot judge trials, or default against tuned."""
    for group in (training,) if held_out is None else (training, held_out):
        if objective == "gap":
            check_bounds(group)
    if held_out is None:
        return
    # one problem has neither an interval nor a test
    if len(held_out.specs) < 2:
        rule = "at least two problems, over which default and tuned are compared"
        raise InputError("held_out.problems", list(held_out.specs), rule)
    check_apart(training, held_out)


def check_bounds(group: ProblemSet) -> None:
    """Raise `InputError` for a problem whose lower bound is 0, to which there is no gap."""
    for spec, problem in group.problems.items():
        # only where every task takes no time on some node: the bound may take a while
        free = not isinstance(problem.et, UniformTimes) and not problem.et.min(axis=1).any()
        if free and deadline_bound(problem) == 0:
            rule = (
                "a problem with a positive lower bound: no gap can be measured from a bound of 0; "
                'leave it out, or minimise another objective, such as "makespan"'
            )
            raise InputError(f"{group.name}.problems", spec, rule)


def check_apart(training: ProblemSet, held_out: ProblemSet) -> None:
    """Raise `InputError` if a held-out problem is a training problem too, by content."""
    trained = {problem.digest: spec for spec, problem in training.problems.items()}
    for spec, problem in held_out.problems.items():
        if problem.digest in trained:
            rule = f"unseen in training, where it is {trained[problem.digest]}"
            raise InputError("held_out.problems", spec, rule)
