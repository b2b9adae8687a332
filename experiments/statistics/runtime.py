"""Running times to targets: runtime distributions, ECDF over targets and expected running time.

References
----------
Hansen, N., Auger, A., Brockhoff, D. and Tusar, T. (2022). Anytime performance assessment in
blackbox optimization benchmarking. IEEE Transactions on Evolutionary Computation 26, 1293-1305.

Auger, A. and Hansen, N. (2005). Performance evaluation of an advanced local search evolutionary
algorithm. IEEE Congress on Evolutionary Computation, 1777-1784.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.statistics.anytime import times_to
from problems.errors import FloatArray, check_array

if TYPE_CHECKING:
    import pandas as pd

ECDF_TARGETS = np.logspace(0, -4, 41)  # gaps from 100 % to 0.01 %, ten a decade
ERT_TARGETS = (0.5, 0.1, 0.05, 0.02, 0.01, 0.005)


def hitting_times(cells: pd.DataFrame, axis: str, targets: FloatArray) -> pd.DataFrame:
    """Return when each run first met each target gap.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep; those that failed never meet a target.
    axis : str
        ``evaluations`` or ``seconds``.
    targets : ndarray, shape (n,)
        Gaps as fractions of the lower bound.

    Returns
    -------
    DataFrame
        Indexed by problem, solver and repetition, a column a target, in evaluations or s; infinite
        where a target was not met. The values of one column and solver are its runtime
        distribution, those of all columns the data of the ECDF over targets, for
        `profiles.fraction_within`.
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
        What each run used in all; NaN counts as 0 (a failed run, whose use is not known).

    Returns
    -------
    float
        Use of all runs until they met the target or ended, over the number of those that did;
        infinite where none did.
    """
    hit = np.isfinite(reached)
    if not hit.any():
        return float("inf")
    return float(np.where(hit, reached, np.nan_to_num(used)).sum() / hit.sum())


def running_times(
    cells: pd.DataFrame, axis: str, targets: tuple[float, ...] = ERT_TARGETS
) -> pd.DataFrame:
    """Return expected running times, by problem and solver, a column a target.

    Parameters and errors as of `hitting_times`.
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
