"""The ranking of the solvers, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.statistics.blocks import blocks_of, strata_of
from experiments.statistics.bootstrap import interval, resampled
from experiments.statistics.friedman import rank_table

if TYPE_CHECKING:
    import pandas as pd

SEED = 2006


def rank_solvers(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return a row a solver, best average rank first.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition, a column a solver, see `anytime.gap_table`.
    unit : str
        ``problems`` or ``runs``.

    Returns
    -------
    DataFrame
        ``rank`` (average over blocks) and ``gap`` (mean over problems of the median over
        repetitions), both with ``_low`` and ``_high``, the limits of a bootstrap interval;
        ``best``, the share of blocks in which no solver is better; ``feasible``, the share of runs
        with a schedule.
    """
    import pandas as pd

    blocks = blocks_of(table, unit)
    ranks = rank_table(blocks)
    rank_low, rank_high = interval(
        resampled(ranks.to_numpy(), strata_of(blocks, unit), np.mean, np.random.default_rng(SEED))
    )
    gap_low, gap_high = interval(resampled_gaps(table, unit).to_numpy())
    columns = {
        "rank": ranks.mean(),
        "rank_low": rank_low,
        "rank_high": rank_high,
        "gap": mean_gaps(table),
        "gap_low": gap_low,
        "gap_high": gap_high,
        "best": (blocks.eq(blocks.min(axis=1), axis=0) & np.isfinite(blocks)).mean(),
        "feasible": np.isfinite(table).mean(),
    }
    ranking = pd.DataFrame(columns, index=table.columns)
    return ranking.sort_values(["rank", "gap"], kind="stable")


def mean_gaps(table: pd.DataFrame) -> pd.Series[float]:
    """Return for each solver the mean over problems of the median gap over repetitions."""
    return blocks_of(table, "problems").mean()


def resampled_gaps(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return `mean_gaps` of resampled problems, or of resampled runs within each problem.

    The same blocks are drawn for all solvers, so that differences of columns stay paired.
    """
    import pandas as pd

    blocks, rng = blocks_of(table, unit), np.random.default_rng(SEED)
    statistic = np.mean if unit == "problems" else np.median
    gaps = resampled(blocks.to_numpy(), strata_of(blocks, unit), statistic, rng)
    return pd.DataFrame(gaps, columns=table.columns)
