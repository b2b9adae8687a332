"""What a run had found when a budget was used up, and when it first met a target.

A trace holds an entry for each improvement, so one run tells its outcome at every smaller budget
(anytime data). A run that failed has no trace: its gap is infinite at any budget. So is the gap of
a run before it found its first feasible schedule. Gaps are rounded to `DIGITS` places, lest sums in
another order break ties and a target of 10 % miss 110 / 100 - 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optim.stop import relative_gap
from problems.errors import FloatArray, InputError, check_choice

if TYPE_CHECKING:
    import pandas as pd

AXES = ("evaluations", "seconds")
CUT_OFF = ("iterations", "evaluations", "seconds")
DIGITS = 12


def has_failed(cells: pd.DataFrame) -> pd.Series[bool]:
    """Return which runs failed: they have no makespan, not even an infinite one."""
    return cells["makespan"].isna()


def common_budgets(cells: pd.DataFrame, axis: str) -> pd.Series[float]:
    """Return for each problem the largest budget that every run has had.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included.
    axis : str
        ``evaluations`` or ``seconds``.

    Returns
    -------
    Series
        By problem: the least that a run stopped by its budget has used. Runs that ended of
        themselves (finished, optimal, stalled, target met, infeasible) would have found nothing
        more, so their last value stands at any larger budget; where all did, the largest use.
    """
    check_choice("axis", axis, AXES)
    used = cells.set_index("problem")[axis]
    largest = used.groupby(level=0, sort=False).max()
    stopped = used[cells["status"].isin(CUT_OFF).to_numpy()]
    least = stopped.groupby(level=0).min()
    return least.reindex(largest.index).fillna(largest)


def gaps_at(row: pd.Series, axis: str, budgets: FloatArray) -> FloatArray:
    """Return the best gap of one run at each of the ascending `budgets`.

    Parameters
    ----------
    row : Series
        A row of a sweep.
    axis : str
        ``evaluations`` or ``seconds``.
    budgets : ndarray, shape (n,)
        In evaluations or in s.

    Returns
    -------
    ndarray, shape (n,)
        Fractions of the lower bound, infinite before the first schedule.
    """
    times, gaps = _trace(row, axis)
    return np.concatenate([[np.inf], gaps])[np.searchsorted(times, budgets, side="right")]


def times_to(row: pd.Series, axis: str, targets: FloatArray) -> FloatArray:
    """Return the evaluations or seconds at which one run first met each target gap.

    Infinite where it never did. Targets are fractions of the lower bound, shape (n,).
    """
    times, gaps = _trace(row, axis)
    first = np.searchsorted(-gaps, -np.asarray(targets, dtype=float))  # gaps never rise
    return np.append(times, np.inf)[first]


def gap_table(cells: pd.DataFrame, axis: str) -> pd.DataFrame:
    """Return the gap of every run at its problem's common budget, blocks by solvers.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    axis : str
        ``evaluations`` or ``seconds``.

    Returns
    -------
    DataFrame
        Indexed by problem and repetition: runs of one block share their seed, so differences
        within a row are paired. Blocks that lack a solver (of an unfinished sweep) are left out.

    Raises
    ------
    InputError
        If no block has all solvers.
    """
    budgets = common_budgets(cells, axis)
    gaps = [
        gaps_at(row, axis, np.array([budgets[row["problem"]]], dtype=np.float64))[0]
        for _, row in cells.iterrows()
    ]
    table = cells.assign(gap=gaps).pivot(
        index=["problem", "repetition"], columns="solver", values="gap"
    )
    complete = table.dropna()
    if complete.empty:
        raise InputError("sweep", f"{len(table)} incomplete blocks", "run for every solver")
    return complete


def _trace(row: pd.Series, axis: str) -> tuple[FloatArray, FloatArray]:
    """Return times and gaps of a run's trace, empty where it failed."""
    if np.isnan(row["makespan"]):
        return np.empty(0), np.empty(0)
    gaps = [relative_gap(makespan, row["lower_bound"]) for makespan in row["trace_makespan"]]
    return np.asarray(row[f"trace_{axis}"], dtype=np.float64), np.round(gaps, DIGITS)
