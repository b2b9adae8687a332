"""Sweeps that are unfinished or merged: what comparisons leave out.

Solvers are compared in blocks, a problem and a repetition, which share their seed. A block that
lacks a run of one solver is left out, and those who read the numbers are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.experiments.text import joined

if TYPE_CHECKING:
    import pandas as pd


_NAMES = 5  # listed before "and N more"


def in_complete_blocks(cells: pd.DataFrame) -> pd.Series[bool]:
    """Return which runs are of a problem and repetition that every solver has run."""
    solvers = cells.groupby(["problem", "repetition"])["solver"].transform("nunique")
    return solvers == cells["solver"].nunique()


def left_out(cells: pd.DataFrame) -> tuple[str, ...]:
    """Return what comparisons leave out, as they need a run of every solver in each block.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeopt.experiments.statistics.completeness import left_out
    >>> rows = [("p", 0, "a"), ("p", 0, "b"), ("p", 1, "a"), ("q", 0, "a")]
    >>> cells = pd.DataFrame(rows, columns=["problem", "repetition", "solver"])
    >>> for sentence in left_out(cells):
    ...     print(sentence)
    Problems left out, as no repetition has a run of every solver: q (no run of b).
    Runs left out, of repetitions that not every solver has: 1 of 3 (without b).
    """
    whole = in_complete_blocks(cells)
    kept = set(cells.loc[whole, "problem"])
    lost = [name for name in cells["problem"].unique() if name not in kept]
    rest = cells[cells["problem"].isin(kept)]
    partial = rest[~whole[rest.index]]
    found = []
    if lost:
        names = [f"{name} ({_absent(cells, cells['problem'] == name)})" for name in lost]
        found.append(
            "Problems left out, as no repetition has a run of every solver: " + _listed(names) + "."
        )
    if len(partial):
        blocks = partial.groupby(["problem", "repetition"])["solver"].agg(set)
        absent = [name for name in cells["solver"].unique() if any(name not in b for b in blocks)]
        found.append(
            "Runs left out, of repetitions that not every solver has: "
            f"{len(partial)} of {len(rest)} (without {_listed(absent)})."
        )
    return tuple(found)


def _absent(cells: pd.DataFrame, rows: pd.Series[bool]) -> str:
    """Say which solvers these rows lack; where none is, that they share no repetition."""
    there = set(cells.loc[rows, "solver"])
    lacking = [name for name in cells["solver"].unique() if name not in there]
    return f"no run of {_listed(lacking)}" if lacking else "each in other repetitions"


def _listed(names: list[str]) -> str:
    """Return up to five names, and how many more there are."""
    more = [f"{len(names) - _NAMES} more"] if len(names) > _NAMES else []
    return joined([*names[:_NAMES], *more]) if names else ""
