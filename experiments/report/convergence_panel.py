"""Convergence on one problem against one measure of cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import percent, percent_axis
from experiments.report.looks import (
    Looks,
    cost_axis,
    is_single,
    legend_below,
    new_figure,
    plain_ticks,
)
from experiments.statistics.anytime import gaps_at, has_failed
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 80
SCALES = ("log", "linear")


def convergence_panel(cells: pd.DataFrame, looks: Looks, axis: str, scale: str) -> Figure:
    """Draw the median gap and the quartile band over repetitions.

    Parameters
    ----------
    cells : DataFrame
        Cells of one problem; a failed run counts with an infinite gap.
    looks : dict
        Style of each solver.
    axis : str
        ``evaluations`` or ``seconds``.
    scale : str
        ``log`` or ``linear``, of the gap.
    """
    figure, axes = new_figure()
    limit = float(cells[axis].max())
    for solver, style in looks.items():
        runs = cells[(cells["solver"] == solver) & (cells["gap"] < np.inf)]
        if len(runs):
            _draw(axes, cells[cells["solver"] == solver], axis, solver, style, limit)
    cost_axis(axes, axis)
    axes.set_yscale(scale)
    if scale == "log":
        percent_axis(axes.yaxis)
        plain_ticks(axes.yaxis)
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel("gap to lower bound (%)")
    legend_below(figure, axes)
    return figure


def _draw(
    axes: Axes, runs: pd.DataFrame, axis: str, label: str, style: dict[str, Any], limit: float
) -> None:
    """Draw one solver: a mark and a dotted line where it makes one schedule, else a curve."""
    start = min(float(trace[0]) for trace in runs.loc[~has_failed(runs), f"trace_{axis}"])
    end = limit if is_single(runs) else float(runs[axis].median())
    grid = np.geomspace(start, max(end, start), POINTS)
    low, middle, high = _quartiles(runs, axis, grid)
    shown = np.isfinite(middle)
    every = max(shown.sum() - 1, 1) if is_single(runs) else 1  # the ends of a level line do
    axes.plot(grid[shown][::every], middle[shown][::every], label=label, markevery=[0], **style)
    if not is_single(runs):
        where = np.isfinite(high).tolist()
        axes.fill_between(grid, low, high, where=where, color=style["color"], alpha=0.16, lw=0)


def _quartiles(runs: pd.DataFrame, axis: str, grid: FloatArray) -> FloatArray:
    """Return the quartiles of the gap in per cent at each point, shape (3, n)."""
    gaps = [percent(gaps_at(row, axis, grid * (1 + 1e-12))) for _, row in runs.iterrows()]
    quartiles: FloatArray = np.quantile(gaps, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    return quartiles
