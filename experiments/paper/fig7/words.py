"""Sentences, tables and conditions of Fig. 7, all computed from the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeopt.experiments.paper.claims import SIGNIFICANT
from edgeopt.experiments.paper.fig7.design import Factorial
from edgeopt.experiments.paper.outcome import Condition, Table
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.text import count, decimal, limits, p_relation, percent, seconds

if TYPE_CHECKING:
    import pandas as pd


FactorLevels = Mapping[str, Sequence[str]]


def answers(study: Factorial, comparisons: pd.DataFrame, effects: pd.DataFrame) -> tuple[str, ...]:
    """Return when ATSA as printed beats its rivals, in three sentences.

    Parameters
    ----------
    study : Factorial
        The study.
    comparisons, effects : DataFrame
        See `analysis.compare_colonies` and `analysis.main_effects`.

    Returns
    -------
    tuple of str
        Where ATSA as printed wins, against each rival; what decides; how many of all combinations
        win, and what those have in common.
    """
    printed = ". It ".join(_printed(study, comparisons, rival) for rival in study.rivals)
    return (
        f"ATSA as printed {printed}.",
        _what_decides(effects, study.rivals[0]),
        "Of all combinations, "
        + "; ".join(_winners(study, comparisons, rival) for rival in study.rivals)
        + ".",
    )


def printed_comparisons(study: Factorial, comparisons: pd.DataFrame, rival: str) -> pd.DataFrame:
    """Return the rows of ATSA with every reading and number as printed, against one rival."""
    chosen = comparisons["rival"] == rival
    for factor, level in zip(study.colony_factors, study.printed, strict=True):
        chosen &= comparisons[factor] == level
    return comparisons[chosen]


def won(comparisons: pd.DataFrame) -> pd.Series[bool]:
    """Return where ATSA is significantly ahead (Wilcoxon, Holm over all rows of a rival)."""
    ahead = (comparisons["ratio"] < 1) & (comparisons["effect"] > 0)
    return ahead & (comparisons["p_holm"] < SIGNIFICANT)


def describe(study: Factorial, row: pd.Series) -> str:
    """Return the size and kind of a row's pools and what ATSA does there, in words."""
    kind = ", ".join(f"{factor} {row[factor]}" for factor in study.pool_factors)
    text = f"{row['nodes']} nodes, {kind}: median ratio {decimal(row['ratio'])} "
    return text + f"{limits(row['low'], row['high'])}, {percent(row['wins'], 0)} % won"


def _printed(study: Factorial, comparisons: pd.DataFrame, rival: str) -> str:
    """Say where ATSA as printed beats a rival."""
    rows = printed_comparisons(study, comparisons, rival)
    ahead, first, best = rows[won(rows)], rows.iloc[0], rows.iloc[rows["ratio"].argmin()]
    text = f"is significantly ahead of {rival} on {len(ahead)} of {len(rows)} kinds of pools"
    text += _in_common(ahead, _pool_levels(study))
    text += f"; on those of Fig. 7 as we assume them ({describe(study, first)}), "
    return f"{text}and at its best ({describe(study, best)})"


def _what_decides(effects: pd.DataFrame, rival: str) -> str:
    """Name the factors that move the ratio most and least."""
    rows = effects[effects["rival"] == rival]
    order = rows.groupby("factor", sort=False)["spread"].first().sort_values(ascending=False)
    levels = rows[rows["factor"] == order.index[0]]
    ratios = ", ".join(
        f"{row['level']} {decimal(row['ratio'])} {limits(row['low'], row['high'])}"
        for _, row in levels.iterrows()
    )
    others = ", ".join(f"{factor} {spread:.2f}" for factor, spread in order.iloc[1:].items())
    text = f"What moves its ratio to {rival} most is {order.index[0]} (geometric mean over all "
    return text + f"else: {ratios}); largest mean over smallest of the other factors: {others}."


def _winners(study: Factorial, comparisons: pd.DataFrame, rival: str) -> str:
    """Say how many of all combinations beat a rival, and what they have in common."""
    rows = comparisons[comparisons["rival"] == rival]
    ahead = rows[won(rows)]
    levels = {**_pool_levels(study), **{f: list(of) for f, of in study.colony_factors.items()}}
    return f"{len(ahead)} of {len(rows)} beat {rival}{_in_common(ahead, levels)}"


def _pool_levels(study: Factorial) -> FactorLevels:
    """Return size and kinds of the pools by factor."""
    sizes = [str(nodes) for nodes in study.pools.nodes]
    return {"nodes": sizes, **{f: list(levels) for f, levels in study.pool_factors.items()}}


def _in_common(rows: pd.DataFrame, factors: FactorLevels) -> str:
    """Return the levels of each factor that rows do not have all levels of, in parentheses."""
    texts = []
    for factor, levels in factors.items():
        found = [level for level in levels if level in set(rows[factor].astype(str))]
        if 0 < len(found) < len(levels):
            texts.append(f"{factor} {' or '.join(found)}")
    return f" (all with {', '.join(texts)})" if texts else ""


