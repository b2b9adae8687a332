"""The tables of a report: problems, running times, rankings, pairs, parameters, provenance."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.provenance import version
from edgeopt.experiments.statistics.anytime import has_failed
from edgeopt.experiments.statistics.comparison import Comparison
from edgeopt.experiments.statistics.profiles import ERT_TARGETS, running_times
from edgeopt.experiments.statistics.spending import is_over
from edgeopt.experiments.text import (
    Entry,
    ReportTable,
    count,
    decimal,
    limits,
    p_value,
    percent,
    seconds,
    significant,
    table_width,
    turned,
)
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


COST_TEXTS = {"evaluations": count, "seconds": seconds}

_LINE = 90  # characters of a table that fits a page

_ROUNDING = 1e-9  # relative

_PROBLEM_COLUMNS = (
    *("problem", "solver", "lower bound s", "best known s", "best s", "median s", "gap %"),
    *("quartiles of gap %", "evaluations", "time", "failed"),
)

_RANKING_COLUMNS = (
    *("solver", "average rank", "gap %", "95 % interval of rank", "95 % interval of gap"),
    *("best %", "found %", "effect", "p paired", "p Nemenyi"),
)

_PAIR_COLUMNS = (
    *("better rank", "other", "gap difference %", "95 % interval", "effect", "p Wilcoxon"),
    *("p Wilcoxon, Holm", "p Nemenyi", "p ranks, Holm"),
)


def problem_table(
    cells: pd.DataFrame, names: dict[str, str], best_known: dict[str, float]
) -> ReportTable:
    """Return a row for each problem and solver: what its runs ended with.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep; ``attrs["budget"]``, if there is one, is what they were allowed to use.
    names : dict
        Short name of each problem.
    best_known : dict
        Least makespan in s that was known before, for the problems that have one.
    """
    bounds = cells.groupby("problem")["lower_bound"].max()
    filled = cells.assign(makespan=cells["makespan"].fillna(float("inf")))
    medians = filled.groupby(["problem", "solver"])["makespan"].median()
    least = medians.groupby("problem").min()
    groups = cells.groupby(["problem", "solver"], sort=False)
    rows = [
        (
            Entry(names[str(problem)]),
            Entry(str(solver)),
            _length(bounds[str(problem)]),
            _length(best_known.get(str(problem), float("nan"))),
            *_outcome(runs, cells.attrs.get("budget", {}), least[str(problem)]),
        )
        for (problem, solver), runs in groups
    ]
    title = "Every solver on every problem, at the end of its runs"
    return ReportTable("problems", title, _PROBLEM_COLUMNS, tuple(rows))


def gap_matrix(cells: pd.DataFrame, names: dict[str, str]) -> ReportTable:
    """Return the median gap of each solver on each problem, turned where that fits a page better.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep; the gap of a failed run is infinite.
    names : dict
        Short name of each problem.
    """
    gaps = cells.assign(gap=cells["gap"].fillna(float("inf")))
    table = gaps.pivot_table(index="solver", columns="problem", values="gap", aggfunc="median")
    table = table.loc[table.mean(axis=1).sort_values(kind="stable").index, list(names)]
    least = table.min()
    rows = [
        (Entry(str(solver)), *(_gap(row[name], least[name]) for name in names))
        for solver, row in table.iterrows()
    ]
    columns = ("solver", *names.values())
    down, across = turned(columns, rows, Entry), ("problem", *(row[0].text for row in rows))
    if _width(columns, rows) > max(_LINE, _width(across, down)):
        columns, rows = across, down
    title = "Median gap to the lower bound in %"
    return ReportTable("gaps", title, columns, tuple(rows))


def _gap(gap: float, least: float) -> Entry:
    """Return a gap in per cent, marked if no solver's is less."""
    return Entry(percent(gap), gap, best=_is_least(gap, least))


def _is_least(value: float, least: float) -> bool:
    """Whether a value is the least, but for rounding in sums of another order, and finite."""
    return bool(value <= least + _ROUNDING * max(abs(least), 1.0) < float("inf"))


def _width(columns: tuple[str, ...], rows: list[tuple[Entry, ...]]) -> int:
    """Return the characters of a line."""
    return table_width(columns, [[entry.text for entry in row] for row in rows])


