"""One scheduler against another on the same pools: ratio, wins, test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.statistics.bootstrap import CONFIDENCE, interval, resampled
from experiments.statistics.posthoc import holm
from experiments.statistics.wilcoxon import signed_ranks
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd

SEED = 2020
TIE = 1e-9  # of the larger: sums in another order
DIGITS = 12  # of logarithms, lest log(2) and log(1/2) differ in size


class PairedRatio(NamedTuple):
    """What pairs of numbers, the smaller the better, come to.

    Attributes
    ----------
    pairs : int
        Pools.
    ratio, low, high : float
        Median of own / rival, and the limits of its bootstrap interval.
    wins, wins_low, wins_high : float
        Share of pools where own is smaller, and the limits of Wilson's interval.
    p : float
        Of Wilcoxon's signed-rank test on logarithms, two-sided.
    effect : float
        Rank-biserial correlation, 1 where own is smaller in every pair.
    """

    pairs: int
    ratio: float
    low: float
    high: float
    wins: float
    wins_low: float
    wins_high: float
    p: float
    effect: float


def paired_ratio(own: FloatArray, rival: FloatArray) -> PairedRatio:
    """Compare two schedulers.

    Parameters
    ----------
    own, rival : ndarray, shape (n,)
        Positive numbers of the same pools; infinite where there is no schedule.
    """
    from scipy.stats import binomtest

    ratios = ratios_of(own, rival)
    wins = int((ratios < 1).sum())
    share = binomtest(wins, len(ratios)).proportion_ci(CONFIDENCE, method="wilson")
    low, high = median_limits(ratios)
    logarithms = np.round(np.log(ratios), DIGITS).astype(np.float64)
    test = signed_ranks(logarithms, np.zeros(len(ratios)))
    middle = float(np.median(ratios))
    wins_of = (wins / len(ratios), float(share.low), float(share.high))
    return PairedRatio(len(ratios), middle, low, high, *wins_of, test.p, test.effect)


def ratios_of(own: FloatArray, rival: FloatArray) -> FloatArray:
    """Return own / rival, 1 where they are equal but for rounding, or both infinite."""
    with np.errstate(invalid="ignore"):
        equal = np.isclose(own, rival, rtol=TIE, atol=0.0)
        return np.where(equal, 1.0, own / rival)


def median_limits(values: FloatArray) -> tuple[float, float]:
    """Return the limits of the bootstrap interval of a median."""
    rows = [np.arange(len(values))]
    sample = resampled(values[:, None], rows, np.median, np.random.default_rng(SEED))
    low, high = interval(sample)[:, 0]
    return float(low), float(high)


def add_holm(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a column ``p_holm``: its column ``p`` corrected for all rows."""
    return table.assign(p_holm=holm(table["p"].to_numpy(dtype=np.float64)))
