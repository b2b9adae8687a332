"""Problems by family and size, and what each solver reaches in each group of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edgeopt.experiments.statistics.rank_tests import rank_table

if TYPE_CHECKING:
    import pandas as pd


ALL = "all"


class Group(NamedTuple):
    """Problems of one family and size, either of which may be `ALL`.

    Attributes
    ----------
    family, size : str
        Name up to the first colon, and ``tasks x nodes`` as in ``200x20``.
    tasks, nodes : int
        The size; 0 if it is `ALL`.
    problems : list of str
        Their names.
    """

    family: str
    size: str
    tasks: int
    nodes: int
    problems: list[str]


def family_of(problem: str) -> str:
    """Return the name of a problem up to the first colon."""
    return problem.partition(":")[0]


def problem_groups(cells: pd.DataFrame) -> list[Group]:
    """Return the groups of a sweep's problems: all, by size, by family, and by both.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep. A problem on which all runs have failed is in no group.
    """
    sizes = cells.groupby("problem", sort=False)[["tasks", "nodes"]].max().dropna().astype(int)
    families = {family_of(name): None for name in sizes.index}
    known = sorted({(int(tasks), int(nodes)) for tasks, nodes in sizes.itertuples(index=False)})
    return [
        Group(family, f"{tasks}x{nodes}" if tasks else ALL, tasks, nodes, names)
        for family in (ALL, *families)
        for tasks, nodes in ((0, 0), *known)
        if (names := list(_chosen(sizes, family, tasks, nodes)))
    ]


def _chosen(sizes: pd.DataFrame, family: str, tasks: int, nodes: int) -> Iterator[str]:
    """Yield the problems of a group."""
    for name, *size in sizes.itertuples():
        if family in (ALL, family_of(name)) and (not tasks or size == [tasks, nodes]):
            yield name


def group_gaps(blocks: pd.DataFrame, groups: list[Group]) -> pd.DataFrame:
    """Return what each solver reaches in each group, the best average rank of a group first.

    Parameters
    ----------
    blocks : DataFrame
        Gaps, problems by solvers; infinite without a schedule.
    groups : list of Group
        Of these problems.

    Returns
    -------
    DataFrame
        Columns: family, size, solver, instances; ``gap``, the median over the instances;
        ``rank``, the average rank among all solvers; ``best``, the share of instances where no
        solver is better; ``schedules``, the share with a schedule.
    """
    import pandas as pd

    tables = []
    for group in groups:
        gaps = blocks.loc[blocks.index.isin(group.problems)]
        ranks = rank_table(gaps)
        least = ranks.eq(ranks.min(axis=1), axis=0) & np.isfinite(gaps)
        columns = {
            "family": group.family,
            "size": group.size,
            "solver": gaps.columns,
            "instances": len(gaps),
            "gap": gaps.median().to_numpy(),
            "rank": ranks.mean().to_numpy(),
            "best": least.mean().to_numpy(),
            "schedules": np.isfinite(gaps).mean().to_numpy(),
        }
        tables.append(pd.DataFrame(columns).sort_values(["rank", "gap"], kind="stable"))
    return pd.concat(tables, ignore_index=True)
