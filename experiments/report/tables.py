"""What each solver reached on each problem, as tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.provenance import version
from edgeopt.experiments.statistics.anytime import ERT_TARGETS, has_failed, running_times
from edgeopt.experiments.statistics.comparison import Comparison
from edgeopt.experiments.text import (
    Entry,
    Table,
    count,
    decimal,
    limits,
    p_value,
    percent,
    seconds,
    significant,
)
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.problems.errors import InputError

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
    return Entry(significant(makespan, 5), makespan)


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


# The ranking and the pairs of a comparison, as tables.

RANKING = (
    *("solver", "average rank", "gap %", "95 % interval of rank", "95 % interval of gap"),
    *("best %", "found %", "effect", "p paired", "p Nemenyi"),
)

PAIRS = (
    *("better rank", "other", "gap difference %", "95 % interval", "effect", "p Wilcoxon"),
    *("p Wilcoxon, Holm", "p Nemenyi", "p ranks, Holm"),
)


def ranking_table(comparison: Comparison) -> Table:
    """Return the ranking; effect and p-values compare each solver with the first."""
    pairs = comparison.pairs
    first = comparison.ranking.index[0]
    versus = pairs[pairs["first"] == first].set_index("second")
    rows = [
        (*_standing(str(name), row), *_versus(versus.loc[name] if name in versus.index else None))
        for name, row in comparison.ranking.iterrows()
    ]
    title = f"Ranking at equal {comparison.axis}, over {comparison.unit}"
    return Table(f"ranking-{comparison.axis}-{comparison.unit}", title, RANKING, tuple(rows))


def _standing(name: str, row: pd.Series[float]) -> tuple[Entry, ...]:
    """Return the entries on the solver itself."""
    return (
        Entry(name),
        Entry(decimal(row["rank"]), row["rank"]),
        Entry(percent(row["gap"]), row["gap"]),
        Entry(limits(row["rank_low"], row["rank_high"]), row["rank_low"]),
        Entry(limits(100 * row["gap_low"], 100 * row["gap_high"]), row["gap_low"]),
        Entry(percent(row["best"], 0), row["best"]),
        Entry(percent(row["feasible"], 0), row["feasible"]),
    )


def _versus(row: pd.Series[float] | None) -> tuple[Entry, ...]:
    """Return the entries on the solver against the first, empty for the first itself."""
    if row is None:
        return (Entry("", -1.0),) * 3
    return (
        Entry(decimal(row["effect"]), row["effect"]),
        Entry(p_value(row["wilcoxon_holm"]), row["wilcoxon_holm"]),
        Entry(p_value(row["nemenyi"]), row["nemenyi"]),
    )


def pairs_table(comparison: Comparison) -> Table:
    """Return all pairs with differences, intervals, effects and p-values."""
    rows = tuple(_pair(row) for _, row in comparison.pairs.iterrows())
    title = f"All pairs at equal {comparison.axis}, over {comparison.unit}"
    return Table(f"pairs-{comparison.axis}-{comparison.unit}", title, PAIRS, rows)


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


# What was run: solvers with their parameters, failures, provenance.


@dataclass(frozen=True)
class Failure:
    """Runs of one solver on one problem that ended with the same error.

    Attributes
    ----------
    problem, solver : str
        Where.
    repetitions : tuple of int
        Which runs.
    reason : str
        Last line of the traceback.
    traceback : str
        All of it, of the first run.
    """

    problem: str
    solver: str
    repetitions: tuple[int, ...]
    reason: str
    traceback: str


def failures(cells: pd.DataFrame, names: dict[str, str]) -> list[Failure]:
    """Return the failed runs, those alike together."""
    failed = cells[has_failed(cells)]
    errors = failed["error"].fillna("no traceback kept").astype(str).str.strip()
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


def parameter_table(solvers: dict[str, dict[str, Any]], made_with: str) -> Table:
    """Return what each label stands for.

    Parameters
    ----------
    solvers : dict
        By label: ``{"solver": name, parameter: value, ...}``.
    made_with : str
        Version of edgeopt that ran the sweep. Defaults are told where it is the one installed; a
        solver of the user's own is not loaded, as a report runs no code of others.
    """
    rows = []
    for label, table in solvers.items():
        given = {name: value for name, value in table.items() if name != "solver"}
        defaults = _defaults(table["solver"]) if made_with == version() else {}
        rest = {name: value for name, value in defaults.items() if name not in given}
        entries = (label, str(table["solver"]), _listed(given), _listed(rest))
        rows.append(tuple(Entry(text) for text in entries))
    columns = ("label", "solver", "set", "left at default")
    return Table("parameters", "Solvers and their parameters", columns, tuple(rows))


def _defaults(name: str) -> dict[str, Any]:
    """Return the parameters of a solver of this package."""
    solver = SOLVERS.get(name)
    return asdict(solver) if is_dataclass(solver) else {}  # type: ignore[arg-type]


def _listed(values: dict[str, Any]) -> str:
    """Return parameters as one line."""
    return ", ".join(f"{name} = {value}" for name, value in values.items()) or "–"


def provenance_table(description: dict[str, Any]) -> Table:
    """Return what the sweep says of its making, a row a fact."""
    facts = description.get("provenance", {})
    if not isinstance(facts, dict):
        raise InputError("provenance", facts, "a table, as edgeopt sweep writes it")
    rows = tuple((Entry(str(name)), Entry(_plain(value))) for name, value in facts.items())
    return Table("provenance", "Where the numbers come from", ("what", "value"), rows)


def _plain(value: Any) -> str:
    """Return a value of a JSON file as text."""
    return value if isinstance(value, str) else json.dumps(value)
