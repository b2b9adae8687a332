"""The optimal cut of one system or of many at once, without building a program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from problems.errors import check_choice
from problems.offloading.columns import Columns
from problems.offloading.constraints import meets_constraints
from problems.offloading.objective import OBJECTIVES, Objective
from problems.offloading.reading import CORRECTED, Reading
from problems.offloading.terms import Terms
from problems.offloading.work import Work

_BLOCK = 1000  # systems at a time, so that the arrays stay in the processor's cache


def best_cuts(
    work: Work,
    columns: Columns,
    *,
    reading: Reading = CORRECTED,
    objective: str = "deepest",
    weight: float = 0.0,
) -> NDArray[np.int64]:
    """Return the best feasible cut of each system, -1 where there is none.

    Parameters
    ----------
    work : Work
        The network, from `work_of`.
    columns : Columns
        One system, from `columns_of`, or a batch with one leading axis.
    reading : Reading
        The reading that made `work` and `columns`.
    objective : str
        One of `OBJECTIVES`.
    weight : float
        As in `build_program`.

    Returns
    -------
    int64 array
        Shape () for one system, (S,) for S systems; the same cuts as `scan`.
    """
    chosen = OBJECTIVES[check_choice("objective", objective, OBJECTIVES)]
    if columns.count.ndim == 2:
        return _best(work, columns, reading, chosen, weight)
    size = columns.count.shape[0]
    blocks = [_block(columns, start, start + _BLOCK) for start in range(0, size, _BLOCK)]
    return np.concatenate([_best(work, block, reading, chosen, weight) for block in blocks])


def _best(
    work: Work, columns: Columns, reading: Reading, objective: Objective, weight: float
) -> NDArray[np.int64]:
    """Scan the systems of one block."""
    terms = Terms(work, columns, reading)
    feasible = meets_constraints(terms)
    cost = np.where(feasible, objective.sign * objective.value(terms, weight), np.inf)
    return np.where(feasible.any(axis=-1), cost.argmin(axis=-1), -1)[..., 0]


def _block(columns: Columns, start: int, stop: int) -> Columns:
    """Return the systems start..stop - 1."""
    return Columns(
        **{
            name: value[start:stop] if np.ndim(value) == 3 else value
            for name, value in vars(columns).items()
        }
    )
