"""Convergence over many pools: gap against iterations, evaluations and seconds."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import line_styles, mark_styles, percent, percent_axis
from experiments.statistics.anytime import gaps_at
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 120
AXES = {"iterations": "iterations", "evaluations": "evaluations", "seconds": "time in solver (s)"}


def curves_figure(cells: pd.DataFrame, solvers: list[str]) -> Figure:
    """Draw median and inter-quartile band of the gap over pools, a row for each size of pool.

    Parameters
    ----------
    cells : DataFrame
        Rows of sweeps with their traces.
    solvers : list of str
        Labels, in the order of the legend.

    Notes
    -----
    A solver that evaluates a single schedule is a mark, dotted to the right. A curve runs from
    where half the pools have a schedule to where half the runs have ended.
    """
    from matplotlib.figure import Figure

    sizes = sorted(cells["nodes"].unique())
    figure = Figure(figsize=(7.2, 0.6 + 2.1 * len(sizes)))
    grid = figure.subplots(len(sizes), len(AXES), sharex="col", sharey=True, squeeze=False)
    styles = _styles(cells, solvers)
    for nodes, line in zip(sizes, grid, strict=True):
        runs = cells[cells["nodes"] == nodes]
        for (axes, axis), solver in product(zip(line, AXES, strict=True), solvers):
            _draw(axes, runs[runs["solver"] == solver], axis, solver, styles[solver])
        line[0].set_ylabel(f"{nodes} nodes: gap to lower bound (%)", fontsize=7.5)
    for axes, text in zip(grid[-1], AXES.values(), strict=True):
        axes.set(xscale="log", yscale="log", xlabel=text)
    percent_axis(grid[0, 0].yaxis)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def _styles(cells: pd.DataFrame, solvers: list[str]) -> dict[str, dict[str, Any]]:
    """Return lines for solvers that search, and marks for those that evaluate one schedule."""
    most = cells.groupby("solver")["evaluations"].max()
    single = [solver for solver in solvers if most[solver] == 1]
    return line_styles([name for name in solvers if name not in single]) | mark_styles(single)


def _draw(axes: Axes, runs: pd.DataFrame, axis: str, label: str, style: dict[str, Any]) -> None:
    """Draw one solver on the pools of one size."""
    traces = runs[f"trace_{axis}"]
    start = float(np.median([trace[0] for trace in traces]))
    end = float(np.median([trace[-1] for trace in traces]))
    if runs["evaluations"].max() == 1:
        gap = percent(runs["gap"].median())
        axes.plot([start], [gap], label=label, **style)
        axes.axhline(float(gap), color=style["color"], linestyle=":", linewidth=0.7)
        return
    points = np.geomspace(start, max(end, start), POINTS) * (1 + 1e-12)
    low, middle, high = _quartiles(runs, axis, points)
    if end <= start:  # over at once
        style = style | {"marker": "*"}
    axes.plot(points, middle, label=label, **style)
    axes.fill_between(
        points, low, high, where=np.isfinite(high).tolist(), color=style["color"], alpha=0.18, lw=0
    )


def _quartiles(runs: pd.DataFrame, axis: str, points: FloatArray) -> FloatArray:
    """Return the quartiles of the gap over runs in per cent, shape (3, points)."""
    gaps = np.array([percent(gaps_at(row, axis, points)) for _, row in runs.iterrows()])
    quartiles: FloatArray = np.quantile(gaps, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    return quartiles
