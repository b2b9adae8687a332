"""A sweep in one call: solvers and problems as objects, results as a value."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from edgeopt.experiments.notebook.folder import kept_folder, remove_with
from edgeopt.experiments.notebook.runs import Runs
from edgeopt.experiments.runs.cell import FAILED
from edgeopt.experiments.runs.run import run_with_bar
from edgeopt.experiments.sweep.cell import SWEEP
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.sweep.objects import budget_table, store_problems, store_solvers
from edgeopt.problems.errors import check_integer


def sweep(
    problems: Any,
    solvers: Any,
    budget: Any,
    *,
    repetitions: int = 10,
    seed: int = 0,
    jobs: int = 1,
    out: str | Path | None = None,
    start: str | None = None,
    time_limit: float | None = None,
    retry_failed: bool = False,
) -> Runs:
    """Run every solver on every problem, repeatedly; the same call again resumes.

    Parameters
    ----------
    problems : Problem, DataFrame, str, Path, or a list or dict of them
        A DataFrame has the times in s, a row a task; a text is a file or a name such as
        ``paper:200x30:seed=1``; a dict gives names.
    solvers : dict, list or one solver
        By name: a solver such as ``ATSA(beta=3)``, a function ``f(problem, rng) -> assignment``,
        a class, a name of the catalog, ``file.py:NAME``, or a table as in a sweep file, in which
        a list is a grid: ``{"solver": "pso", "particles": [10, 20]}``.
    budget : Criterion, list of Criterion or dict
        When a run stops: ``Evaluations(5000)`` or ``{"evaluations": 5000}``.
    repetitions : int
        Runs of each solver on each problem.
    seed : int
        Root of all randomness; the numbers do not depend on anything else.
    jobs : int
        Worker processes.
    out : str or Path, optional
        Folder of the runs. What it holds already is not run again; without one, the runs live
        as long as the result.
    start : str, optional
        Heuristic whose schedule all solvers start from.
    time_limit : float, optional
        Wall time in s after which a run is ended and counts as failed.
    retry_failed : bool
        Whether to make runs again that failed before.

    Returns
    -------
    Runs
        Table, statistics, figures, report and best schedules.

    Raises
    ------
    InputError
        If an argument is illegal, the folder holds something else, or a solver cannot be written
        down so that another process can run it. Functions and classes of a notebook may use
        modules, numbers, texts and each other; nothing else.

    Warns
    -----
    UserWarning
        If runs failed; it has the number and the first reason.

    Examples
    --------
    >>> import pandas as pd
    >>> import edgeopt as eo
    >>> times = pd.DataFrame({"pi": [3.0, 2.0, 4.0], "jetson": [5.0, 1.0, 4.0]})
    >>> solvers = {"ants": eo.ATSA.repaired(), "LPT": eo.lpt, "search": "local-search"}
    >>> runs = eo.sweep(times, solvers, eo.Evaluations(200), repetitions=2)
    >>> runs.table()["makespan_best"].tolist()
    [5.0, 5.0, 5.0]
    >>> runs.best().loads, runs.missing
    (array([5., 4.]), 0)
    """
    check_integer("jobs", jobs, at_least=1)
    with kept_folder(out, SWEEP) as folder:
        config = SweepConfig(
            problems=store_problems(problems, folder),
            repetitions=repetitions,
            seed=seed,
            budget=budget_table(budget),
            solvers=store_solvers(solvers, folder),
            time_limit=time_limit,
            start=start,
        )
        cells = run_with_bar(config, folder, jobs=jobs, retry_failed=retry_failed)
        runs = Runs(folder)
    if out is None:
        remove_with(runs, folder)
    if FAILED in cells["status"].values:
        _tell_of_failures(runs)
    return runs


def _tell_of_failures(runs: Runs) -> None:
    """Warn of runs that failed: their numbers are missing in tables and figures."""
    failed = runs.failures
    first = f"{failed['solver'][0]} on {failed['problem'][0]}: {failed['reason'][0]}"
    text = f"{len(failed)} of {len(runs.data)} runs failed, the first with {first} (all: .failures)"
    warnings.warn(text, stacklevel=3)
