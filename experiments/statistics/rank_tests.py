"""Rank tests: Friedman's with its post hoc tests of all pairs, Wilcoxon's, and Holm's correction.

Friedman's test and the post hoc tests compare average ranks, and so depend on which other solvers
took part (Benavoli, Corani and Mangili 2016); Wilcoxon's test of two solvers does not.

References
----------
Demsar, J. (2006). Statistical comparisons of classifiers over multiple data sets. Journal of
Machine Learning Research 7, 1-30.

Iman, R. L. and Davenport, J. M. (1980). Approximations of the critical region of the Friedman
statistic. Communications in Statistics A 9, 571-595.

Benavoli, A., Corani, G. and Mangili, F. (2016). Should we really use post-hoc tests based on
mean-ranks? Journal of Machine Learning Research 17, 1-10.

Kerby, D. S. (2014). The simple difference formula: an approach to teaching nonparametric
correlation. Comprehensive Psychology 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.statistics.ties import resolution, tied_ranks
from edgeopt.problems.errors import FloatArray, InputError, check_number, import_extra

if TYPE_CHECKING:
    import pandas as pd


EXTRA = "stats"

_ENUMERATED = 13  # pairs up to which p is exact with ties, as in SciPy


@dataclass(frozen=True)
class Friedman:
    """Outcome of Friedman's test.

    Attributes
    ----------
    blocks, solvers : int
        Numbers N and k.
    chi2, p : float
        Statistic, corrected for ties, and its p-value: chi-square with k - 1 degrees of freedom.
    f, f_p : float
        Iman and Davenport's less conservative statistic and its p-value.
    kendall_w : float
        Agreement of the blocks, from 0 (none) to 1 (the same ranks in all).
    critical_difference : float
        Solvers whose average ranks differ by more are told apart at level `alpha` (Nemenyi).
    alpha : float
        Level of the critical difference.
    """

    blocks: int
    solvers: int
    chi2: float
    p: float
    f: float
    f_p: float
    kendall_w: float
    critical_difference: float
    alpha: float


def rank_table(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return the ranks within each block, 1 the smallest gap; ties share their mean rank.

    Gaps tie if their makespans differ by at most 1e-9 of themselves.
    """
    import pandas as pd

    ranks = [tied_ranks(row, resolution(row)) for row in blocks.to_numpy(dtype=np.float64)]
    shape = blocks.shape
    return pd.DataFrame(np.reshape(ranks, shape), index=blocks.index, columns=blocks.columns)


def friedman(blocks: pd.DataFrame, *, alpha: float = 0.05) -> Friedman:
    """Test whether solvers differ at all.

    Parameters
    ----------
    blocks : DataFrame, shape (N, k)
        Gaps; infinite ones rank last, ties share ranks.
    alpha : float
        Level of the critical difference.

    Raises
    ------
    InputError
        If there are fewer than 3 solvers or 2 blocks, or `alpha` is no probability.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeopt.experiments.statistics import friedman
    >>> blocks = pd.DataFrame({"a": [1, 2, 1, 3], "b": [2, 3, 2, 4], "c": [3, 4, 3, 5]})
    >>> round(friedman(blocks).p, 4)
    0.0183
    """
    from scipy import stats

    check_number("alpha", alpha, above=0, at_most=0.5)
    n, k = blocks.shape
    if n < 2 or k < 3:
        raise InputError("blocks", (n, k), "at least 2 blocks of at least 3 solvers")
    ranks = rank_table(blocks).to_numpy()
    chi2 = 0.0  # where all solvers tie in all blocks
    if np.ptp(ranks, axis=1).any():
        chi2 = float(stats.friedmanchisquare(*ranks.T).statistic)
    # the chi-square approximation is conservative for few blocks, F less so
    f = iman_davenport(chi2, n, k)
    return Friedman(
        blocks=n,
        solvers=k,
        chi2=chi2,
        p=float(stats.chi2.sf(chi2, k - 1)),
        f=f,
        f_p=float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))),
        kendall_w=chi2 / (n * (k - 1)),
        critical_difference=critical_difference(n, k, alpha),
        alpha=alpha,
    )


def iman_davenport(chi2: float, blocks: int, solvers: int) -> float:
    """Return F_F = (N - 1) chi2 / (N (k - 1) - chi2), infinite where all blocks agree."""
    rest = blocks * (solvers - 1) - chi2
    return (blocks - 1) * chi2 / rest if rest > 1e-9 else math.inf


def critical_difference(blocks: int, solvers: int, alpha: float = 0.05) -> float:
    """Return Nemenyi's CD = q sqrt(k (k + 1) / (6 N)) of average ranks."""
    from scipy import stats

    # Demsar's table 5a holds q / sqrt(2), the quantile for infinite degrees of freedom
    q = stats.studentized_range.ppf(1 - alpha, solvers, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(solvers * (solvers + 1) / (6 * blocks)))


