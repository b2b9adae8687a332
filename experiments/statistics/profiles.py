"""Performance profiles, runtime distributions and expected running times.

References
----------
Dolan, E. D. and More, J. J. (2002). Benchmarking optimization software with performance profiles.
Mathematical Programming 91, 201-213.

Hansen, N., Auger, A., Brockhoff, D. and Tusar, T. (2022). Anytime performance assessment in
blackbox optimization benchmarking. IEEE Transactions on Evolutionary Computation 26, 1293-1305.

Auger, A. and Hansen, N. (2005). Performance evaluation of an advanced local search evolutionary
algorithm. IEEE Congress on Evolutionary Computation, 1777-1784.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.experiments.statistics.anytime import times_to
from edgeopt.problems.errors import FloatArray, check_array

if TYPE_CHECKING:
    import pandas as pd


ECDF_TARGETS = np.logspace(0, -4, 41)  # gaps from 100 % to 0.01 %, ten a decade

ERT_TARGETS = (0.5, 0.1, 0.05, 0.02, 0.01, 0.005)


def performance_ratios(costs: pd.DataFrame) -> pd.DataFrame:
    """Return each solver's cost over the least cost of its block, r_ps.

    Parameters
    ----------
    costs : DataFrame, shape (N, k)
        Positive costs, such as makespans or seconds; infinite where a solver failed.

    Returns
    -------
    DataFrame, shape (N, k)
        At least 1; infinite where a solver failed, even where all did.
    """
    least = costs.min(axis=1)
    # where all solvers failed, infinity over infinity would be NaN
    return costs.div(least.where(np.isfinite(least), 1.0), axis=0)


def fraction_within(values: ArrayLike, grid: ArrayLike) -> FloatArray:
    """Return the share of `values` that are at most each point of `grid`, rho_s(tau).

    This is the empirical distribution function: of performance ratios it is a performance profile,
    of running times a runtime distribution. Infinite values are never within reach.
    """
    ordered = np.sort(np.ravel(values))
    return np.searchsorted(ordered, np.asarray(grid, dtype=float), side="right") / ordered.size


def hitting_times(cells: pd.DataFrame, axis: str, targets: FloatArray) -> pd.DataFrame:
    """Return when each run first met each target gap.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep; those that failed never meet a target.
    axis : str
        ``evaluations``, ``seconds`` or ``iterations``.
    targets : ndarray, shape (n,)
        Gaps as fractions of the lower bound.

    Returns
    -------
    DataFrame
        Indexed by problem, solver and repetition, a column a target, in evaluations or s; infinite
        where a target was not met. `fraction_within` makes a solver's runtime distribution of one
        column, and its ECDF over targets of all columns.
    """
    import pandas as pd

    targets = check_array("targets", targets, ndim=1, at_least=0)
    times = [times_to(row, axis, targets) for _, row in cells.iterrows()]
    index = pd.MultiIndex.from_frame(cells[["problem", "solver", "repetition"]])
    return pd.DataFrame(np.array(times), index=index, columns=targets)


def expected_running_time(reached: FloatArray, used: FloatArray) -> float:
    """Return the expected cost of meeting a target when runs are restarted until one does.

    Parameters
    ----------
    reached : ndarray, shape (n,)
        When each run met the target; infinite if it did not.
    used : ndarray, shape (n,)
        What each run used in total; NaN (a failed run, whose use is unknown) counts as 0.

    Returns
    -------
    float
        What all runs used until they met the target or ended, divided by the number of runs that
        met it; infinite where none did.
    """
    # a run that misses the target costs all that it used, the others what they used until then
    hit = np.isfinite(reached)
    if not hit.any():
        return float("inf")
    return float(np.where(hit, reached, np.nan_to_num(used)).sum() / hit.sum())


def running_times(
    cells: pd.DataFrame, axis: str, targets: tuple[float, ...] = ERT_TARGETS
) -> pd.DataFrame:
    """Return the expected running times by problem and solver, a column a target.

    Parameters and errors are those of `hitting_times`.

    Examples
    --------
    See `gaps_at_budgets`, which takes the same cells.
    """
    import pandas as pd

    times = hitting_times(cells, axis, np.asarray(targets))
    used = cells[axis].to_numpy(dtype=float)
    rows = {}
    for name, at in times.groupby(level=["problem", "solver"], sort=False).indices.items():
        reached = times.to_numpy()[at]
        rows[name] = [expected_running_time(column, used[at]) for column in reached.T]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=times.columns)
    table.index = pd.MultiIndex.from_tuples(table.index, names=["problem", "solver"])
    return table
