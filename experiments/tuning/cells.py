"""The runs that judge trials: known by content, kept in a file, computed ahead by workers."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import traceback
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self

import numpy as np

from edgeopt.experiments.runs.pool import starting_worker
from edgeopt.experiments.sweep.cell import problem_of, solver_identity
from edgeopt.experiments.tuning.cell_cache import CellCache
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.objective import Objective, find_objective
from edgeopt.experiments.tuning.problem_set import ProblemSet
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.catalog import build_solver
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
    lower_bound(cell.problem)  # kept: no part of a budget of seconds
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
        trials are judged, and hence every number, is that of one process.
    """

    def __init__(self, config: TuneConfig, cache: CellCache, jobs: int = 1) -> None:
        self._config, self._cache, self.jobs = config, cache, jobs
        self._objective = _judge(config.objective)
        self.accepts_code = cache.codes > 1  # runs of other code count in this folder
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # after an error or Ctrl-C nobody waits for the runs under way
            for process in list(self._pool._processes.values()) if error is not None else []:
                process.kill()
            self._pool.shutdown(cancel_futures=True)

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
            If the solver or the objective raises, or ends its worker process.
        InputError
            If the solver's file has changed since the tuning began.
        """
        try:
            identity, code = solver_identity(json.dumps({**self._config.solver, **values}))
        except InputError:  # values that the solver does not allow together
            raise CellError(traceback.format_exc()) from None
        if not self._config.code.startswith(code):
            rule = "left unchanged while it is tuned; the same command goes on with the new code"
            raise InputError("solver", self._config.solver["solver"], rule)
        keys = [self._key(cell, identity) for cell in cells]
        ahead: dict[str, Future[float]] = {}
        try:
            for place, (cell, key) in enumerate(zip(cells, keys, strict=True)):
                known = self._cache.get(key)
                if known is None and self.jobs > 1:
                    self._look_ahead(ahead, cells[place:], keys[place:], values)
                    known = self._result(ahead.pop(key))
                elif known is None:
                    known = self._run_here(cell, values)
                self._cache.put(key, known)
                yield known
        finally:
            for future in ahead.values():  # the trial was given up
                future.cancel()

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

    def _run_here(self, cell: TrialCell, values: dict[str, Any]) -> float:
        """Run a cell in this process."""
        config = self._config
        try:
            solver = build_solver({**config.solver, **values})
            return run_trial_cell(cell, solver, config.budget, config.seed, self._objective)
        except Exception:
            raise CellError(traceback.format_exc()) from None

    def _result(self, future: Future[float]) -> float:
        """Return the value that a worker found; if one has died, others are started next time."""
        try:
            return future.result()
        except BrokenProcessPool:
            assert self._pool is not None
            self._pool.shutdown()
            self._pool = None
            raise CellError("RuntimeError: the process of a run died") from None

    def _look_ahead(
        self,
        ahead: dict[str, Future[float]],
        cells: Sequence[TrialCell],
        keys: Sequence[str],
        values: dict[str, Any],
    ) -> None:
        """Have workers begin the next cells, as many as there are workers."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.jobs, get_context("spawn"), _die_with_parent)
        config = self._config
        solver = json.dumps({**config.solver, **values})
        for cell, key in zip(cells, keys, strict=True):
            if len(ahead) >= self.jobs:
                return
            if key not in ahead and self._cache.get(key) is None:
                run = (solver, cell.spec, cell.repetition)
                with starting_worker():
                    future = self._pool.submit(
                        _run_there, *run, config.budget, config.seed, config.objective
                    )
                ahead[key] = future
                # kept even if the trial is given up meanwhile
                future.add_done_callback(partial(self._keep, key))

    def _keep(self, key: str, future: Future[float]) -> None:
        """Keep the value that a worker found."""
        if not future.cancelled() and future.exception() is None:
            self._cache.put(key, future.result())


def _run_there(
    solver: str, spec: str, repetition: int, budget: dict[str, float], seed: int, objective: str
) -> float:
    """Run a cell in a worker."""
    try:
        cell = TrialCell(problem_of(spec), repetition, spec)
        made = build_solver(json.loads(solver))
        return run_trial_cell(cell, made, budget, seed, _judge(objective))
    except Exception:
        raise CellError(traceback.format_exc()) from None


def _judge(objective: str) -> Objective | None:
    """Return the function of an objective, None for the gap."""
    return None if objective == "gap" else find_objective(objective)


def _die_with_parent() -> None:
    """Watch the parent in a thread of its own."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the parent is gone: an idle worker would wait for ever."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
