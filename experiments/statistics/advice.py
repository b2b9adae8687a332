"""Which solver to take for problems of a family and size within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.statistics.anytime import paired_gaps
from edgeopt.experiments.statistics.blocks import blocks_of
from edgeopt.experiments.statistics.groups import Group, group_gaps, problem_groups
from edgeopt.experiments.statistics.rank_tests import holm, signed_ranks
from edgeopt.experiments.statistics.spending import own_axis
from edgeopt.experiments.statistics.worth import check_rules
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


_LATE = 0.1  # of a budget of seconds: solvers keep it to so much

_LEVEL = 0.05


def gaps_within(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the gap that each run had reached within the budget of its sweep.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included, whose ``attrs["budget"]`` limits evaluations,
        seconds or iterations. What is found up to 10 % after the end of the seconds counts.

    Returns
    -------
    DataFrame
        Indexed by problem and repetition, a column for each solver, see `paired_gaps`.

    Raises
    ------
    InputError
        If the budget has no such limit.
    """
    budget = cells.attrs.get("budget", {})
    axis = own_axis(budget)
    if axis not in budget:
        raise InputError("budget", budget, "a limit of evaluations, seconds or iterations")
    limit = budget[axis] * (1 + _LATE if axis == "seconds" else 1)
    return paired_gaps(cells, axis, limit)


def advise(cells: pd.DataFrame, rules: Sequence[str]) -> pd.DataFrame:
    """Return which solver to take for each family and size of problems.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, see `gaps_within`.
    rules : sequence of str
        Labels of quick rules with which the solver is compared.

    Returns
    -------
    DataFrame
        A row for each size, for ``all`` families together and for each of them. Columns: family,
        size, tasks, nodes, instances; ``take``, the solver of the best average rank, with its
        ``rank`` and median ``gap`` within the budget of the sweep; ``alike``, the solvers that
        Wilcoxon's signed-rank test does not tell from it (Holm, 5 %), empty where too few
        instances could tell any apart; ``rule``, the rule of the best average rank, and its
        ``rule_gap``.

    Raises
    ------
    InputError
        If there is no rule, one is not among the solvers, or the budget limits no cost.

    Examples
    --------
    >>> from edgeopt import SweepConfig, read_runs, run_sweep
    >>> from edgeopt.experiments.statistics import advise
    >>> solvers = {"LPT": {"solver": "lpt"}, "MET": {"solver": "met"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 1, 1, {"evaluations": 100}, solvers)
    >>> _ = run_sweep(config, "runs")
    >>> advise(read_runs("runs"), ["LPT"])[["size", "take"]].to_dict("records")[0]
    {'size': '20x4', 'take': 'LPT'}
    """
    import pandas as pd

    blocks = blocks_of(gaps_within(cells), "problems")
    check_rules(rules, blocks)
    groups = problem_groups(cells[cells["problem"].isin(blocks.index)])
    return pd.DataFrame([_row(group, blocks, rules) for group in groups if group.tasks])


def _row(group: Group, blocks: pd.DataFrame, rules: Sequence[str]) -> dict[str, Any]:
    """Return the advice on one group of problems."""
    table = group_gaps(blocks, [group]).set_index("solver")
    quick = table[table.index.isin(rules)]
    return {
        **{name: getattr(group, name) for name in ("family", "size", "tasks", "nodes")},
        "instances": len(group.problems),
        "take": str(table.index[0]),
        "rank": table["rank"].iloc[0],
        "gap": table["gap"].iloc[0],
        "alike": ", ".join(_alike(blocks.loc[blocks.index.isin(group.problems), table.index])),
        "rule": str(quick.index[0]),
        "rule_gap": quick["gap"].iloc[0],
    }


def _alike(gaps: pd.DataFrame) -> list[str]:
    """Return the solvers that a test does not tell from the first one, if it could tell any."""
    first, *others = map(str, gaps.columns)
    # the least p-value of so many pairs, corrected for the number of tests
    if not others or 2.0 ** (1 - len(gaps)) * len(others) >= _LEVEL:
        return []
    tests = [signed_ranks(gaps[first].to_numpy(), gaps[other].to_numpy()) for other in others]
    corrected = holm(np.array([test.p for test in tests]))
    return [other for other, p in zip(others, corrected, strict=True) if p >= _LEVEL]
