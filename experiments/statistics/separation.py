"""What a family of instances separates: the spread of the ranks, and what rules reach."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.statistics.rank_tests import rank_table
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_FEWEST = 2  # solvers


def separation(cells: pd.DataFrame, rules: Collection[str]) -> pd.DataFrame:
    """Return what each family of problems separates, a row each.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, see `read_solver_cells`. The family of a problem is its name up to the
        first colon; the gap of a solver on a problem is the median of its runs, infinite if that
        is a failed one.
    rules : collection of str
        Labels of solvers that are rules, which the search of the others has to beat.

    Returns
    -------
    DataFrame
        Columns: family, instances, solvers, spread, best, best_gap, rule, rule_gap, worst,
        worst_gap. ``spread`` is the variance of the solvers' average ranks over its largest
        value, (k**2 - 1) / 12: 0 if no solver is better on average, 1 if all problems rank them
        alike without ties (then it is Kendall's W). ``best``, ``rule`` and ``worst`` are the
        solver, the rule and the solver of smallest, smallest and largest median gap.

    Raises
    ------
    InputError
        If there are fewer than two solvers.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeopt.experiments.statistics import separation
    >>> columns = {"problem": ["p:1", "p:1", "p:2", "p:2"], "solver": ["a", "b", "a", "b"]}
    >>> table = separation(pd.DataFrame({**columns, "gap": [0.1, 0.3, 0.2, 0.4]}), ["b"])
    >>> table[["family", "spread", "best", "rule", "rule_gap"]].to_dict("records")
    [{'family': 'p', 'spread': 1.0, 'best': 'a', 'rule': 'b', 'rule_gap': 0.35}]
    """
    import pandas as pd

    gaps = (
        cells.assign(gap=cells["gap"].fillna(np.inf))
        .groupby(["problem", "solver"], sort=False)["gap"]
        .median()
        .unstack("solver")
    )
    if gaps.shape[1] < _FEWEST:
        raise InputError("solvers", list(gaps.columns), f"at least {_FEWEST}")
    families = pd.Series([str(name).partition(":")[0] for name in gaps.index], gaps.index)
    rows = [_row(str(family), block, rules) for family, block in gaps.groupby(families)]
    return pd.DataFrame(rows)


def _row(family: str, gaps: pd.DataFrame, rules: Collection[str]) -> dict[str, object]:
    """Return the numbers of one family from the gaps of its problems, a column for each solver."""
    n, k = gaps.shape
    average = rank_table(gaps).mean()
    middle = gaps.median()
    best, worst = str(middle.idxmin()), str(middle.idxmax())
    known = middle[[label for label in middle.index if label in rules]]
    rule = "" if known.empty else str(known.idxmin())
    return {
        "family": family,
        "instances": n,
        "solvers": k,
        "spread": float(average.var(ddof=0)) / ((k**2 - 1) / 12),
        "best": best,
        "best_gap": float(middle[best]),
        "rule": rule,
        "rule_gap": float(middle[rule]) if rule else np.nan,
        "worst": worst,
        "worst_gap": float(middle[worst]),
    }
