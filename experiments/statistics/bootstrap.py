"""Bootstrap intervals: of many solvers at once by whole blocks, and of one mean.

A block is drawn with all its columns, which keeps the solvers paired. `scipy.stats.bootstrap` can
resample neither within strata nor several columns together; here it serves for a single mean.

References
----------
Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
Efron, "Better bootstrap confidence intervals", J. American Statistical Association 82, 1987.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeopt.problems.errors import FloatArray, IntArray

RESAMPLES = 2000

COVERAGE = 0.95  # nominal, of all intervals

Statistic = Callable[..., Any]


def resampled(
    values: FloatArray,
    strata: list[IntArray],
    statistic: Statistic,
    rng: np.random.Generator,
) -> FloatArray:
    """Return a statistic of resampled blocks, averaged over strata.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        A row a block, a column a solver.
    strata : list of ndarray
        Row numbers of each stratum; rows are drawn with replacement within it.
    statistic : callable
        ``f(sample, axis=1)``, such as `numpy.mean`.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (RESAMPLES, k)
        A row a resample.
    """
    total = np.zeros((RESAMPLES, values.shape[1]))
    for rows in strata:
        picks = rng.integers(len(rows), size=(RESAMPLES, len(rows)))
        # whole rows, with the columns of all solvers: shape (RESAMPLES, rows, k)
        total += statistic(values[rows][picks], axis=1)
    return total / len(strata)


def interval(sample: FloatArray) -> FloatArray:
    """Return the limits of the central `COVERAGE` of each column, shape (2, k).

    The limits are values of the sample, never between two of them, as one may be infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.statistics import interval
    >>> interval(np.arange(1000.0)[:, None])
    array([[ 25.],
           [974.]])
    """
    tail = (1 - COVERAGE) / 2
    limits: FloatArray = np.quantile(sample, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return limits


def mean_interval(values: FloatArray) -> tuple[float, float]:
    """Return the limits of the interval of a mean of independent values, NaN for fewer than two.

    Corrected for bias and skewness (BCa), which matters for as few values as a dozen problems.
    """
    if len(values) < 2:
        return np.nan, np.nan
    if np.ptp(values) == 0:  # every resample is the same
        return float(values[0]), float(values[0])
    from scipy.stats import bootstrap  # takes long to import

    found = bootstrap((values,), np.mean, confidence_level=COVERAGE, rng=0).confidence_interval
    return float(found.low), float(found.high)
