"""The ranking and the pairs of a comparison, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.report.formats import decimal, limits, p_value, percent
from experiments.report.table import Entry, Table
from experiments.statistics.comparison import Comparison

if TYPE_CHECKING:
    import pandas as pd

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
