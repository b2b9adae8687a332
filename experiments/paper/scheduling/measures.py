"""What the schedulers' schedules take: makespan, total time, and the solver's own time."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.scheduling.ratio import median_limits
from experiments.sweep.cell import problem_of

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("makespan", "total_time", "seconds")
QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def add_total_time(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with ``total_time``: Z_y of the schedule in s (below (3) in the paper).

    Infinite where there is no schedule.
    """
    pairs = zip(cells["problem"], cells["assignment"], strict=True)
    totals = [
        np.inf if assignment is None else problem_of(problem).total_time(assignment)
        for problem, assignment in pairs
    ]
    return cells.assign(total_time=totals)


def summarize_measures(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each size of pool and solver, over all pools of that size.

    Parameters
    ----------
    cells : DataFrame
        Rows of sweeps with ``total_time``.

    Returns
    -------
    DataFrame
        ``pools``; of each of `MEASURES` the quartiles in s, ``_q1``, ``_median``, ``_q3``;
        ``gap`` (the median, a fraction of the lower bound) with the limits ``gap_low`` and
        ``gap_high`` of its bootstrap interval; ``evaluations`` (median).
    """
    import pandas as pd

    groups = cells.groupby(["nodes", "solver"], sort=False)
    rows = [
        {"nodes": nodes, "solver": solver, "pools": len(runs), **_measures(runs)}
        for (nodes, solver), runs in groups
    ]
    return pd.DataFrame(rows).sort_values(["nodes", "gap"], kind="stable", ignore_index=True)


def _measures(runs: pd.DataFrame) -> dict[str, float]:
    """Return what runs of one solver on pools of one size come to."""
    quartiles = {
        f"{name}_{suffix}": float(np.quantile(runs[name], share, method="inverted_cdf"))
        for name, (suffix, share) in product(MEASURES, QUARTILES.items())
    }
    low, high = median_limits(runs["gap"].to_numpy())
    gap = {"gap": float(runs["gap"].median()), "gap_low": low, "gap_high": high}
    return quartiles | gap | {"evaluations": float(runs["evaluations"].median())}
