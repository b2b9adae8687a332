"""Wilcoxon's signed-rank test of paired gaps, with an effect size.

References
----------
Kerby, D. S. (2014). The simple difference formula: an approach to teaching nonparametric
correlation. Comprehensive Psychology 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray


@dataclass(frozen=True)
class SignedRanks:
    """Outcome of the test.

    Attributes
    ----------
    pairs : int
        Pairs that differ; the others are discarded.
    statistic : float
        The smaller of the two sums of signed ranks.
    p : float
        Two-sided, exact up to 50 pairs without ties and up to 13 with them.
    effect : float
        Matched-pairs rank-biserial correlation in [-1, 1]: (sum of ranks where the second is
        larger - sum where the first is) / sum of all. 1: the first is smaller in every pair.
    """

    pairs: int
    statistic: float
    p: float
    effect: float


def signed_ranks(first: FloatArray, second: FloatArray) -> SignedRanks:
    """Test whether paired gaps differ.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Gaps of two solvers on the same blocks; an infinite gap is worse than any finite one, and
        two infinite ones are equal.
    """
    from scipy import stats

    differences = paired_differences(second, first)
    differences = differences[differences != 0]
    if not differences.size:
        return SignedRanks(0, 0.0, 1.0, 0.0)
    ranks = stats.rankdata(np.abs(differences))
    above, below = ranks[differences > 0].sum(), ranks[differences < 0].sum()
    p = stats.wilcoxon(np.copysign(ranks, differences)).pvalue
    effect = (above - below) / (above + below)
    return SignedRanks(differences.size, float(min(above, below)), float(p), float(effect))


def paired_differences(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return first - second, 0 where both are infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(first == second, 0.0, first - second)
