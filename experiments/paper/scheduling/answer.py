"""When does ATSA as printed beat first come, first served? Sentences computed from the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.paper.scheduling.factorial import Factorial
from experiments.report.formats import decimal, limits, percent

if TYPE_CHECKING:
    import pandas as pd

SIGNIFICANT = 0.05
Levels = Mapping[str, Sequence[str]]


def answers(study: Factorial, duels: pd.DataFrame, effects: pd.DataFrame) -> tuple[str, ...]:
    """Return the answer.

    Parameters
    ----------
    study : Factorial
        What was run.
    duels, effects : DataFrame
        See `duels.fight` and `effects.main_effects`.

    Returns
    -------
    tuple of str
        Where ATSA as printed wins, against each rival; what decides; how many of all combinations
        win, and what those have in common.
    """
    printed = ". It ".join(_printed(study, duels, rival) for rival in study.rivals)
    return (
        f"ATSA as printed {printed}.",
        _what_decides(effects, study.rivals[0]),
        "Of all combinations, "
        + "; ".join(_winners(study, duels, rival) for rival in study.rivals)
        + ".",
    )


def printed_duels(study: Factorial, duels: pd.DataFrame, rival: str) -> pd.DataFrame:
    """Return the rows of ATSA with every reading and number as printed, against one rival."""
    chosen = duels["rival"] == rival
    for factor, level in zip(study.colony_factors, study.printed, strict=True):
        chosen &= duels[factor] == level
    return duels[chosen]


def won(duels: pd.DataFrame) -> pd.Series[bool]:
    """Return where ATSA is significantly ahead (Wilcoxon, Holm over all rows of a rival)."""
    return (duels["p_holm"] < SIGNIFICANT) & (duels["ratio"] < 1) & (duels["effect"] > 0)


def describe(study: Factorial, row: pd.Series) -> str:
    """Return the size and kind of a row's pools and what ATSA does there, in words."""
    kind = ", ".join(f"{factor} {row[factor]}" for factor in study.pool_factors)
    text = f"{row['nodes']} nodes, {kind}: median ratio {decimal(row['ratio'])} "
    return text + f"{limits(row['low'], row['high'])}, {percent(row['wins'], 0)} % won"


def _printed(study: Factorial, duels: pd.DataFrame, rival: str) -> str:
    """Say where ATSA as printed beats a rival."""
    rows = printed_duels(study, duels, rival)
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


def _winners(study: Factorial, duels: pd.DataFrame, rival: str) -> str:
    """Say how many of all combinations beat a rival, and what they have in common."""
    rows = duels[duels["rival"] == rival]
    ahead = rows[won(rows)]
    levels = {**_pool_levels(study), **{f: list(of) for f, of in study.colony_factors.items()}}
    return f"{len(ahead)} of {len(rows)} beat {rival}{_in_common(ahead, levels)}"


def _pool_levels(study: Factorial) -> Levels:
    """Return size and kinds of the pools by factor."""
    sizes = [str(nodes) for nodes in study.pools.nodes]
    return {"nodes": sizes, **{f: list(levels) for f, levels in study.pool_factors.items()}}


def _in_common(rows: pd.DataFrame, factors: Levels) -> str:
    """Return the levels of each factor that rows do not have all levels of, in parentheses."""
    texts = []
    for factor, levels in factors.items():
        found = [level for level in levels if level in set(rows[factor].astype(str))]
        if 0 < len(found) < len(levels):
            texts.append(f"{factor} {' or '.join(found)}")
    return f" (all with {', '.join(texts)})" if texts else ""
