"""Bootstrap intervals: of many solvers at once by whole blocks, and of one mean.

All solvers keep their pairing, since a block is drawn with all its columns. `scipy.stats.bootstrap`
resamples neither within strata nor several columns together; it serves for the one mean.

References
----------
Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
Efron, "Better bootstrap confidence intervals", J. American Statistical Association 82, 1987.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.errors import FloatArray

RESAMPLES = 2000

CONFIDENCE = 0.95

Statistic = Callable[..., Any]


def resampled(
    values: FloatArray,
    strata: list[IntArray],
    statistic: Statistic,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the statistic of resampled blocks, the mean over strata.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        One row a block, one column a solver.
    strata : list of ndarray
        Row numbers of each stratum; rows are drawn with replacement within it.
    statistic : callable
        ``f(sample, axis=1)``, such as `numpy.mean`.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (RESAMPLES, k)
        One row a resample.
    """
    total = np.zeros((RESAMPLES, values.shape[1]))
    for rows in strata:
        picks = rng.integers(len(rows), size=(RESAMPLES, len(rows)))
        total += statistic(values[rows][picks], axis=1)
    return total / len(strata)


def interval(sample: FloatArray) -> FloatArray:
    """Return the limits of the central `CONFIDENCE` of each column, shape (2, k).

    Quantiles are values of the sample, never between two, as one may be infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.statistics import interval
    >>> interval(np.arange(1000.0)[:, None])
    array([[ 25.],
           [974.]])
    """
    tail = (1 - CONFIDENCE) / 2
    limits: FloatArray = np.quantile(sample, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return limits


def mean_interval(values: FloatArray) -> tuple[float, float]:
    """Return the limits of the mean of independent values at `CONFIDENCE`, NaN for fewer than two.

    Corrected for bias and skewness (BCa), which matters for as few values as a dozen problems.
    """
    if len(values) < 2:
        return np.nan, np.nan
    if np.ptp(values) == 0:  # every resample is the same
        return float(values[0]), float(values[0])
    from scipy.stats import bootstrap  # takes long to import

    found = bootstrap((values,), np.mean, confidence_level=CONFIDENCE, rng=0).confidence_interval
    return float(found.low), float(found.high)
