"""The numbers and conditions that decide the claims about Fig. 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.paper.outcome import Condition, Measured
from experiments.paper.scheduling.answer import SIGNIFICANT, describe, printed_duels, won
from experiments.paper.scheduling.factorial import Factorial
from experiments.report.formats import decimal, limits

if TYPE_CHECKING:
    import pandas as pd


def values_of(rivals: pd.DataFrame) -> dict[str, Measured]:
    """Return every median ratio by name, such as ``makespan_atsa_over_fcfs_30``.

    Parameters
    ----------
    rivals : DataFrame
        See `rivals.compare_rivals`.
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
    rivals: pd.DataFrame, study: Factorial, duels: pd.DataFrame
) -> dict[str, Condition]:
    """Return under which other assumptions ATSA is ahead of a rival.

    ``repaired_beats_NAME`` for every rival, on all sizes of pool: with the readings of
    `ATSA.repaired`. ``kind_beats_NAME`` for those of the factorial study: as printed, on its best
    kind of pool.
    """
    makespans = rivals[(rivals["measure"] == "makespan") & (rivals["own"] == "atsa-repaired")]
    repaired = {
        f"repaired_beats_{rival}": _repaired(rows) for rival, rows in makespans.groupby("rival")
    }
    kinds = {f"kind_beats_{rival}": _kind(study, duels, rival) for rival in study.rivals}
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


def _kind(study: Factorial, duels: pd.DataFrame, rival: str) -> Condition:
    """Return the condition that the pool is of the kind where ATSA does best."""
    rows = printed_duels(study, duels, rival)
    best = rows.nsmallest(1, "ratio")
    words = f"the pool is of another kind (best of {len(rows)}: {describe(study, best.iloc[0])})"
    return Condition(words, bool(won(best).all()))
