"""Simulations of the running framework for a part, and paired differences of their schemes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.runs.cell import FINISHED, AnyCell, Row, run_cell
from edgeopt.experiments.runs.files import JOURNALS, append_row, journal_rows, journals, new_journal
from edgeopt.experiments.runs.pool import run_in_workers
from edgeopt.experiments.runs.progress import progress
from edgeopt.experiments.simulation.cell import problem_name
from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.simulation.summary import in_order, summarize_simulation, table_rows
from edgeopt.experiments.statistics.rank_tests import signed_ranks
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.optim.framework.measures import replication_interval
from edgeopt.problems.errors import FloatArray, InputError
from edgeopt.problems.files import write_atomically

_ROUNDING = 1e-9  # a smaller relative difference is none


@dataclass(frozen=True)
class Simulated:
    """The runs of a simulation.

    Attributes
    ----------
    runs : dict
        By stream and pool, and scheme, the measures of each repetition in order.
    summary : list of dict
        From `summarize_simulation`.
    """

    runs: dict[tuple[str, str], list[dict[str, Any]]]
    summary: list[dict[str, Any]]

    def values(self, stream: str, nodes: int, scheme: str, measure: str) -> FloatArray:
        """Return a measure of each run, in the order of the repetitions, (n,)."""
        runs = self.runs[problem_name(stream, nodes), scheme]
        return np.array([run[measure] for run in runs])

    def mean(self, stream: str, nodes: int, scheme: str, measure: str) -> Measured:
        """Return the mean of a measure with Student's interval over the runs."""
        values = self.values(stream, nodes, scheme, measure)
        mean, half = replication_interval(values)
        return Measured(mean, mean - half, mean + half)


def shorten_simulation(config: SimulationConfig, tasks: int, repetitions: int) -> SimulationConfig:
    """Return a simulation with other numbers of tasks and repetitions."""
    scenario = {**config.scenario, "tasks": tasks}
    return replace(config, scenario=scenario, repetitions=repetitions)


def run_simulations(
    configs: Sequence[SimulationConfig], folder: Path, jobs: int
) -> list[Simulated]:
    """Run all cells that are not in the folder yet, of all simulations together.

    Raises
    ------
    InputError
        If a file is missing, or a run fails.
    """
    for config in configs:
        config.check()  # before hours of runs that would all fail for want of a file
    # All cells together: a short simulation then fills workers that a long one leaves idle.
    cells = [list(config.cells()) for config in configs]
    rows = run_cells([cell for some in cells for cell in some], folder, jobs)
    return [
        _simulated(config, [rows[cell.key] for cell in some])
        for config, some in zip(configs, cells, strict=True)
    ]


def _simulated(config: SimulationConfig, table: list[dict[str, Any]]) -> Simulated:
    """Return the simulation of a table of rows, or raise `InputError` where one has failed."""
    rows = in_order(config, table)
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        problem = problem_name(row["stream"], row["nodes"])
        if row["status"] != FINISHED:
            rule = f"finished: {row['error'].strip().splitlines()[-1]}"
            raise InputError(f"{problem}, {row['scheme']}", row["status"], rule)
        runs.setdefault((problem, row["scheme"]), []).append(row)
    return Simulated(runs, summarize_simulation(rows))


def write_summary(simulated: Simulated, folder: Path) -> None:
    """Write ``summary.csv`` with every measure and its interval."""
    write_atomically(folder / "summary.csv", csv_rows(table_rows(simulated.summary)))


def relative_percent(first: FloatArray, second: FloatArray) -> Measured:
    """Return by how much the first of paired runs are larger, in per cent of the second.

    The mean of the runs' own ratios with Student's interval, and Wilcoxon's signed-rank test;
    neither where all runs have the same ratio.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        A measure of two schemes over the same runs, >= 0. Where the second is 0 the answer is
        infinite, and NaN where both are.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100.0 * (first / second - 1.0)
    if not np.isfinite(percent).all():  # a share of zero has no interval
        return Measured(float(percent.max()), unit="%")
    mean, half = replication_interval(percent)
    # The same ratio in every run: an interval would show rounding alone.
    if np.ptp(percent) <= _ROUNDING * abs(mean):
        return Measured(mean, unit="%")
    test = signed_ranks(first, second, scale=0.0)
    words = f"Wilcoxon, {len(first)} paired runs"
    return Measured(mean, mean - half, mean + half, test.p, "%", words)


def relative_ratio(first: FloatArray, second: FloatArray) -> Measured:
    """Return the first of paired runs over the second; see `relative_percent`."""
    percent = relative_percent(first, second)
    low, high = (1.0 + end / 100.0 for end in percent.limits)
    return percent._replace(value=1.0 + percent.value / 100.0, low=low, high=high, unit="")


def paired_points(first: FloatArray, second: FloatArray) -> Measured:
    """Return by how much the shares of the first of paired runs are larger, in points of 0.01.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Shares in [0, 1].
    """
    points = 100.0 * (first - second)
    mean, half = replication_interval(points)
    if np.ptp(points) <= _ROUNDING * abs(mean):
        return Measured(mean, unit="points")
    words = f"Wilcoxon, {len(points)} paired runs"
    test = signed_ranks(first, second, scale=0.0)
    return Measured(mean, mean - half, mean + half, test.p, "points", words)


# Cells of several configurations, run together and kept by key.


def run_cells(cells: Sequence[AnyCell], folder: Path, jobs: int) -> dict[str, Row]:
    """Run the cells that the folder does not hold yet, and return all rows by key.

    Unlike a sweep's, the folder belongs to no single configuration: a row serves wherever its key,
    a hash of everything that it depends on, is asked for.

    Parameters
    ----------
    cells : sequence of cells
        Cells of any configurations.
    folder : Path
        Where rows are kept as they come in; exists.
    jobs : int
        Worker processes; 1 runs in this one.
    """
    (folder / JOURNALS).mkdir(exist_ok=True)
    rows = {row["key"]: row for journal in journals(folder) for row in journal_rows(journal)}
    todo = list({cell.key: cell for cell in cells if cell.key not in rows}.values())
    with progress("cells") as report:
        for done, row in enumerate(_rows(todo, folder, jobs), 1):
            rows[row["key"]] = row
            report(done, len(todo))
    return rows


def _rows(cells: list[AnyCell], folder: Path, jobs: int) -> Iterator[Row]:
    """Yield the rows as they come, each already on disk."""
    if cells and jobs > 1:
        yield from run_in_workers(cells, folder, jobs)
        return
    # One job needs no further process, whose start takes seconds.
    journal = new_journal(folder)
    for cell in cells:
        row = run_cell(cell)
        append_row(journal, row)
        yield row
