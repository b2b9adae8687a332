"""One cell of a sweep: a solver on a problem, once."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.runs.cell import Row, RunKind, Shape, declare
from edgeopt.experiments.runs.provenance import code_of
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.catalog import build_solver, identify_solver, is_foreign, make_solver
from edgeopt.optim.scheduling.solve import form_of, solve, warm_up
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import files_of, load_problem

_TRACE = ("trace_iterations", "trace_evaluations", "trace_seconds", "trace_makespan")

_SIZES = ("tasks", "nodes", "iterations", "evaluations")

MEASURES = {
    **dict.fromkeys(("energy", "cost", "imbalance", "utilisation", "mean_completion"), "float"),
    "deadline_misses": "integer",
}
"""Columns of `Measures` and their types; without a value where the problem lacks the data."""

_NUMBERS = (*_SIZES, "makespan", "lower_bound", "gap", "seconds")


def _is_config(config: dict[str, Any]) -> bool:
    """Whether the configuration of a sweep has problems, solvers and a budget."""
    problems, solvers = config.get("problems"), config.get("solvers")
    if not isinstance(problems, dict | list) or not isinstance(solvers, dict):
        return False
    specs = problems.values() if isinstance(problems, dict) else problems
    tables = [table for table in solvers.values() if isinstance(table, dict)]
    try:
        make_criteria(config.get("budget"))  # type: ignore[arg-type]
    except InputError:
        return False
    return (
        all(isinstance(spec, str) for spec in specs)
        and len(tables) == len(solvers)
        and all(isinstance(table.get("solver"), str) for table in tables)
    )


SWEEP = declare(
    RunKind(
        name="sweep",
        names={"problem": "text", "solver": "text"},
        columns={
            **dict.fromkeys(("tasks", "nodes"), "integer"),
            **dict.fromkeys(("makespan", "lower_bound", "gap"), "float"),
            **dict.fromkeys(("iterations", "evaluations"), "integer"),
            "seconds": "float",
            **dict.fromkeys(("assignment", "trace_iterations", "trace_evaluations"), "integers"),
            **dict.fromkeys(("trace_seconds", "trace_makespan"), "floats"),
            **MEASURES,
        },
        facts=dict.fromkeys(("content", "stream", "recipe"), "text"),
        shape=Shape(
            full=(*_NUMBERS, *_TRACE), equal=(_TRACE, ("tasks", "assignment")), config=_is_config
        ),
    )
)


# Parameters that rows of older folders do not name, and the values that these rows had.
_LATER = {"edgeopt.optim.scheduling.tempering.solver.Frontier": {"threads": 1}}

_WARM: set[tuple[tuple[bool, ...], str, str]] = set()


@dataclass(frozen=True)
class SweepCell:
    """A solver on a problem, once.

    Attributes
    ----------
    problem, digest : str
        Spec of the problem, and hash of its content.
    label : str
        Name of the solver in the file.
    solver : str
        JSON of its table.
    repetition, seed : int
        Which run, and the root seed.
    budget : str
        JSON of the budget.
    start : str
        Name of the heuristic whose schedule the solver starts from; empty for none.
    identity : str
        JSON of the solver's class or function and of all its parameters, see `solver_identity`.
    code : str
        Hash of the code that makes the row.
    name : str
        Name of the problem in the table; empty for its spec.
    """

    problem: str
    digest: str
    label: str
    solver: str
    repetition: int
    seed: int
    budget: str
    start: str
    identity: str
    code: str
    name: str = ""

    @property
    def is_foreign(self) -> bool:
        """Whether the solver is of a file, or of another package."""
        return is_foreign(json.loads(self.solver)["solver"])

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns that name the cell."""
        return {"problem": self.name or self.problem, "solver": self.label}

    @property
    def contents(self) -> dict[str, str]:
        """The problem is known by its content, wherever its file is."""
        return {"problem": self.digest}

    @property
    def facts(self) -> dict[str, str]:
        """What is needed to run the cell again: see `content`, `stream` and `replay`."""
        # as text: a sweep may have a million cells
        parts = {
            "budget": self.budget,
            "problem": json.dumps(self.problem),
            "solver": self.solver,
            "start": json.dumps(self.start),
        }
        recipe = ", ".join(f'"{name}": {text}' for name, text in parts.items())
        stream = "/".join(map(str, (self.seed, *self._spawn_key)))
        return {"content": self.content, "stream": stream, "recipe": f"{{{recipe}}}"}

    @cached_property
    def key(self) -> str:
        """Hash of everything that the outcome depends on, code too, but of no name or place."""
        return _hash([*self._content, self.code])

    @cached_property
    def content(self) -> str:
        """The same without the code; solvers of users' files are told apart by their labels."""
        own = json.loads(self.identity)["own"]
        return _hash([*self._content, self.label if own else ""])

    @property
    def _content(self) -> list[Any]:
        """Everything that the outcome depends on, except code."""
        run = [self.budget, self.seed, self.repetition, self.start]
        return [self.digest, self.identity, *run]

    @property
    def stream(self) -> np.random.SeedSequence:
        """Seeds of the run, the same for all solvers, wherever and whenever they run.

        They depend on the root seed, the problem's content and the repetition alone.
        """
        # the content of the problem, not its place: other problems in the file change nothing
        return np.random.SeedSequence(self.seed, spawn_key=self._spawn_key)

    @property
    def _spawn_key(self) -> tuple[int, int]:
        """Numbers of the problem's content and of the repetition."""
        return int(self.digest[:16], 16), self.repetition

    def prepare(self) -> None:
        """Load the kernels of the bounds, and the sources that are hashed."""
        load_kernels()

    def warm_up(self) -> None:
        """Compile what the cell needs, once in each process, before it is timed.

        For the solvers of others, all that is the same in all runs is computed, too.
        """
        problem, solver = self.load()
        if self.is_foreign:
            self.check_unchanged()
            deadline_bound(problem)
        done = form_of(problem), self.solver, self.code
        if done not in _WARM:
            warm_up(problem, solver)
            _WARM.add(done)

    def outcome(self, folder: Path | None = None) -> Row:
        """Run the cell and return its columns; it keeps no files in `folder`.

        Raises
        ------
        ChangedError
            If problem or code are no longer those of the key, or the solver has changed the
            problem.
        """
        self.check_unchanged()
        self.warm_up()
        problem = problem_of(self.problem)
        try:
            return _columns(problem, self.run())
        finally:
            if self.is_foreign:
                check_intact(problem, self.digest, self.label)

    def check_unchanged(self) -> None:
        """Raise `ChangedError` if problem or code are no longer those of the key."""
        again = "since the sweep began; the same command runs what has changed"
        if problem_of(self.problem).digest != self.digest:
            raise ChangedError(f"the problem {self.problem} has changed {again}")
        if solver_identity(self.solver, self.start) != (self.identity, self.code):
            raise ChangedError(f"the code of the solver {self.label} has changed {again}")

    def load(self) -> tuple[Problem, Any]:
        """Return the problem and the solver."""
        return problem_of(self.problem), build_solver(json.loads(self.solver))

    def run(self) -> Result:
        """Run the solver on the problem."""
        (problem, solver), sequence = self.load(), self.stream
        budget = make_criteria(json.loads(self.budget))
        start = _schedule_of(self.start, problem, sequence) if self.start else None
        deadline_bound(problem)  # kept: no part of a budget of seconds, whichever cell comes first
        return solve(problem, solver, stop=budget, rng=sequence, start=start, catch_interrupt=False)


