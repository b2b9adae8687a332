"""One cell of a sweep: a solver on a problem, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache, cached_property

import numpy as np

from edgeopt.experiments.runs.cell import CellName, Row
from edgeopt.experiments.runs.provenance import code_version
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.optim.scheduling.catalog import build_solver, solver_source
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.scheduling.problem import SchedulingProblem
from edgeopt.problems.scheduling.spec import load_problem


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
