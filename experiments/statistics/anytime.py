"""The best gap of a run within a budget, and when a run first met a target gap.

A trace has an entry for each improvement, so one run also tells its outcome at every smaller budget
(anytime data). The gap of a run is infinite until it has found a feasible schedule; that of a run
that failed, and so has no trace, is infinite at every budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.statistics.completeness import in_complete_blocks
from edgeopt.experiments.statistics.rank_tests import holm, signed_ranks
from edgeopt.optim.scheduling.stop import relative_gap
from edgeopt.problems.errors import FloatArray, InputError, check_choice

if TYPE_CHECKING:
    import pandas as pd


AXES = ("evaluations", "seconds")

COST_AXES = (*AXES, "iterations")  # also the kinds of budget that limit a cost

# Statuses of runs that their budget ended; all other runs would have found nothing more.
_STOPPED = ("iterations", "evaluations", "seconds")

# Gaps are rounded, lest sums in another order break ties and 110 / 100 - 1 miss a target of 10 %.
_DIGITS = 12


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
        ``evaluations``, ``seconds`` or ``iterations``.

    Returns
    -------
    Series
        By problem: the least that a run stopped by its budget has used. Runs that ended of their
        own accord (finished, optimal, stalled, target met, infeasible) would have found nothing
        more, so their last value holds at any larger budget; where all did, the largest use.
    """
    check_choice("axis", axis, COST_AXES)
    used = cells.set_index("problem")[axis]
    largest = used.groupby(level=0, sort=False).max()
    stopped = used[cells["status"].isin(_STOPPED).to_numpy()]
    least = stopped.groupby(level=0).min()
    return least.reindex(largest.index).fillna(largest)


def largest_budget(cells: pd.DataFrame, axis: str) -> float:
    """Return the largest budget at which the traces of a sweep tell what every run had found.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep; ``attrs["budget"]``, if there is one, is its budget.
    axis : str
        ``evaluations``, ``seconds`` or ``iterations``.

    Returns
    -------
    float
        The least that a run stopped by its budget has used; infinite if none was. A run that the
        sweep's limit of this very cost has stopped counts with the limit: it stopped below only
        because one more iteration would have gone beyond.
    """
    stopped = cells[cells["status"].isin(_STOPPED)]
    used = stopped[axis].where(stopped["status"] != axis, cells.attrs.get("budget", {}).get(axis))
    return float(used.fillna(stopped[axis]).min()) if len(stopped) else float("inf")


def gaps_at(row: pd.Series, axis: str, budgets: FloatArray) -> FloatArray:
    """Return the best gap of one run at each of the ascending `budgets`.

    Parameters
    ----------
    row : Series
        A row of a sweep.
    axis : str
        ``evaluations``, ``seconds`` or ``iterations``.
    budgets : ndarray, shape (n,)
        In evaluations or in s.

    Returns
    -------
    ndarray, shape (n,)
        Fractions of the lower bound, infinite before the first schedule.
    """
    times, gaps = _trace(row, axis)
    # place 0 is before the first entry; an entry counts from its own time on
    return np.concatenate([[np.inf], gaps])[np.searchsorted(times, budgets, side="right")]


def times_to(row: pd.Series, axis: str, targets: FloatArray) -> FloatArray:
    """Return the evaluations or seconds at which one run first met each target gap.

    Infinite where it never did. Targets are fractions of the lower bound, shape (n,).
    """
    times, gaps = _trace(row, axis)
    # gaps never rise along a trace, so their negatives are sorted
    first = np.searchsorted(-gaps, -np.asarray(targets, dtype=float))
    return np.append(times, np.inf)[first]


def paired_gaps(cells: pd.DataFrame, axis: str, at: float | None = None) -> pd.DataFrame:
    """Return the gap of every run at its problem's common budget, blocks by solvers.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep.
    axis : str
        ``evaluations``, ``seconds`` or ``iterations``.
    at : float, optional
        A budget of one's own for all problems, in evaluations or s.

    Returns
    -------
    DataFrame
        Indexed by problem and repetition: the runs of a block share their seed, so differences
        within a row are paired. Blocks without a run of every solver (unfinished sweeps) are left
        out.

    Raises
    ------
    InputError
        If no block has all solvers.
    """
    budgets = common_budgets(cells, axis)
    if at is not None:
        budgets[:] = at
    gaps = [
        gaps_at(row, axis, np.array([budgets[row["problem"]]], dtype=np.float64))[0]
        for _, row in cells.iterrows()
    ]
    table = cells.assign(gap=gaps).pivot(
        index=["problem", "repetition"], columns="solver", values="gap"
    )
    # a failed run has an infinite gap, so that NaN is only where a run is missing
    complete = table.dropna()
    if complete.empty:
        raise InputError("sweep", f"{len(table)} incomplete blocks", "run for every solver")
    return complete


