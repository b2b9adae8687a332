"""What a run had found when a budget was used up, and when it first met a target.

A trace holds an entry for each improvement, so one run tells its outcome at every smaller budget
(anytime data). A run that failed has no trace: its gap is infinite at any budget. So is the gap of
a run before it found its first feasible schedule. Gaps are rounded to `DIGITS` places, lest sums in
another order break ties and a target of 10 % miss 110 / 100 - 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.experiments.statistics.tests import holm, signed_ranks
from edgeopt.optim.scheduling.stop import relative_gap
from edgeopt.problems.errors import FloatArray, InputError, check_array, check_choice

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


# How solvers stand at several budgets, of which one sweep's traces tell.


def gaps_at_budgets(cells: pd.DataFrame, axis: str, budgets: FloatArray) -> pd.DataFrame:
    """Return each solver's gap on each problem at each budget.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included.
    axis : str
        ``evaluations`` or ``seconds``.
    budgets : ndarray, shape (n,)
        Ascending, none beyond that of the sweep.

    Returns
    -------
    DataFrame
        Medians over repetitions; rows are problems, columns pairs of budget and solver. Problems
        that lack a solver are left out.

    Raises
    ------
    InputError
        If there is no such axis, or no problem has all solvers.

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

    check_choice("axis", axis, AXES)
    rows = np.array([gaps_at(row, axis, budgets) for _, row in cells.iterrows()])
    names = pd.MultiIndex.from_frame(cells[["problem", "solver"]])
    runs = pd.DataFrame(rows, index=names, columns=pd.Index(budgets, name="budget"))
    medians = runs.groupby(level=["problem", "solver"], sort=False).median()
    table = pd.DataFrame(medians.unstack(level="solver")).dropna()
    if table.empty:
        raise InputError("sweep", "no problem", "with runs of every solver")
    return table


def compare_with(gaps: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return by solver (rows) and budget (columns) how each solver differs from one of them.

    Parameters
    ----------
    gaps : DataFrame
        See `gaps_at_budgets`.
    reference : str
        Name of a solver.

    Returns
    -------
    DataFrame
        p-values of Wilcoxon's signed ranks over problems, corrected by Holm for the solvers at
        each budget; negative where the solver is the better one. The reference itself has 1.

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
        signs = [-1.0 if test.effect > 0 else 1.0 for test in tests]
        columns[budget] = dict(zip(others, corrected * signs, strict=True)) | {reference: 1.0}
    return pd.DataFrame(columns).loc[solvers]


# Performance profiles.
#
# References ---------- Dolan, E. D. and More, J. J. (2002). Benchmarking optimization software
# with performance profiles. Mathematical Programming 91, 201-213.


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


# Running times to targets: runtime distributions, ECDF over targets and expected running time.
#
# References ---------- Hansen, N., Auger, A., Brockhoff, D. and Tusar, T. (2022). Anytime
# performance assessment in blackbox optimization benchmarking. IEEE Transactions on Evolutionary
# Computation 26, 1293-1305.
#
# Auger, A. and Hansen, N. (2005). Performance evaluation of an advanced local search
# evolutionary algorithm. IEEE Congress on Evolutionary Computation, 1777-1784.

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
