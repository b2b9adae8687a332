"""The summary of a sweep: a row for each problem and solver, and the table of gaps."""

from __future__ import annotations

import math
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from edgeopt.experiments.runs.store import CELLS, read_cells, read_description
from edgeopt.experiments.statistics.spending import cost_text, is_over, own_axis
from edgeopt.experiments.sweep.cell import MEASURES, SWEEP
from edgeopt.experiments.sweep.places import problem_specs
from edgeopt.experiments.terminal import terminal_table
from edgeopt.experiments.text import (
    decimal,
    percent,
    scaled,
    table_width,
    turned,
)
from edgeopt.optim.scheduling.stop import relative_gap, settled_bound
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def summarize_sweep(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each problem and solver, over its repetitions that did not fail.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.

    Returns
    -------
    DataFrame
        Columns: runs, failed, makespan_best, makespan_median, lower_bound, gap_mean, gap_q1,
        gap_median, gap_q3, evaluations and seconds (mean), evaluations_max and seconds_max; gaps
        as fractions of the lower bound, times in s. All runs on a problem have one bound, the
        largest that any of them has proved. Then the medians of those measures that a run has:
        energy (J), cost, imbalance, utilisation, mean_completion (s) and deadline_misses, each as
        ``..._median``. ``attrs["budget"]`` is that of the cells, if known.

    Raises
    ------
    InputError
        If a run has proved a bound above the makespan of another.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    cells = with_best_bounds(cells)
    groups = cells.assign(failed=cells["status"] == "failed").groupby(
        ["problem", "solver"], sort=False
    )
    table = groups.agg(
        runs=("status", "size"),
        failed=("failed", "sum"),
        makespan_best=("makespan", "min"),
        makespan_median=("makespan", "median"),
        lower_bound=("lower_bound", "max"),
        gap_mean=("gap", "mean"),
        gap_q1=("gap", lambda gap: _quartile(gap, 0.25)),
        gap_median=("gap", "median"),
        gap_q3=("gap", lambda gap: _quartile(gap, 0.75)),
        evaluations=("evaluations", "mean"),
        seconds=("seconds", "mean"),
        evaluations_max=("evaluations", "max"),
        seconds_max=("seconds", "max"),
        **{
            f"{name}_median": (name, "median")
            for name in MEASURES
            if name in cells and cells[name].notna().any()
        },
    ).reset_index()
    table.attrs["budget"] = cells.attrs.get("budget", {})
    return table


def _quartile(gaps: pd.Series[float], share: float) -> float:
    """Return a quartile; the larger neighbour where that is infinite (no schedule)."""
    larger = float(gaps.quantile(share, interpolation="higher"))
    return larger if math.isinf(larger) else float(gaps.quantile(share))


def gap_table(
    summary: pd.DataFrame, problems: list[str], solvers: list[str], width: int | None = None
) -> Table:
    """Return the median gaps in per cent, solvers by problems, the best of each problem bold.

    If the budget is known and not all solvers have used just that, a column has the most that a
    run has used of it. Solvers without a run on a problem come last.

    Where that is wider than `width` characters and problems by solvers is less wide, it is turned.
    """
    gaps = summary.pivot(index="solver", columns="problem", values="gap_median")
    seconds = summary.groupby("solver")["seconds"].mean()
    used = _most_used(summary)
    order = gaps.mean(axis=1).reindex(solvers).sort_values().index
    order = gaps.isna().sum(axis=1)[order].sort_values(kind="stable").index
    rows = [
        (
            solver,
            *(_entry(gaps[problem], solver) for problem in problems),
            *(entries[solver] for entries in used.values()),
            decimal(1000 * seconds[solver], 1),
        )
        for solver in order
    ]
    columns = ("solver", *short_names(problems).values(), *used, "mean time (ms)")
    title = "median gap to the lower bound in %, best first"
    if width is not None and table_width(columns, rows) > width:
        across = ("problem", *(row[0] for row in rows))
        down = turned(columns, rows, str)
        if table_width(across, down) < table_width(columns, rows):
            return terminal_table(across, down, title=title)
    return terminal_table(columns, rows, title=title)


def _most_used(summary: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the heading and entries, by solver, of a column of the budget's use; or nothing."""
    budget = summary.attrs.get("budget", {})
    axis = own_axis(budget)
    if axis not in budget or f"{axis}_max" not in summary:
        return {}
    allowed = budget[axis]
    most = summary.groupby("solver")[f"{axis}_max"].max()
    texts = {str(solver): _use(used, axis, allowed) for solver, used in most.items()}
    same = {_use(allowed, axis, allowed)}
    return {} if set(texts.values()) <= same else {f"used of {cost_text(allowed, axis)}": texts}


def _use(used: float, axis: str, allowed: float) -> str:
    """Return what was used of a budget, marked where it is more than allowed."""
    text = cost_text(used, axis) if axis == "seconds" else scaled(used, form=",.0f")
    return f"{text} (over)" if is_over(used, axis, allowed) else text


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
        ``attrs["missing"]`` of those without a row (`missing_note`). Of a sweep of solvers,
        ``attrs["problems"]`` has the specs of the problems by name, ``attrs["solvers"]`` all
        solvers, also those without a row, and ``attrs["budget"]`` the budget of a run.

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
    description = read_description(folder)
    if description["kind"] != SWEEP.name:
        return cells
    cells.attrs["budget"] = description["config"]["budget"]
    cells.attrs["solvers"] = list(description["config"]["solvers"])
    cells.attrs["problems"] = problem_specs(description["config"]["problems"], folder)
    return with_best_bounds(cells)


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


def with_best_bounds(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with one bound for all runs on a problem, and their gaps to it.

    Raises
    ------
    InputError
        If the bound is above a known schedule by more than 1e-9 of it: one of the two is wrong.
    """
    bounds = {name: _common_bound(runs) for name, runs in cells.groupby("problem", sort=False)}
    common = cells["problem"].map(bounds).astype(float)
    changed = (cells["lower_bound"] != common) & cells["lower_bound"].notna()
    gaps = [relative_gap(*pair) for pair in zip(cells["makespan"], common, strict=True)]
    return cells.assign(
        lower_bound=cells["lower_bound"].where(~changed, common),
        gap=cells["gap"].where(~changed, gaps),
    )


def _common_bound(runs: pd.DataFrame) -> float:
    """Return the largest bound proved by the runs on one problem, NaN if all have failed."""
    largest, least = runs["lower_bound"].max(), runs["makespan"].min()
    bound = settled_bound(largest, least)
    if bound > least:
        prover, finder = (
            runs.loc[runs[column] == value].iloc[0]
            for column, value in (("lower_bound", largest), ("makespan", least))
        )
        raise InputError(
            f"lower_bound of {_run_name(prover)}",
            float(largest),
            f"at most {float(least)!r}, the makespan of {_run_name(finder)}; one of them is wrong",
        )
    return float(bound)


def _run_name(row: pd.Series) -> str:
    """Name a row in a message."""
    return f"{row['solver']} on {row['problem']}, repetition {row['repetition']}"
