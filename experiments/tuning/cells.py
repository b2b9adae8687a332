"""The runs that judge trials: known by content, kept in a file, computed ahead by workers."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Generator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from edgeopt.experiments.runs.cell import FAILED, FINISHED, Row
from edgeopt.experiments.runs.pool import WorkerPool
from edgeopt.experiments.sweep.cell import check_intact, load_kernels, problem_of, solver_identity
from edgeopt.experiments.tuning.cell_cache import CellCache
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.objective import OBJECTIVES, Objective, find_objective
from edgeopt.experiments.tuning.problem_set import ProblemSet
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.catalog import build_solver, is_foreign
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem


@dataclass(frozen=True)
class TrialCell:
    """One run of a solver on a problem.

    Attributes
    ----------
    problem : Problem
        What is solved.
    repetition : int
        Which run on it.
    spec : str
        From which another process loads the problem.
    """

    problem: Problem
    repetition: int
    spec: str = ""

    def seeds(self, root: int) -> np.random.SeedSequence:
        """Return the seeds of the run: those of the same cell in a sweep, for all parameters."""
        key = (int(self.problem.digest[:16], 16), self.repetition)
        return np.random.SeedSequence(root, spawn_key=key)


def trial_cells(group: ProblemSet, seed: int) -> list[TrialCell]:
    """Return the runs: all problems in an order drawn from the seed, then all of them again."""
    problems = list(group.problems.items())
    order = np.random.default_rng(seed).permutation(len(problems))
    return [
        TrialCell(problems[i][1], repetition, problems[i][0])
        for repetition in range(group.repetitions)
        for i in order
    ]


def run_trial_cell(
    cell: TrialCell,
    solver: Any,
    budget: dict[str, float],
    seed: int,
    objective: Objective | None = None,
) -> float:
    """Run a solver once and return what it is judged by, infinite where no schedule was found.

    Parameters
    ----------
    cell : TrialCell
        Problem and repetition.
    solver : Solver or callable
        What to run.
    budget : dict
        One limit: ``evaluations`` or ``seconds``.
    seed : int
        Root of all randomness.
    objective : callable, optional
        Maps the result to the number that is minimised; by default the gap.
    """
    if objective is not None or "seconds" in budget:  # compilation must not count
        warm_up(cell.problem, solver)
    judge = objective or find_objective("gap")
    deadline_bound(cell.problem)  # kept: no part of a budget of seconds
    result = solve(
        cell.problem,
        solver,
        stop=make_criteria(budget),
        rng=cell.seeds(seed),
        catch_interrupt=False,
    )
    return judge(result)


# Running cells.


class CellError(Exception):
    """A cell whose solver raised; the message is the traceback."""


class CellRunner:
    """Runs the cells of one trial after another; a context manager that ends the workers.

    Parameters
    ----------
    config : TuneConfig
        What is tuned.
    cache : CellCache
        Values that are known, which are not computed again.
    jobs : int
        Worker processes. They compute cells of the present trial ahead: the order in which
        trials are judged, and hence every number, is that of one process. With 1, our own solvers
        run in this process; those of others always run in processes of their own.
    """

    def __init__(self, config: TuneConfig, cache: CellCache, jobs: int = 1) -> None:
        self._config, self._cache, self.jobs = config, cache, jobs
        self._objective = _judge(config.objective)
        self.accepts_code = cache.codes > 1  # runs of other code count in this folder
        self._pool = WorkerPool(None, jobs)
        self._begun: set[str] = set()
        self._errors: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # after an error or Ctrl-C nobody waits for the runs under way
        for row in self._pool.run([]) if error is None else ():
            self._keep(row)
        self._pool.__exit__(kind, error, trace)

    def run(
        self, cells: Sequence[TrialCell], values: dict[str, Any]
    ) -> Generator[float, None, None]:
        """Yield the value of each cell in turn.

        Parameters
        ----------
        cells : sequence of TrialCell
            What to run.
        values : dict
            Parameters of the solver.

        Raises
        ------
        CellError
            If the solver or the objective raises, or ends its process.
        InputError
            If the solver's file has changed since the tuning began.
        """
        config = self._config
        table = {**config.solver, **values}
        try:
            identity, code = solver_identity(json.dumps(table))
        except InputError:  # values that the solver does not allow together
            raise CellError(traceback.format_exc()) from None
        if not config.code.startswith(code):
            rule = "left unchanged while it is tuned; the same command goes on with the new code"
            raise InputError("solver", config.solver["solver"], rule)
        runs = [
            _TrialRun(
                key=self._key(cell, identity),
                code=code,
                solver=json.dumps(table),
                spec=cell.spec,
                digest=cell.problem.digest,
                repetition=cell.repetition,
                seed=config.seed,
                budget=json.dumps(config.budget),
                objective=config.objective,
            )
            for cell in cells
        ]
        try:
            for place, (cell, run) in enumerate(zip(cells, runs, strict=True)):
                known = self._cache.get(run.key)
                if known is None and (self.jobs > 1 or run.is_foreign):
                    known = self._from_worker(runs[place:])
                elif known is None:
                    known = self._run_here(cell, table)
                self._cache.put(run.key, known)
                yield known
        finally:
            self._begun -= {run.key for run in self._pool.cancel()}  # the trial was given up

    def _key(self, cell: TrialCell, identity: str) -> str:
        """Return a hash of everything but the code that the value of a cell depends on."""
        config = self._config
        content = [
            identity,
            config.budget,
            config.objective_name,
            config.seed,
            cell.problem.digest,
            cell.repetition,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]

    def _run_here(self, cell: TrialCell, table: dict[str, Any]) -> float:
        """Run a cell in this process."""
        config = self._config
        try:
            solver = build_solver(table)
            return run_trial_cell(cell, solver, config.budget, config.seed, self._objective)
        except Exception:
            raise CellError(traceback.format_exc()) from None

    def _from_worker(self, runs: Sequence[_TrialRun]) -> float:
        """Return the value of the first of some runs, and have workers begin the next ones."""
        key = runs[0].key
        if key in self._errors:  # it was computed ahead
            raise CellError(self._errors.pop(key))
        unknown = (run for run in runs if self._cache.get(run.key) is None)
        ahead = [run for run, _ in zip(unknown, range(self.jobs), strict=False)]
        fresh = [run for run in ahead if run.key not in self._begun | self._errors.keys()]
        self._begun |= {run.key for run in fresh}
        try:
            for row in self._pool.run(fresh):
                self._keep(row)
                if row["key"] == key:
                    break
        except BrokenProcessPool as error:
            raise CellError(f"{type(error).__name__}: {error}") from None
        value = self._cache.get(key)
        if value is None:
            raise CellError(self._errors.pop(key))
        return value

    def _keep(self, row: Row) -> None:
        """Keep what a worker found, even if the trial was given up meanwhile."""
        self._begun.discard(row["key"])
        if row["status"] == FAILED:
            self._errors[row["key"]] = row["error"]
        else:
            self._cache.put(row["key"], row["value"])


@dataclass(frozen=True)
class _TrialRun:
    """A run of a trial as workers take it, see `AnyCell`; its values are plain.

    Attributes
    ----------
    key, code : str
        Hashes of all that the value depends on but code, and of the code.
    solver, budget : str
        JSON of their tables.
    spec, digest : str
        Of the problem.
    repetition, seed : int
        Which run, and the root seed.
    objective : str
        See `find_objective`.
    """

    key: str
    code: str
    solver: str
    spec: str
    digest: str
    repetition: int
    seed: int
    budget: str
    objective: str
    names: dict[str, str | int] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name of the solver."""
        return str(json.loads(self.solver)["solver"])

    @property
    def is_foreign(self) -> bool:
        """Whether the solver or the objective is of a file, or of another package."""
        return is_foreign(self.label) or self.objective not in OBJECTIVES

    def prepare(self) -> None:
        """Load what the runs of all solvers need."""
        load_kernels()

    def warm_up(self) -> None:
        """Compile what the run needs."""
        warm_up(problem_of(self.spec), build_solver(json.loads(self.solver)))

    def outcome(self, folder: Path | None = None) -> Row:
        """Return the value; it keeps no files in `folder`."""
        cell = TrialCell(problem_of(self.spec), self.repetition, self.spec)
        solver, judge = build_solver(json.loads(self.solver)), _judge(self.objective)
        budget = json.loads(self.budget)
        try:
            value = run_trial_cell(cell, solver, budget, self.seed, judge)
        finally:
            check_intact(cell.problem, self.digest, self.label)
        return {"value": value, "status": FINISHED, "error": None}


def _judge(objective: str) -> Objective | None:
    """Return the function of an objective, None for the gap."""
    return None if objective == "gap" else find_objective(objective)
