"""Ranks in which rounding noise never decides.

Two gaps tie if the makespans behind them differ by at most 1e-9 of themselves, two differences of
gaps if they differ by as little. Sums of times in another order differ by less.
"""

from __future__ import annotations

import numpy as np

from edgeopt.problems.errors import FloatArray

TIE = 1e-9  # of the makespan


def resolution(values: FloatArray, scale: float = 1.0) -> FloatArray:
    """Return the differences from `values` that are noise.

    Parameters
    ----------
    values : ndarray
        Gaps, or other numbers.
    scale : float
        What is added to their size: 1 for gaps, which are makespan / bound - 1, and 0 for numbers
        that are no differences.
    """
    sizes: FloatArray = TIE * (scale + np.abs(values))
    return sizes


def tied_ranks(values: FloatArray, noise: FloatArray) -> FloatArray:
    """Return ranks from 1, the smallest; tied values share their mean rank.

    Parameters
    ----------
    values : ndarray, shape (n,)
        May be infinite.
    noise : ndarray, shape (n,)
        Values tie with the next larger one if that is no farther away. Rounding to a grid would
        separate neighbours on both sides of a grid line.
    """
    from scipy.stats import rankdata

    order = np.argsort(values, kind="stable")
    ordered, allowed = values[order], noise[order]
    with np.errstate(invalid="ignore"):
        steps = np.diff(ordered)
    # the difference of two infinite values is NaN, and no step
    apart = steps > np.minimum(allowed[1:], allowed[:-1])
    groups = np.empty(len(values), dtype=np.int64)
    groups[order] = np.concatenate([[0], np.cumsum(apart)])
    ranks: FloatArray = rankdata(groups).astype(np.float64)
    return ranks
