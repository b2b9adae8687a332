"""One scheduler against another on the same pools: ratio, wins and test; numbers for claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edgeopt.experiments.statistics.bootstrap import COVERAGE, interval, resampled
from edgeopt.experiments.statistics.rank_tests import holm, signed_ranks
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd


SEED = 2020  # fixed, so that equal pairs have equal intervals

_TIE = 1e-9  # relative: sums in another order are no difference

_DIGITS = 12  # of logarithms, lest log(2) and log(1/2) differ in size


class PairedRatio(NamedTuple):
    """Summary of pairs of numbers of which the smaller is the better.

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
    """Compare two schedulers on the same pools.

    Parameters
    ----------
    own, rival : ndarray, shape (n,)
        Positive numbers, such as makespans; infinite where there is no schedule.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.statistics import paired_ratio
    >>> rival = np.arange(10.0, 30.0)
    >>> paired_ratio(0.9 * rival, rival).ratio
    0.9
    """
    from scipy.stats import binomtest

    ratios = ratios_of(own, rival)
    wins = int((ratios < 1).sum())
    share = binomtest(wins, len(ratios)).proportion_ci(COVERAGE, method="wilson")
    low, high = median_limits(ratios)
    # in logarithms twice as long and half as long are equally far from 1
    logarithms = np.round(np.log(ratios), _DIGITS).astype(np.float64)
    test = signed_ranks(logarithms, np.zeros(len(ratios)))
    middle = float(np.median(ratios))
    wins_of = (wins / len(ratios), float(share.low), float(share.high))
    return PairedRatio(len(ratios), middle, low, high, *wins_of, test.p, test.effect)


def ratios_of(own: FloatArray, rival: FloatArray) -> FloatArray:
    """Return own / rival, 1 where they are equal but for rounding or both infinite."""
    with np.errstate(invalid="ignore"):
        equal = np.isclose(own, rival, rtol=_TIE, atol=0.0)
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


class Measured(NamedTuple):
    """A number that decides a claim or is quoted beside it.

    Attributes
    ----------
    value : float
        The number, NaN where there is none.
    low, high : float or None
        Limits of its interval of 95 %; None where nothing is random.
    p : float or None
        p-value of a paired test, corrected where there are several.
    unit : str
        Its unit, as it is printed.
    test : str
        What was tested and on how many runs, in words.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    unit: str = ""
    test: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """The interval, of no width where nothing is random."""
        low = self.value if self.low is None else self.low
        return low, self.value if self.high is None else self.high

    def without_test(self) -> Measured:
        """Return the number with its interval alone, to compare it with a limit other than 0."""
        return self._replace(p=None, test="")

    def scaled(self, factor: float, unit: str) -> Measured:
        """Return the number and its interval times a factor > 0, in another unit."""
        low, high = (None if end is None else factor * end for end in (self.low, self.high))
        return self._replace(value=factor * self.value, low=low, high=high, unit=unit)
