"""How solvers stand at several budgets, of which one sweep's traces tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.statistics.anytime import AXES, gaps_at
from experiments.statistics.posthoc import holm
from experiments.statistics.wilcoxon import signed_ranks
from problems.errors import FloatArray, InputError, check_choice

if TYPE_CHECKING:
    import pandas as pd


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
