"""The study's tables as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.paper.outcome import Table
from experiments.report.formats import count, decimal, limits, p_relation, percent, seconds

if TYPE_CHECKING:
    import pandas as pd


def times_table(summary: pd.DataFrame) -> Table:
    """Return the medians of all schedulers, see `measures.summarize_measures`."""
    rows = [
        (
            str(row["nodes"]),
            row["solver"],
            decimal(row["makespan_median"]),
            f"{percent(row['gap'])} {limits(100 * row['gap_low'], 100 * row['gap_high'])}",
            decimal(row["total_time_median"], 1),
            seconds(row["seconds_median"]),
            count(row["evaluations"]),
        )
        for _, row in summary.iterrows()
    ]
    columns = (
        *("nodes", "scheduler", "makespan (s)", "gap (%) [95 %]"),
        *("Z_y (s)", "time in scheduler", "evaluations"),
    )
    pools = int(summary["pools"].max())
    return Table(f"Medians over {pools} pools of each size", columns, tuple(rows))


def rivals_table(rivals: pd.DataFrame) -> Table:
    """Return the makespan ratios of the paper's scheduler, see `rivals.compare_rivals`."""
    chosen = rivals[rivals["measure"] == "makespan"]
    sizes = sorted(chosen["nodes"].unique())
    rows = []
    for (own, rival), group in chosen.groupby(["own", "rival"], sort=False):
        by_size = group.set_index("nodes")
        rows.append((str(own), str(rival), *(_ratio(by_size.loc[size]) for size in sizes)))
    title = "Makespan over the rival's: median ratio [95 %], pools won, Wilcoxon's p (Holm), "
    title += "rank-biserial effect r (1: smaller on every pool)"
    return Table(title, ("scheduler", "rival", *(f"{size} nodes" for size in sizes)), tuple(rows))


def effects_table(effects: pd.DataFrame) -> Table:
    """Return the main effects, a column for each rival, see `effects.main_effects`."""
    names = list(effects["rival"].unique())
    rows = []
    for (factor, level), group in effects.groupby(["factor", "level"], sort=False):
        by_rival = group.set_index("rival")
        texts = (_effect(by_rival.loc[name]) for name in names)
        rows.append((str(factor), str(level), *texts))
    title = "Factors: geometric mean of ATSA's makespan over the rival's [95 %], runs won"
    return Table(title, ("factor", "level", *(f"over {name}" for name in names)), tuple(rows))


def _ratio(row: pd.Series) -> str:
    """Return one comparison as text."""
    ratio = f"{decimal(row['ratio'])} {limits(row['low'], row['high'])}"
    test = f"{p_relation(row['p_holm'])}, r = {row['effect']:+.2f}"
    return f"{ratio}, {percent(row['wins'], 0)} %, {test}"


def _effect(row: pd.Series) -> str:
    """Return one main effect as text."""
    ratio = f"{decimal(row['ratio'])} {limits(row['low'], row['high'])}"
    return f"{ratio}, {percent(row['wins'], 0)} %"
