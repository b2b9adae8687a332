"""Performance profiles.

References
----------
Dolan, E. D. and More, J. J. (2002). Benchmarking optimization software with performance profiles.
Mathematical Programming 91, 201-213.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd


def performance_ratios(costs: pd.DataFrame) -> pd.DataFrame:
    """Return each solver's cost over the least cost of its block, r_ps.

    Parameters
    ----------
    costs : DataFrame, shape (N, k)
        Positive costs, such as makespans or seconds; infinite where a solver failed.

    Returns
    -------
    DataFrame, shape (N, k)
        At least 1; infinite where a solver failed, also where all did.
    """
    least = costs.min(axis=1)
    return costs.div(least.where(np.isfinite(least), 1.0), axis=0)


def fraction_within(values: ArrayLike, grid: ArrayLike) -> FloatArray:
    """Return the share of `values` that are at most each point of `grid`, rho_s(tau).

    The empirical distribution function: of ratios a performance profile, of running times a
    runtime distribution. Infinite values count as never reached.
    """
    ordered = np.sort(np.ravel(values))
    return np.searchsorted(ordered, np.asarray(grid, dtype=float), side="right") / ordered.size
