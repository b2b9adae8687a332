"""One cell of a sweep: a solver on a problem, once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.runs.cell import Row, RunKind
from edgeopt.experiments.runs.provenance import code_of
from edgeopt.optim.scheduling.catalog import make_solver, solver_source
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

SWEEP = RunKind(
    name="sweep",
    names={"problem": "text", "solver": "text"},
    columns={
        **dict.fromkeys(("tasks", "nodes"), "integer"),
        **dict.fromkeys(("makespan", "lower_bound", "gap"), "float"),
        **dict.fromkeys(("iterations", "evaluations"), "integer"),
        "seconds": "float",
        **dict.fromkeys(("assignment", "trace_iterations", "trace_evaluations"), "integers"),
        **dict.fromkeys(("trace_seconds", "trace_makespan"), "floats"),
    },
)


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
    """

    problem: str
    digest: str
    label: str
    solver: str
    repetition: int
    seed: int
    budget: str
    start: str = ""

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns that name the cell."""
        return {"problem": self.problem, "solver": self.label}

    @property
    def contents(self) -> dict[str, str]:
        """The problem is known by its content, wherever its file is."""
        return {"problem": self.digest}

    @cached_property
    def key(self) -> str:
        """Hash of the cell's names and of everything that the outcome depends on, code too."""
        names = [self.problem, self.label]
        outcome = [self.digest, _identity(self.solver), self.budget, self.seed, self.repetition]
        content = [*names, *outcome, self.code, *filter(None, [self.start])]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]

    @property
    def code(self) -> str:
        """Hash of the code that makes the row."""
        return _code(self.solver, self.start)

    def warm_up(self) -> None:
        """Compile what the cell needs, once in each process, before it is timed."""
        _warm_up_once(self.problem, self.solver)

    def outcome(self, folder: Path | None = None) -> Row:
        """Run the cell and return its columns; it keeps no files in `folder`.

        The random stream depends on the root seed, the problem's content and the repetition
        alone: all solvers see the same stream, wherever and whenever they run.
        """
        problem, solver = problem_of(self.problem), _solver_of(self.solver)
        self.warm_up()
        # the content of the problem, not its place: other problems in the file change nothing
        spawn_key = (int(self.digest[:16], 16), self.repetition)
        sequence = np.random.SeedSequence(self.seed, spawn_key=spawn_key)
        budget = make_criteria(json.loads(self.budget))
        start = _schedule_of(self.start, problem, sequence) if self.start else None
        return _columns(problem, solve(problem, solver, stop=budget, rng=sequence, start=start))


def _schedule_of(
    heuristic: str, problem: Problem, sequence: np.random.SeedSequence
) -> IntArray | None:
    """Return the heuristic's schedule, None where it finds no room for a task."""
    # A child of the sequence: the solver's own stream is the same with a start and without.
    rng = np.random.default_rng(sequence.spawn(1)[0])
    assignment: IntArray = make_solver(heuristic)(problem, rng)
    return None if np.any(assignment == -1) else assignment


def _solver_of(table: str) -> Any:
    """Return the solver of a table that the configuration has checked."""
    parameters = json.loads(table)
    return make_solver(parameters.pop("solver"), parameters)


@cache
def _identity(table: str) -> str:
    """Return a solver's name, the content of its file and all its parameters, defaults too."""
    name = json.loads(table)["solver"]
    solver = _solver_of(table)
    parameters = asdict(solver) if is_dataclass(solver) else {}  # type: ignore[arg-type]
    return json.dumps([name, solver_source(name), parameters], sort_keys=True)


@cache
def _code(table: str, start: str) -> str:
    """Return the hash of the code that runs a solver."""
    first = [make_solver(start)] if start else []
    return code_of(solve, make_criteria, Problem, _solver_of(table), *first)


@cache
def problem_of(spec: str) -> Problem:
    """Return the problem of a spec, loaded once in each process and kept with its bound."""
    return load_problem(spec)


@cache
def _warm_up_once(problem: str, solver: str) -> None:
    """Compile for this problem and solver."""
    warm_up(problem_of(problem), _solver_of(solver))


def _columns(problem: Problem, result: Result) -> Row:
    """Return the columns of a result, with the trace as lists."""
    values = result.as_dict()
    for name in ("solver", "problem", "seed"):
        del values[name]
    trace = {f"trace_{name}": list(value) for name, value in asdict(result.trace).items()}
    size = {"tasks": problem.tasks, "nodes": problem.nodes}
    return {**size, **values, **trace, "error": None}
