"""The paper's scheduler, as printed and repaired, against every other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.paper.scheduling.measures import MEASURES
from experiments.paper.scheduling.ratio import add_holm, paired_ratio

if TYPE_CHECKING:
    import pandas as pd

OWN = ("atsa", "atsa-repaired")


def compare_rivals(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each of `MEASURES`, size of pool, one of `OWN`, and rival.

    Parameters
    ----------
    cells : DataFrame
        Rows of sweeps with ``total_time``; every solver ran on every pool.

    Returns
    -------
    DataFrame
        The fields of `PairedRatio`, and ``p_holm``, corrected for all rows of a measure and own.
    """
    import pandas as pd

    families = [_family(cells, measure, own) for measure in MEASURES for own in OWN]
    return pd.concat([add_holm(pd.DataFrame(rows)) for rows in families], ignore_index=True)


def _family(cells: pd.DataFrame, measure: str, own: str) -> list[dict[str, Any]]:
    """Return the rows of one measure of one scheduler."""
    rows: list[dict[str, Any]] = []
    for nodes, runs in cells.groupby("nodes"):
        values = runs.pivot(index="problem", columns="solver", values=measure)
        for rival in values.columns.drop(own):
            ratio = paired_ratio(values[own].to_numpy(), values[rival].to_numpy())
            names = {"measure": measure, "nodes": nodes, "own": own, "rival": rival}
            rows.append(names | ratio._asdict())
    return rows