def _trace(row: pd.Series, axis: str) -> tuple[FloatArray, FloatArray]:
    """Return times and gaps of a run's trace, empty where it failed."""
    if np.isnan(row["makespan"]):
        return np.empty(0), np.empty(0)
    gaps = [relative_gap(makespan, row["lower_bound"]) for makespan in row["trace_makespan"]]
    return np.asarray(row[f"trace_{axis}"], dtype=np.float64), np.round(gaps, _DIGITS)


# One sweep compared at several budgets.


def gaps_at_budgets(cells: pd.DataFrame, axis: str, budgets: FloatArray) -> pd.DataFrame:
    """Return each solver's gap on each problem at each budget.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included.
    axis : str
        ``evaluations``, ``seconds`` or ``iterations``.
    budgets : ndarray, shape (n,)
        Ascending, none above that of the sweep (`largest_budget`).

    Returns
    -------
    DataFrame
        Medians over the repetitions that every solver has run; rows are problems, columns pairs
        of budget and solver. Problems without such a repetition are left out (`left_out`).

    Raises
    ------
    InputError
        If there is no such axis, a budget is larger than that of the sweep, or no problem has all
        solvers.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import SweepConfig, run_sweep
    >>> from edgeopt.experiments.statistics import gaps_at_budgets
    >>> solvers = {"LPT": {"solver": "lpt"}, "PSO": {"solver": "pso"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 2, 1, {"evaluations": 200}, solvers)
    >>> gaps = gaps_at_budgets(run_sweep(config, "cells"), "evaluations", np.array([50.0, 200.0]))
    >>> gaps.shape
    (1, 4)
    """
    import pandas as pd

    check_choice("axis", axis, COST_AXES)
    largest = largest_budget(cells, axis)
    if budgets[-1] > largest:
        rule = f"at most {largest:g}, the largest budget that every run has had"
        raise InputError("at", f"{budgets[-1]:g} {axis}", rule)
    cells = cells[in_complete_blocks(cells)]
    if cells.empty:
        raise InputError("sweep", "no problem", "with runs of every solver")
    rows = np.array([gaps_at(row, axis, budgets) for _, row in cells.iterrows()])
    names = pd.MultiIndex.from_frame(cells[["problem", "solver"]])
    runs = pd.DataFrame(rows, index=names, columns=pd.Index(budgets, name="budget"))
    medians = runs.groupby(level=["problem", "solver"], sort=False).median()
    return pd.DataFrame(medians.unstack(level="solver"))


def compare_with(gaps: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Test at each budget whether the solvers differ from one of them.

    Parameters
    ----------
    gaps : DataFrame
        See `gaps_at_budgets`.
    reference : str
        Label of a solver.

    Returns
    -------
    DataFrame
        p-values of Wilcoxon's signed-rank test over problems, a row a solver, a column a budget,
        corrected by Holm for the solvers at each budget; negative where the solver is better than
        the reference. The reference itself has 1.

    Raises
    ------
    InputError
        If there is no such solver.

    Examples
    --------
    See `gaps_at_budgets`, whose table it takes.
    """
    import pandas as pd

    solvers = list(gaps.columns.unique(level=1))
    if reference not in solvers:
        raise InputError("against", reference, f"one of {', '.join(solvers)}")
    others = [solver for solver in solvers if solver != reference]
    columns = {}
    for budget in gaps.columns.unique(level=0):
        at = gaps[budget]
        tests = [signed_ranks(at[solver].to_numpy(), at[reference].to_numpy()) for solver in others]
        corrected = holm(np.array([test.p for test in tests]))
        # the effect is positive where the first of the two, the solver, is better
        signs = [-1.0 if test.effect > 0 else 1.0 for test in tests]
        columns[budget] = dict(zip(others, corrected * signs, strict=True)) | {reference: 1.0}
    return pd.DataFrame(columns).loc[solvers]
