"""When a run is worth more than a rule: the seconds until its schedule beats the rule's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.statistics.groups import ALL, family_of
from edgeopt.experiments.statistics.ties import TIE
from edgeopt.optim.scheduling.stop import relative_gap
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def seconds_to_beat(cells: pd.DataFrame, rules: Sequence[str]) -> pd.DataFrame:
    """Return how long each solver takes until it is better than the best of some rules.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included. The family of a problem is its name up to the first
        colon.
    rules : sequence of str
        Labels of the solvers to beat, such as LPT and Sufferage: the best schedule of all of them.

    Returns
    -------
    DataFrame
        A row for each family, and ``all`` of them, and each other solver, the quickest first:
        family, solver; ``instances`` on which the rules have not reached the lower bound, so that
        there may be something to gain; ``share`` of these on which the solver is better at the
        end of its run; ``seconds``, the time by which it is better on more than half of them,
        infinite if it never is. Of several runs on a problem the median counts.

    Raises
    ------
    InputError
        If there is no rule, or one is not among the solvers.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeopt.experiments.statistics import seconds_to_beat
    >>> trace = {"trace_seconds": [[0.1], [0.2, 0.4]], "trace_makespan": [[9.0], [9.5, 8.0]]}
    >>> runs = {"problem": "p:1", "solver": ["lpt", "ants"], "lower_bound": 8.0}
    >>> cells = pd.DataFrame({**runs, "makespan": [9.0, 8.0], **trace})
    >>> table = seconds_to_beat(cells, ["lpt"])
    >>> table[["family", "solver", "share", "seconds"]].to_dict("records")[0]
    {'family': 'all', 'solver': 'ants', 'share': 1.0, 'seconds': 0.4}
    """
    import pandas as pd

    check_rules(rules, cells["solver"].unique())
    times = _times(cells, rules)
    families = times.index.map(family_of)
    rows = [
        _row(family, str(solver), block)
        for family in (ALL, *families.unique())
        for solver, block in times[(families == family) | (family == ALL)].items()
    ]
    table = pd.DataFrame(rows, columns=["family", "solver", "instances", "share", "seconds"])
    order = table["family"].map({name: n for n, name in enumerate(table["family"].unique())})
    keys = table.assign(family=order, share=-table["share"])
    return table.loc[keys.sort_values(["family", "seconds", "share"], kind="stable").index]


def check_rules(rules: Sequence[str], solvers: Iterable[str]) -> None:
    """Raise `InputError` unless there are rules, all of them among the solvers."""
    known = list(solvers)
    for rule in rules or ("",):
        if rule not in known:
            raise InputError("rules", rule, f"one of {', '.join(known)}")


def _row(family: str, solver: str, times: pd.Series[float]) -> tuple[str, str, int, float, float]:
    """Return the numbers of one solver from its times on the problems of a family."""
    share = float(np.isfinite(times).mean()) if len(times) else np.nan
    middle = float(np.sort(times)[len(times) // 2]) if len(times) else np.nan
    return family, solver, len(times), share, middle


def _times(cells: pd.DataFrame, rules: Sequence[str]) -> pd.DataFrame:
    """Return the times of the other solvers on problems where the rules can be beaten."""
    best = cells[cells["solver"].isin(rules)].groupby("problem", sort=False)["makespan"].min()
    bounds = cells.groupby("problem", sort=False)["lower_bound"].max()
    open_ = [name for name in best.index if not relative_gap(best[name], bounds[name]) <= TIE]
    rest = cells[~cells["solver"].isin(rules) & cells["problem"].isin(open_)]
    found = [_first_below(row, best[row["problem"]]) for _, row in rest.iterrows()]
    medians = rest.assign(time=found).groupby(["problem", "solver"], sort=False)["time"].median()
    return medians.unstack("solver")


def _first_below(row: pd.Series, makespan: float) -> float:
    """Return when a run first had a schedule shorter than a makespan, infinite if it never did."""
    if np.isnan(row["makespan"]):
        return np.inf
    better = np.asarray(row["trace_makespan"]) < makespan * (1 - TIE)
    return float(row["trace_seconds"][int(np.argmax(better))]) if better.any() else np.inf
