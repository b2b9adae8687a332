"""The summary of a sweep: a row for each problem and solver, and the table of gaps."""

from __future__ import annotations

import math
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from edgeopt.experiments.runs.store import CELLS, read_cells, read_description
from edgeopt.experiments.sweep.cell import SWEEP
from edgeopt.experiments.text import decimal, percent, terminal_table
from edgeopt.optim.scheduling.stop import relative_gap, settled_bound
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def summarize_sweep(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each problem and solver, over its repetitions that did not fail.

    Columns: runs, failed, makespan_best, makespan_median, gap_mean, gap_q1, gap_median, gap_q3,
    evaluations (mean), seconds (mean); gaps as fractions of the lower bound, times in s.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    groups = cells.assign(failed=cells["status"] == "failed").groupby(
        ["problem", "solver"], sort=False
    )
    table = groups.agg(
        runs=("status", "size"),
        failed=("failed", "sum"),
        makespan_best=("makespan", "min"),
        makespan_median=("makespan", "median"),
        gap_mean=("gap", "mean"),
        gap_q1=("gap", lambda gap: _quartile(gap, 0.25)),
        gap_median=("gap", "median"),
        gap_q3=("gap", lambda gap: _quartile(gap, 0.75)),
        evaluations=("evaluations", "mean"),
        seconds=("seconds", "mean"),
    )
    return table.reset_index()


def _quartile(gaps: pd.Series[float], share: float) -> float:
    """Return a quartile; the larger neighbour where that is infinite (no schedule)."""
    larger = float(gaps.quantile(share, interpolation="higher"))
    return larger if math.isinf(larger) else float(gaps.quantile(share))


def gap_table(summary: pd.DataFrame, problems: list[str], solvers: list[str]) -> Table:
    """Return the median gaps in per cent, solvers by problems, the best of each problem bold."""
    gaps = summary.pivot(index="solver", columns="problem", values="gap_median")
    seconds = summary.groupby("solver")["seconds"].mean()
    order = gaps.mean(axis=1).reindex(solvers).sort_values().index
    rows = [
        (
            solver,
            *(_entry(gaps[problem], solver) for problem in problems),
            decimal(1000 * seconds[solver], 1),
        )
        for solver in order
    ]
    columns = ("solver", *short_names(problems).values(), "mean ms a run")
    title = "median gap to the lower bound in %, best first"
    return terminal_table(columns, rows, title=title)


def short_names(problems: list[str]) -> dict[str, str]:
    """Return short names of specs: of paths the fewest last parts that keep them distinct."""
    for parts in count(1):
        names = {problem: "/".join(problem.split("/")[-parts:]) for problem in problems}
        if len(set(names.values())) == len(names):
            break
    return names


def _entry(gaps: pd.Series[float], solver: str) -> Text:
    """Return a gap as text, bold if none is smaller."""
    return Text(percent(gaps[solver]), style="bold" if gaps[solver] == gaps.min() else "")


def read_runs(folder: str | Path) -> pd.DataFrame:
    """Return the cells in a folder that have a row, finished sweep or not.

    In a sweep of solvers, the bound of a problem is the largest that any of its runs has proved;
    gaps refer to it.

    Parameters
    ----------
    folder : str or Path
        Of a sweep, simulation or learning.

    Returns
    -------
    DataFrame
        One row each, in the order of the configuration that the folder was last run with;
        ``trace_*`` and ``assignment`` hold lists. ``attrs["cells"]`` is the number of cells,
        ``attrs["missing"]`` of those without a row (`missing_note`).

    Raises
    ------
    InputError
        If the folder holds no runs, or a file is broken.

    Examples
    --------
    >>> from edgeopt import SweepConfig, read_runs, run_sweep
    >>> solvers = {"LPT": {"solver": "lpt"}, "MCT": {"solver": "mct"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 2, 1, {"evaluations": 100}, solvers)
    >>> _ = run_sweep(config, "runs")
    >>> runs = read_runs("runs")
    >>> runs[["solver", "repetition"]].values.tolist(), runs.attrs["missing"]
    ([['LPT', 0], ['LPT', 1], ['MCT', 0], ['MCT', 1]], 0)
    """
    folder = Path(folder)
    cells = read_cells(folder)
    is_sweep = read_description(folder)["kind"] == SWEEP.name
    return _with_best_bounds(cells) if is_sweep else cells


def read_solver_cells(folder: Path) -> pd.DataFrame:
    """Return the cells of a sweep of solvers that have a row, at least one; see `read_runs`.

    Raises
    ------
    InputError
        If the folder holds none, a file is broken, or the cells are of another kind.

    Examples
    --------
    See `run_sweep`.
    """
    kind = read_description(folder)["kind"]
    if kind != SWEEP.name:
        raise InputError("folder", str(folder), f"a sweep of solvers; this one is a {kind}")
    cells = read_runs(folder)
    if cells.empty:
        raise InputError("folder", str(folder), "a sweep of which a cell has been run")
    run = ["problem", "solver", "repetition"]
    if cells.duplicated(run).any():
        twice = ", ".join(map(str, cells.loc[cells.duplicated(run), run].iloc[0]))
        raise InputError(f"{folder / CELLS}: {', '.join(run)}", twice, "of one row alone")
    return cells


def _with_best_bounds(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with one bound for all runs on a problem, and their gaps to it."""
    of_problem = cells.groupby("problem")
    largest = of_problem["lower_bound"].transform("max")
    least = of_problem["makespan"].transform("min")
    bounds = [settled_bound(*pair) for pair in zip(largest, least, strict=True)]
    changed = (cells["lower_bound"] != bounds) & cells["lower_bound"].notna()
    gaps = [relative_gap(*pair) for pair in zip(cells["makespan"], bounds, strict=True)]
    return cells.assign(
        lower_bound=cells["lower_bound"].where(~changed, bounds),
        gap=cells["gap"].where(~changed, gaps),
    )
