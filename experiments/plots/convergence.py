"""Convergence: gap against evaluations and against seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import line_styles, mark_styles, percent, percent_axis
from optim.stop import relative_gap
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 200
AXES = {"evaluations": "evaluations", "seconds": "time in solver (s)"}


def convergence_figure(cells: pd.DataFrame, solvers: list[str], title: str) -> Figure:
    """Draw the median and the inter-quartile band of the gap over repetitions.

    Parameters
    ----------
    cells : DataFrame
        Cells of one problem that did not fail.
    solvers : list of str
        Labels, in the order of the legend.
    title : str
        Name of the problem.

    Notes
    -----
    A solver that evaluates a single schedule is a mark at its time, dotted to the right. A curve
    starts where half the repetitions have found a feasible schedule.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.2))
    left, right = figure.subplots(1, 2, sharey=True)
    styles = _styles(cells, solvers)
    for axes, (column, label) in zip((left, right), AXES.items(), strict=True):
        for solver in solvers:
            runs = cells[cells["solver"] == solver]
            if len(runs):
                _draw(axes, runs, column, solver, styles[solver], _limit(cells, column))
        axes.set(xscale="log", yscale="log", xlabel=label)
    percent_axis(left.yaxis)
    left.set_ylabel("gap to lower bound (%)")
    figure.suptitle(title, fontsize=9)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    return figure


def _styles(cells: pd.DataFrame, solvers: list[str]) -> dict[str, dict[str, Any]]:
    """Return lines for solvers that search, and marks for those that evaluate one schedule."""
    most = cells.groupby("solver")["evaluations"].max()
    single = [solver for solver in solvers if most.get(solver) == 1]
    searching = [solver for solver in solvers if solver not in single]
    return line_styles(searching) | mark_styles(single)


def _limit(cells: pd.DataFrame, column: str) -> float:
    """Return the right end of the axis: where the longest trace ends."""
    return max(float(trace[-1]) for trace in cells[f"trace_{column}"])


def _draw(
    axes: Axes, runs: pd.DataFrame, column: str, label: str, style: dict[str, Any], limit: float
) -> None:
    """Draw one solver."""
    traces = [np.asarray(trace, dtype=float) for trace in runs[f"trace_{column}"]]
    bound = float(runs["lower_bound"].iloc[0])
    gaps = [percent([relative_gap(m, bound) for m in trace]) for trace in runs["trace_makespan"]]
    start = float(np.median([trace[0] for trace in traces]))
    if runs["evaluations"].max() == 1:
        gap = float(np.median([trace[-1] for trace in gaps]))
        axes.plot([start, limit], [gap, gap], label=label, markevery=[0], **style)
        return
    end = float(np.median([trace[-1] for trace in traces]))
    grid = np.geomspace(start, max(end, start), POINTS)
    values = np.array([_at(trace, gap, grid) for trace, gap in zip(traces, gaps, strict=True)])
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    axes.plot(grid, middle, label=label, **style)
    axes.fill_between(
        grid, low, high, where=np.isfinite(high).tolist(), color=style["color"], alpha=0.18, lw=0
    )


def _at(times: FloatArray, gaps: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the best gap so far at each point of the grid, infinite before there is one."""
    index = np.searchsorted(times, grid * (1 + 1e-12), side="right")
    return np.concatenate([[np.inf], gaps])[index]