# Which solvers differ: p-values of all pairs after Friedman's test.


def nemenyi(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return Nemenyi's p-values, corrected for all pairs by the studentised range.

    Parameters
    ----------
    blocks : DataFrame, shape (N, k)
        Gaps; infinite ones rank last.

    Returns
    -------
    DataFrame, shape (k, k)
        Symmetric, 1 on the diagonal.

    Raises
    ------
    InputError
        If scikit-posthocs is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeopt.experiments.statistics import nemenyi
    >>> blocks = pd.DataFrame({"a": [1, 2, 1, 3], "b": [2, 3, 2, 4], "c": [3, 4, 3, 5]})
    >>> round(float(nemenyi(blocks).loc["a", "c"]), 3)
    0.013
    """
    posthocs = import_extra("scikit_posthocs", EXTRA)
    table: pd.DataFrame = posthocs.posthoc_nemenyi_friedman(rank_table(blocks))
    return table


def holm_ranks(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return p-values of rank differences as z-scores, corrected for all pairs by Holm.

    More powerful than `nemenyi`; parameters, result and errors are the same.
    """
    import pandas as pd

    posthocs = import_extra("scikit_posthocs", EXTRA)
    table: pd.DataFrame = posthocs.posthoc_siegel_friedman(rank_table(blocks))
    p = table.to_numpy(copy=True)
    above = np.triu_indices(len(p), 1)
    p[above] = p.T[above] = holm(p[above])
    return pd.DataFrame(p, table.index, table.columns)


def holm(p: FloatArray) -> FloatArray:
    """Return p-values corrected for their number by Holm's step-down procedure (Holm 1979).

    Parameters
    ----------
    p : ndarray, shape (n,)
        NaN where a pair was not tested: such a pair stays NaN and does not count.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.statistics import holm
    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    # The function of statsmodels has the collector look at the whole process each time: seconds.
    corrected = p.copy()
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN is sorted last
    raw = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(raw), 1.0)
    return corrected


# Two solvers: the signed-rank test of paired gaps, with an effect size.


@dataclass(frozen=True)
class SignedRanks:
    """Outcome of Wilcoxon's signed-rank test.

    Attributes
    ----------
    pairs : int
        Pairs that differ; the others are discarded.
    statistic : float
        The smaller of the two sums of signed ranks.
    p : float
        Two-sided, exact up to 50 pairs without ties and up to 13 with them.
    effect : float
        Matched-pairs rank-biserial correlation in [-1, 1] (Kerby 2014): (sum of ranks where the
        second is larger - sum where the first is) / sum of all. 1 if the first is smaller in
        every pair.
    """

    pairs: int
    statistic: float
    p: float
    effect: float


def signed_ranks(first: FloatArray, second: FloatArray, scale: float = 1.0) -> SignedRanks:
    """Test whether paired gaps differ.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Gaps of two solvers on the same blocks; an infinite gap is worse than any finite one, and
        two infinite ones are equal.
    scale : float
        1 for gaps: differences of 1e-9 of the makespan or less are rounding, not ranked, and
        differences as close as that tie. 0 for numbers other than gaps: 1e-9 of themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.statistics import signed_ranks
    >>> signed_ranks(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 4.0, 6.0, 8.0]))
    SignedRanks(pairs=4, statistic=0.0, p=0.125, effect=1.0)
    """
    differences = paired_differences(second, first)
    # of the smaller number, as the larger may be infinite
    noise = resolution(np.minimum(np.abs(first), np.abs(second)), scale)
    # Wilcoxon's treatment of ties: pairs without a difference say nothing
    kept = np.abs(differences) > noise
    differences, noise = differences[kept], noise[kept]
    if not differences.size:
        return SignedRanks(0, 0.0, 1.0, 0.0)
    ranks = tied_ranks(np.abs(differences), noise)
    above, below = ranks[differences > 0].sum(), ranks[differences < 0].sum()
    p = _signed_p(np.copysign(ranks, differences))
    effect = (above - below) / (above + below)
    return SignedRanks(differences.size, float(min(above, below)), p, float(effect))


def _signed_p(signed: FloatArray) -> float:
    """Return Wilcoxon's p of signed ranks, two-sided."""
    ranks, n = np.abs(signed), len(signed)
    if n > _ENUMERATED or len(np.unique(ranks)) == n:
        from scipy import stats  # takes long to import

        return float(stats.wilcoxon(signed).pvalue)
    # Here SciPy calls a Python function for each of the 2**n signs, which takes a second a test.
    signs = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    sums, found = signs @ ranks, ranks[signed > 0].sum()
    tail = min(np.mean(sums <= found), np.mean(sums >= found))  # halves of integers: exact
    return min(1.0, 2.0 * float(tail))


def paired_differences(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return first - second, 0 where both are infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(first == second, 0.0, first - second)