# The order of the schedulers in both readings of "task execution time".


def readings(summary: pd.DataFrame) -> tuple[str, str]:
    """Return the order of the schedulers on the largest pools, by makespan and by Z_y.

    Parameters
    ----------
    summary : DataFrame
        See `analysis.summarize_measures`.
    """
    largest = summary[summary["nodes"] == summary["nodes"].max()].set_index("solver")
    least = largest["total_time_median"].idxmin()
    cost = largest.loc[least, "makespan_median"] / largest["makespan_median"].min()
    place = f"On {largest['nodes'].iloc[0]} nodes, "
    return (
        f"{place}by median makespan, shortest first: {_order(largest, 'makespan')}.",
        f"{place}by the sum Z_y, which (3) rewards: {_order(largest, 'total_time')}; what is least "
        f"by that reading, {least}, takes {decimal(cost, 1)} times the shortest makespan.",
    )


def _order(rows: pd.DataFrame, measure: str) -> str:
    """Return solvers and medians in s, the smallest first."""
    medians = rows[f"{measure}_median"].sort_values(kind="stable")
    return ", ".join(f"{solver} {decimal(value, 1)} s" for solver, value in medians.items())


# Tables.


def times_table(summary: pd.DataFrame) -> Table:
    """Return the medians of all schedulers, see `analysis.summarize_measures`."""
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


def rivals_table(
    rivals: pd.DataFrame, what: str = "Makespan over the rival's, each from its own start"
) -> Table:
    """Return the makespan ratios of the paper's scheduler, see `analysis.compare_rivals`."""
    chosen = rivals[rivals["measure"] == "makespan"]
    sizes = sorted(chosen["nodes"].unique())
    rows = []
    for (own, rival), group in chosen.groupby(["own", "rival"], sort=False):
        by_size = group.set_index("nodes")
        rows.append((str(own), str(rival), *(_ratio(by_size.loc[size]) for size in sizes)))
    title = f"{what}: median ratio [95 %], pools won, Wilcoxon's p (Holm), "
    title += "rank-biserial effect r (1: smaller on every pool)"
    return Table(title, ("scheduler", "rival", *(f"{size} nodes" for size in sizes)), tuple(rows))


def effects_table(effects: pd.DataFrame) -> Table:
    """Return the main effects, a column for each rival, see `analysis.main_effects`."""
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


# The numbers and conditions that decide the claims about Fig. 7.


def values_of(rivals: pd.DataFrame) -> dict[str, Measured]:
    """Return every median ratio by name, such as ``makespan_atsa_over_fcfs_30``.

    Parameters
    ----------
    rivals : DataFrame
        See `analysis.compare_rivals`.
    """
    return {
        f"{row['measure']}_{row['own']}_over_{row['rival']}_{row['nodes']}": Measured(
            value=row["ratio"],
            low=row["low"],
            high=row["high"],
            p=row["p_holm"],
            test=f"Wilcoxon, {row['pairs']} pools, Holm",
        )
        for _, row in rivals.iterrows()
    }


def conditions_of(
    rivals: pd.DataFrame, study: Factorial, comparisons: pd.DataFrame
) -> dict[str, Condition]:
    """Return the other assumptions under which ATSA is ahead of a rival.

    ``repaired_beats_NAME`` for every rival, on all sizes of pool: with the readings of
    `ATSA.repaired`. ``kind_beats_NAME`` for those of the factorial study: as printed, on its best
    kind of pool.
    """
    makespans = rivals[(rivals["measure"] == "makespan") & (rivals["own"] == "atsa-repaired")]
    repaired = {
        f"repaired_beats_{rival}": _repaired(rows) for rival, rows in makespans.groupby("rival")
    }
    kinds = {f"kind_beats_{rival}": _kind(study, comparisons, rival) for rival in study.rivals}
    return repaired | kinds


def _repaired(rows: pd.DataFrame) -> Condition:
    """Return the condition that the colony is repaired."""
    ratios = "; ".join(
        f"{row['nodes']} nodes: {decimal(row['ratio'])} {limits(row['low'], row['high'])}"
        for _, row in rows.iterrows()
    )
    ahead = (rows["high"] < 1) & (rows["p_holm"] < SIGNIFICANT)
    words = (
        "the heuristic knows completion times and deposits follow the makespan (`atsa-repaired`; "
    )
    return Condition(f"{words}median ratio on {ratios})", bool(ahead.all()))


def _kind(study: Factorial, comparisons: pd.DataFrame, rival: str) -> Condition:
    """Return the condition that the pool is of the kind where ATSA does best."""
    rows = printed_comparisons(study, comparisons, rival)
    best = rows.nsmallest(1, "ratio")
    words = f"the pool is of another kind (best of {len(rows)}: {describe(study, best.iloc[0])})"
    return Condition(words, bool(won(best).all()))