def _length(makespan: float) -> Entry:
    """Return a makespan as an entry."""
    return Entry(significant(makespan, 5), makespan)


def _outcome(runs: pd.DataFrame, budget: dict[str, float], least: float) -> tuple[Entry, ...]:
    """Return the entries of one solver on one problem; a failed run's gap is infinite.

    The median is marked if no solver's is less than it.
    """
    failed = int(has_failed(runs).sum())
    makespan, gap = (runs[name].fillna(float("inf")) for name in ("makespan", "gap"))
    # "nearest", as interpolation between a finite and an infinite gap gives NaN
    low, high = (float(gap.quantile(q, interpolation="nearest")) for q in (0.25, 0.75))
    best, median = _is_least(makespan.median(), least), gap.median()
    return (
        _length(makespan.min()),
        replace(_length(makespan.median()), best=best),
        Entry(percent(median), median, best=best),
        Entry(limits(100 * low, 100 * high), low),
        *(_used(runs[axis], axis, budget.get(axis, float("inf"))) for axis in COST_TEXTS),
        Entry(f"{failed} of {len(runs)}", failed),
    )


def _used(used: pd.Series[float], axis: str, allowed: float) -> Entry:
    """Return the mean use of a cost; the most used and what was allowed if a run used more."""
    text = COST_TEXTS[axis]
    if is_over(used.max(), axis, allowed):
        return Entry(
            f"{text(used.mean())} (up to {text(used.max())} of {text(allowed)})", used.mean()
        )
    return Entry(text(used.mean()), used.mean())


def running_time_table(cells: pd.DataFrame, names: dict[str, str], axis: str) -> ReportTable:
    """Return the expected running times until the target gaps are met.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    names : dict
        Short name of each problem.
    axis : str
        ``evaluations`` or ``seconds``.
    """
    times, text = running_times(cells, axis), COST_TEXTS[axis]
    rows = [
        (Entry(names[problem]), Entry(solver), *(Entry(text(t), t) for t in row))
        for (problem, solver), row in zip(times.index, times.to_numpy(), strict=True)
    ]
    columns = ("problem", "solver", *(f"gap ≤ {decimal(100 * t, 1)} %" for t in ERT_TARGETS))
    title = f"Expected running time in {axis} until the gap is met"
    return ReportTable(f"running-times-{axis}", title, columns, tuple(rows))


# A comparison of solvers.


def ranking_table(comparison: Comparison) -> ReportTable:
    """Return the ranking; effect and p-values compare each solver with the first."""
    pairs = comparison.pairs
    first = comparison.ranking.index[0]
    versus = pairs[pairs["first"] == first].set_index("second")
    least = comparison.ranking.min()
    rows = [
        (
            *_standing(str(name), row, least),
            *_versus(versus.loc[name] if name in versus.index else None),
        )
        for name, row in comparison.ranking.iterrows()
    ]
    title = f"Ranking at equal {comparison.axis}, over {comparison.unit}"
    return ReportTable(
        f"ranking-{comparison.axis}-{comparison.unit}", title, _RANKING_COLUMNS, tuple(rows)
    )


def _standing(name: str, row: pd.Series[float], least: pd.Series[float]) -> tuple[Entry, ...]:
    """Return the entries on the solver itself; the least rank and gap are marked."""
    return (
        Entry(name),
        Entry(decimal(row["rank"]), row["rank"], best=_is_least(row["rank"], least["rank"])),
        Entry(percent(row["gap"]), row["gap"], best=_is_least(row["gap"], least["gap"])),
        Entry(limits(row["rank_low"], row["rank_high"]), row["rank_low"]),
        Entry(limits(100 * row["gap_low"], 100 * row["gap_high"]), row["gap_low"]),
        Entry(percent(row["best"], 0), row["best"]),
        Entry(percent(row["feasible"], 0), row["feasible"]),
    )


def _versus(row: pd.Series[float] | None) -> tuple[Entry, ...]:
    """Return the entries on the solver against the first, empty for the first itself."""
    if row is None:
        return (Entry("", -1.0),) * 3  # a key below all others keeps the first first
    return (
        Entry(decimal(row["effect"]), row["effect"]),
        Entry(p_value(row["wilcoxon_holm"]), row["wilcoxon_holm"]),
        Entry(p_value(row["nemenyi"]), row["nemenyi"]),
    )


