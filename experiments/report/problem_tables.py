"""What each solver reached on each problem, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.report.formats import count, decimal, limits, percent, seconds, significant
from experiments.report.table import Entry, Table
from experiments.statistics.anytime import has_failed
from experiments.statistics.runtime import ERT_TARGETS, running_times

if TYPE_CHECKING:
    import pandas as pd

GAPS = (
    *("problem", "solver", "lower bound s", "best known s", "best s", "median s", "gap %"),
    *("quartiles of gap %", "evaluations", "time", "failed"),
)
UNIT_TEXTS = {"evaluations": count, "seconds": seconds}


def gap_table(cells: pd.DataFrame, names: dict[str, str], best_known: dict[str, float]) -> Table:
    """Return a row for each problem and solver, at the end of the runs.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    names : dict
        Short name of each problem.
    best_known : dict
        Least makespan known before in s, of problems where there is one.
    """
    bounds = cells.groupby("problem")["lower_bound"].max()
    groups = cells.groupby(["problem", "solver"], sort=False)
    rows = [
        (
            Entry(names[str(problem)]),
            Entry(str(solver)),
            _length(bounds[str(problem)]),
            _length(best_known.get(str(problem), float("nan"))),
            *_outcome(runs),
        )
        for (problem, solver), runs in groups
    ]
    title = "Every solver on every problem, at the end of its runs"
    return Table("problems", title, GAPS, tuple(rows))


def _length(makespan: float) -> Entry:
    """Return a makespan as an entry."""
    return Entry(significant(makespan), makespan)


def _outcome(runs: pd.DataFrame) -> tuple[Entry, ...]:
    """Return the entries of one solver on one problem; a failed run's gap is infinite."""
    failed = int(has_failed(runs).sum())
    makespan, gap = (runs[name].fillna(float("inf")) for name in ("makespan", "gap"))
    low, high = (float(gap.quantile(q, interpolation="nearest")) for q in (0.25, 0.75))
    median, evaluations, time = gap.median(), runs["evaluations"].mean(), runs["seconds"].mean()
    return (
        _length(makespan.min()),
        _length(makespan.median()),
        Entry(percent(median), median),
        Entry(limits(100 * low, 100 * high), low),
        Entry(count(evaluations), evaluations),
        Entry(seconds(time), time),
        Entry(f"{failed} of {len(runs)}", failed),
    )


def running_time_table(cells: pd.DataFrame, names: dict[str, str], axis: str) -> Table:
    """Return the expected running times to the target gaps.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    names : dict
        Short name of each problem.
    axis : str
        ``evaluations`` or ``seconds``.
    """
    times, text = running_times(cells, axis), UNIT_TEXTS[axis]
    rows = [
        (Entry(names[problem]), Entry(solver), *(Entry(text(t), t) for t in row))
        for (problem, solver), row in zip(times.index, times.to_numpy(), strict=True)
    ]
    columns = ("problem", "solver", *(f"gap ≤ {decimal(100 * t, 1)} %" for t in ERT_TARGETS))
    title = f"Expected running time in {axis} until the gap is met"
    return Table(f"running-times-{axis}", title, columns, tuple(rows))