class ChangedError(RuntimeError):
    """A cell's problem or code has changed since it was asked for."""


def load_kernels() -> None:
    """Load the kernels of the bounds, and the sources that are hashed for every cell."""
    warm_up(Problem(np.ones((2, 2))), make_solver("mct"))
    code_of(solve, make_criteria, Problem)


def check_intact(problem: Problem, digest: str, label: str) -> None:
    """Raise `ChangedError` if a solver has changed a problem, whose arrays are read-only.

    Parameters
    ----------
    problem : Problem
        After the run.
    digest : str
        Hash of its content before.
    label : str
        Name of the solver.
    """
    try:
        again = replace(problem)  # checks everything, and derives it anew
        derived = [name for name in ("matrix", "allowed") if name in vars(problem)]
        pairs = [(vars(problem)[name], getattr(again, name)) for name in derived]
        is_same = again.digest == digest and all(np.array_equal(*pair) for pair in pairs)
    except (ValueError, TypeError, AttributeError):  # it is none any more
        is_same = False
    if not is_same:
        raise ChangedError(f"the solver {label} has changed the problem while it ran")


def _hash(content: list[Any]) -> str:
    """Return the hash of plain values."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _schedule_of(
    heuristic: str, problem: Problem, sequence: np.random.SeedSequence
) -> IntArray | None:
    """Return the heuristic's schedule, None where it finds no room for a task."""
    # A child of the sequence: the solver's own stream is the same with a start and without.
    rng = np.random.default_rng(sequence.spawn(1)[0])
    assignment: IntArray = make_solver(heuristic)(problem, rng)
    return None if np.any(assignment == -1) else assignment


def solver_identity(table: str, start: str = "") -> tuple[str, str]:
    """Return what tells a solver from others, and the hash of the code that runs it.

    Parameters
    ----------
    table : str
        JSON of its table.
    start : str
        Name of the heuristic that makes its start; empty for none.

    Returns
    -------
    tuple of str
        JSON of its class or function with all parameters, defaults too, and a hash. A user's file
        and its folder have no part in it, only its code.

    Raises
    ------
    InputError
        If a default of the solver cannot be written as text.
    """
    parameters = json.loads(table)
    found = identify_solver(parameters.pop("solver"), parameters)
    own = found.code is not None
    later = {} if own else _LATER.get(found.name, {})
    parameters = {k: v for k, v in found.parameters.items() if k not in later or v != later[k]}
    named = {"name": found.name, "parameters": parameters, "own": own}
    first = [make_solver(start)] if start else []
    first += [found.code] if found.code is not None else []
    code = code_of(solve, make_criteria, Problem, found.solver, *first)
    return json.dumps(named, sort_keys=True, default=_as_text), code


def _as_text(value: Any) -> Any:
    """Return a value that JSON does not know as a plain one."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    text = getattr(value, "__qualname__", None) or repr(value)
    if " at 0x" in text:  # the address changes from process to process
        raise InputError("parameter", value, "a value that can be written as text")
    return text


def problem_of(spec: str) -> Problem:
    """Return the problem of a spec, loaded once in each process and kept with its bound.

    A file that has changed is loaded again.
    """
    state = None
    with contextlib.suppress(OSError, ValueError):  # no file, or no name of one
        facts = [path.stat() for path in files_of(spec)]
        state = tuple((fact.st_mtime_ns, fact.st_size) for fact in facts)
    return _problem(spec, state)


@cache
def _problem(spec: str, state: tuple[tuple[int, int], ...] | None) -> Problem:
    """Return the problem of a spec in a state of its files."""
    return load_problem(spec)


def _columns(problem: Problem, result: Result) -> Row:
    """Return the columns of a result, with the trace as lists."""
    values = result.as_dict()
    for name in ("solver", "problem", "seed"):
        del values[name]
    trace = {f"trace_{name}": list(value) for name, value in asdict(result.trace).items()}
    size = {"tasks": problem.tasks, "nodes": problem.nodes}
    return {**size, **values, **trace, "error": None}