def pairs_table(comparison: Comparison) -> ReportTable:
    """Return all pairs with their differences, intervals, effects and p-values."""
    rows = tuple(_pair(row) for _, row in comparison.pairs.iterrows())
    title = f"All pairs at equal {comparison.axis}, over {comparison.unit}"
    return ReportTable(f"pairs-{comparison.axis}-{comparison.unit}", title, _PAIR_COLUMNS, rows)


def _pair(row: pd.Series) -> tuple[Entry, ...]:
    """Return the entries of one pair."""
    tests = (row[name] for name in ("wilcoxon", "wilcoxon_holm", "nemenyi", "holm"))
    return (
        Entry(row["first"]),
        Entry(row["second"]),
        Entry(percent(row["difference"]), row["difference"]),
        Entry(limits(100 * row["low"], 100 * row["high"]), row["low"]),
        Entry(decimal(row["effect"]), row["effect"]),
        *(Entry(p_value(p), p) for p in tests),
    )


# What was run: failures, parameters of solvers, provenance.


@dataclass(frozen=True)
class Failure:
    """Runs of one solver on one problem that ended with the same error.

    Attributes
    ----------
    problem, solver : str
        Short name and label.
    repetitions : tuple of int
        Numbers of the runs.
    reason : str
        Last line of the traceback.
    traceback : str
        The whole traceback of the first of these runs.
    """

    problem: str
    solver: str
    repetitions: tuple[int, ...]
    reason: str
    traceback: str


def failures(cells: pd.DataFrame, names: dict[str, str]) -> list[Failure]:
    """Return the failed runs, grouped by problem, solver and reason."""
    failed = cells[has_failed(cells)]
    errors = failed["error"].fillna("no traceback kept").astype(str).str.strip()
    # the last line is the error itself; the lines above may differ from run to run
    reasons = errors.str.rsplit("\n", n=1).str[-1]
    groups = failed.assign(error=errors).groupby(["problem", "solver", reasons], sort=False)
    return [
        Failure(
            names[str(problem)],
            str(solver),
            tuple(int(number) for number in runs["repetition"]),
            str(reason),
            runs["error"].iloc[0],
        )
        for (problem, solver, reason), runs in groups
    ]


def parameter_table(solvers: dict[str, dict[str, Any]], made_with: str) -> ReportTable:
    """Return the solver that each label stands for, with its parameters.

    Parameters
    ----------
    solvers : dict
        By label: ``{"solver": name, parameter: value, ...}``.
    made_with : str
        Version of edgeopt that ran the sweep. Defaults are listed if it is the installed one, and
        never for a user's own solver: a report does not run foreign code.
    """
    rows = []
    for label, table in solvers.items():
        given = {name: value for name, value in table.items() if name != "solver"}
        # another version may have had other defaults
        defaults = _defaults(table["solver"]) if made_with == version() else {}
        rest = {name: value for name, value in defaults.items() if name not in given}
        # of a file its name: where it was is of no use to readers
        name = re.split(r"[/\\]", str(table["solver"]))[-1]
        entries = (label, name, _listed(given), _listed(rest))
        rows.append(tuple(Entry(text) for text in entries))
    columns = ("label", "solver", "set", "left at default")
    return ReportTable("parameters", "Solvers and their parameters", columns, tuple(rows))


def _defaults(name: str) -> dict[str, Any]:
    """Return the default parameters of a solver of this package, none of other solvers."""
    solver = SOLVERS.get(name)
    return asdict(solver) if is_dataclass(solver) else {}  # type: ignore[arg-type]


def _listed(values: dict[str, Any]) -> str:
    """Return parameters as one line."""
    return ", ".join(f"{name} = {value}" for name, value in values.items()) or "–"


def provenance_table(description: dict[str, Any]) -> ReportTable:
    """Return what the sweep recorded about its origin, a row a fact."""
    facts = description.get("provenance", {})
    if not isinstance(facts, dict):
        raise InputError("provenance", facts, "a table, as edgeopt sweep writes it")
    rows = tuple((Entry(str(name)), Entry(_plain(value))) for name, value in facts.items())
    return ReportTable("provenance", "Where the numbers come from", ("what", "value"), rows)


def _plain(value: Any) -> str:
    """Return a value of a JSON file as text."""
    return value if isinstance(value, str) else json.dumps(value)
