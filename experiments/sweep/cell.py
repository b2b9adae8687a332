"""One cell of a sweep: a solver on a problem, once."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.budget import make_criteria
from experiments.sweep.cell_name import CellName
from experiments.sweep.code_version import code_version
from experiments.sweep.config import SweepConfig, build_solver
from experiments.toml_file import read_toml
from optim import Result, solve, warm_up
from optim.scheduling.catalog import locate_solver
from problems.scheduling import SchedulingProblem, load_problem

if TYPE_CHECKING:
    from experiments.sweep.kinds import AnyCell

Row = dict[str, Any]
FAILED = "failed"
COLUMNS = (
    *("key", "code", "problem", "solver", "repetition", "seed", "budget"),
    *("tasks", "nodes", "makespan", "lower_bound", "gap", "iterations", "evaluations", "seconds"),
    *("status", "error", "cell_seconds", "assignment"),
    *("trace_iterations", "trace_evaluations", "trace_seconds", "trace_makespan"),
    "measures",
)


@dataclass(frozen=True)
class Cell(CellName):
    """A solver on a problem, once."""

    @cached_property
    def key(self) -> str:
        """Hash of the cell's names and of everything that the outcome depends on, code too."""
        names = [self.problem, self.label]
        outcome = [self.digest, _identity(self.solver), self.budget, self.seed, self.repetition]
        content = [*names, *outcome, self.code]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]

    @property
    def code(self) -> str:
        """Which code a row is made with."""
        return code_version()

    def warm_up(self) -> None:
        """Compile what the cell needs, once in each process, before it is timed."""
        _warm_up_once(self.problem, self.solver)

    def outcome(self) -> Row:
        """Run the cell and return its columns but for those of `name_row`.

        The random stream depends on the root seed, the problem's content and the repetition
        alone: all solvers see the same, whatever runs where and when.
        """
        problem, solver = problem_of(self.problem), build_solver(json.loads(self.solver))
        self.warm_up()
        spawn_key = (int(self.digest[:16], 16), self.repetition)
        sequence = np.random.SeedSequence(self.seed, spawn_key=spawn_key)
        budget = make_criteria(json.loads(self.budget))
        return _columns(problem, solve(problem, solver, stop=budget, rng=sequence))


@cache
def _identity(table: str) -> str:
    """Return a solver's name, the content of its file and all its parameters, defaults too."""
    name = json.loads(table)["solver"]
    solver = build_solver(json.loads(table))
    parameters = asdict(solver) if is_dataclass(solver) else {}  # type: ignore[arg-type]
    return json.dumps([name, solver_source(name), parameters], sort_keys=True)


def solver_source(name: str) -> str:
    """Return the content of a user's own solver file, also where a TOML file names it."""
    if name.endswith(".toml"):
        inner = read_toml(Path(name))["solver"]
        return solver_source(locate_solver(inner, Path(name).parent))
    file = Path(name.rpartition(":")[0])
    return file.read_text(encoding="utf-8") if file.suffix == ".py" else ""


def cells_of(config: SweepConfig) -> Iterator[Cell]:
    """Yield the cells, repetition by repetition, so that an early look sees all solvers."""
    digests = {spec: problem_of(spec).digest for spec in config.problems}
    budget = json.dumps(config.budget, sort_keys=True)
    for repetition in range(config.repetitions):
        for spec, digest in digests.items():
            for label, table in config.solvers.items():
                solver = json.dumps(table, sort_keys=True)
                yield Cell(spec, digest, label, solver, repetition, config.seed, budget)


@cache
def problem_of(spec: str) -> SchedulingProblem:
    """Return the problem of a spec, loaded once in each process (its bound is kept with it)."""
    return load_problem(spec)


def run_cell(cell: AnyCell) -> Row:
    """Run a cell and return its row; an error is a row too, with the traceback."""
    start = time.perf_counter()
    row = name_row(cell)
    try:
        row |= cell.outcome()
    except (Exception, SystemExit):
        row |= {"status": FAILED, "error": traceback.format_exc()}
    return row | {"cell_seconds": time.perf_counter() - start}


def name_row(cell: AnyCell) -> Row:
    """Return the columns that say which cell a row belongs to."""
    return {
        "key": cell.key,
        "code": cell.code,
        "problem": cell.problem,
        "solver": cell.label,
        "repetition": cell.repetition,
        "seed": cell.seed,
        "budget": cell.budget,
    }


def failed_row(cell: AnyCell, error: str, seconds: float) -> Row:
    """Return the row of a cell that could not make its own; `seconds` since it was begun."""
    return {**name_row(cell), "status": FAILED, "error": error, "cell_seconds": seconds}


@cache
def _warm_up_once(problem: str, solver: str) -> None:
    """Compile for this problem and solver."""
    warm_up(problem_of(problem), build_solver(json.loads(solver)))


def _columns(problem: SchedulingProblem, result: Result) -> Row:
    """Return the columns of a result, with the trace as lists."""
    values = result.as_dict()
    for name in ("solver", "problem", "seed"):
        del values[name]
    trace = {f"trace_{name}": list(value) for name, value in asdict(result.trace).items()}
    size = {"tasks": problem.tasks, "nodes": problem.nodes}
    return {**size, **values, **trace, "error": None, "measures": None}
