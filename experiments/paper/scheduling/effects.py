"""How much each factor of the study moves the ratio, all others averaged over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.scheduling.ratio import SEED
from experiments.statistics.bootstrap import interval, resampled

if TYPE_CHECKING:
    import pandas as pd


def main_effects(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each rival, factor and level.

    Parameters
    ----------
    ratios : DataFrame
        See `duels.log_ratios`.

    Returns
    -------
    DataFrame
        ``ratio``, the geometric mean of ATSA's makespan over the rival's, and the limits ``low``
        and ``high`` of its interval over seeds; ``wins``, the share of runs that ATSA wins;
        ``spread``, the factor's largest ratio over its smallest.
    """
    import pandas as pd

    table = pd.DataFrame(
        {"rival": rival, "factor": factor, "level": str(level)} | _level(chosen)
        for factor in ratios.index.names[1:]
        for (rival, level), chosen in ratios.groupby(level=["rival", factor], sort=False)
    )
    by_factor = table.groupby(["rival", "factor"], sort=False)["ratio"]
    return table.assign(spread=by_factor.transform("max") / by_factor.transform("min"))


def _level(ratios: pd.DataFrame) -> dict[str, float]:
    """Return the geometric mean of a level's ratios with its interval, and the share of wins."""
    seeds = ratios.mean(axis=0).to_numpy()
    rows = [np.arange(len(seeds))]
    sample = resampled(seeds[:, None], rows, np.mean, np.random.default_rng(SEED))
    low, high = np.exp(interval(sample)[:, 0])
    wins = float((ratios.to_numpy() < 0).mean())
    return {"ratio": float(np.exp(seeds.mean())), "low": low, "high": high, "wins": wins}
