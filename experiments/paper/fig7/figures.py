"""The figures: convergence over many pools, map of the factorial study, times by pool size."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.paper.claims import SIGNIFICANT
from edgeopt.experiments.paper.fig7.design import Factorial, label
from edgeopt.experiments.statistics.anytime import gaps_at
from edgeopt.experiments.style import (
    COLOURS,
    MARKERS,
    drawn_percent,
    line_styles,
    mark_styles,
    percent_axis,
)
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage


CURVE_POINTS = 120

CURVE_AXES = {
    "iterations": "iterations",
    "evaluations": "evaluations",
    "seconds": "time in solver (s)",
}


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
    A solver that evaluates a single schedule is a mark, dotted to the right. A curve begins
    where half the pools have a schedule and ends where half the runs have ended.
    """
    from matplotlib.figure import Figure

    sizes = sorted(cells["nodes"].unique())
    figure = Figure(figsize=(7.2, 0.6 + 2.1 * len(sizes)))
    grid = figure.subplots(len(sizes), len(CURVE_AXES), sharex="col", sharey=True, squeeze=False)
    styles = _styles(cells, solvers)
    for nodes, line in zip(sizes, grid, strict=True):
        runs = cells[cells["nodes"] == nodes]
        for (axes, axis), solver in product(zip(line, CURVE_AXES, strict=True), solvers):
            _draw_curve(axes, runs[runs["solver"] == solver], axis, solver, styles[solver])
        line[0].set_ylabel(f"{nodes} nodes: gap to lower bound (%)", fontsize=7.5)
    for axes, text in zip(grid[-1], CURVE_AXES.values(), strict=True):
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


def _draw_curve(
    axes: Axes, runs: pd.DataFrame, axis: str, label: str, style: dict[str, Any]
) -> None:
    """Draw one solver on the pools of one size."""
    traces = [np.asarray(trace, dtype=float) for trace in runs[f"trace_{axis}"]]
    end = float(np.median([trace[-1] for trace in traces]))
    # A schedule from `init` has iteration 0, which a logarithmic axis does not show.
    first = [np.min(trace, where=trace > 0.0, initial=max(end, 1.0)) for trace in traces]
    start = float(np.median(first))
    if runs["evaluations"].max() == 1:
        gap = drawn_percent(runs["gap"].median())
        axes.plot([start], [gap], label=label, **style)
        axes.axhline(float(gap), color=style["color"], linestyle=":", linewidth=0.7)
        return
    points = np.geomspace(start, max(end, start), CURVE_POINTS) * (1 + 1e-12)
    low, middle, high = _quartiles(runs, axis, points)
    if end <= start:  # over at once
        style = style | {"marker": "*"}
    axes.plot(points, middle, label=label, **style)
    axes.fill_between(
        points, low, high, where=np.isfinite(high).tolist(), color=style["color"], alpha=0.18, lw=0
    )


def _quartiles(runs: pd.DataFrame, axis: str, points: FloatArray) -> FloatArray:
    """Return the quartiles of the gap over runs in per cent, shape (3, points)."""
    # No interpolation between runs: those without a schedule yet are infinite.
    gaps = np.array([drawn_percent(gaps_at(row, axis, points)) for _, row in runs.iterrows()])
    quartiles: FloatArray = np.quantile(gaps, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    return quartiles


# The map of the factorial study: how often, and by how much, ATSA beats its rival.

LARGEST = 2.0  # ratio at the end of the colours


def comparisons_figure(study: Factorial, comparisons: pd.DataFrame) -> Figure:
    """Draw a panel for each rival: a row a colony, a column a size and kind of pool.

    The number is the share of pools in per cent that ATSA wins, bold where it is significantly
    ahead (Wilcoxon, Holm); the colour is the median ratio of the makespans.

    Parameters
    ----------
    study : Factorial
        The study.
    comparisons : DataFrame
        See `analysis.compare_colonies`.
    """
    from matplotlib.figure import Figure

    # A row must be higher than the numbers in it.
    height = 0.7 + 0.145 * len(study.colonies())
    figure = Figure(figsize=(7.2, 1.0 + height * len(study.rivals)))
    panels = figure.subplots(len(study.rivals), 1, squeeze=False)[:, 0]
    for axes, rival in zip(panels, study.rivals, strict=True):
        image = _draw_pairs(axes, study, comparisons[comparisons["rival"] == rival])
        axes.set_title(f"against {rival}", fontsize=9, loc="left", pad=19)
    ticks = [1 / LARGEST, 1 / math.sqrt(LARGEST), 1.0, math.sqrt(LARGEST), LARGEST]
    panels[-1].tick_params(labelbottom=True)
    bar = figure.colorbar(image, ax=list(panels), shrink=0.6, ticks=np.log(ticks), extend="both")
    bar.ax.set_yticklabels([f"{tick:.2g}" for tick in ticks])
    bar.set_label("median makespan of ATSA / rival")
    return figure


def _draw_pairs(axes: Axes, study: Factorial, comparisons: pd.DataFrame) -> AxesImage:
    """Draw one rival."""
    colonies = [label(levels) for levels in study.colonies()]
    # The rows are in the order of the columns of the map.
    ratios = comparisons["ratio"].to_numpy().reshape(-1, len(colonies)).T
    limit = math.log(LARGEST)
    image = axes.imshow(np.log(ratios), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    for place, (_, row) in enumerate(comparisons.iterrows()):
        _write(axes, *divmod(place, len(colonies)), row)
    axes.set_yticks(range(len(colonies)), colonies, fontsize=7)
    _name_columns(axes, study)
    return image


def _write(axes: Axes, column: int, line: int, row: pd.Series) -> None:
    """Write the share of wins, legible on its colour."""
    won = row["p_holm"] < SIGNIFICANT and row["effect"] > 0
    dark = abs(math.log(row["ratio"])) > 0.6 * math.log(LARGEST)
    axes.text(
        column, line, f"{100 * row['wins']:.0f}", ha="center", va="center", fontsize=7.5,
        fontweight="bold" if won else "normal", color="white" if dark else "black",
    )  # fmt: skip


def _name_columns(axes: Axes, study: Factorial) -> None:
    """Write kinds of pools below and sizes above."""
    kinds = [label(kind) for kind in study.kinds()]
    names = kinds * len(study.pools.nodes)
    axes.set_xticks(range(len(names)), names, fontsize=7, rotation=35, ha="right")
    axes.tick_params(length=0, labelbottom=False)
    axes.grid(visible=False)
    for position, nodes in enumerate(study.pools.nodes):
        middle = (position + 0.5) * len(kinds) - 0.5
        axes.text(middle, -0.75, f"{nodes} nodes", ha="center", va="bottom", fontsize=8)
        if position:
            axes.axvline(position * len(kinds) - 0.5, color="black", linewidth=1.0)


# The paper's Fig. 7: times by size of pool, in both readings of it, and the solver's own.

PANELS = {
    "makespan": "task execution time\nas makespan (s)",
    "total_time": "task execution time\nas sum $Z_y$ (s)",
    "seconds": "time in the scheduler (s)",
}


def times_figure(summary: pd.DataFrame, solvers: list[str]) -> Figure:
    """Draw medians and inter-quartile ranges over pools.

    Parameters
    ----------
    summary : DataFrame
        See `analysis.summarize_measures`.
    solvers : list of str
        Labels, from left to right and in the order of the legend.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4))
    for axes, (measure, text) in zip(figure.subplots(1, 3), PANELS.items(), strict=True):
        for position, solver in enumerate(solvers):
            look = {
                "label": solver,
                "markersize": 4,
                "color": COLOURS[position % len(COLOURS)],
                "marker": MARKERS[position % len(MARKERS)],
            }
            shift = 0.7 * ((position + 0.5) / len(solvers) - 0.5)
            _draw_times(axes, summary[summary["solver"] == solver], measure, shift, look)
        sizes = sorted(summary["nodes"].unique())
        axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
        axes.set(xlabel="nodes", ylabel=text, yscale="log")
        axes.grid(visible=False, axis="x")
        _plain_ticks(axes)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def _draw_times(
    axes: Axes, rows: pd.DataFrame, measure: str, shift: float, look: dict[str, Any]
) -> None:
    """Draw one solver, a mark with its range for each size of pool."""
    rows = rows.sort_values("nodes")
    middle = rows[f"{measure}_median"].to_numpy()
    ends = [middle - rows[f"{measure}_q1"].to_numpy(), rows[f"{measure}_q3"].to_numpy() - middle]
    where = np.arange(len(rows)) + shift
    axes.errorbar(where, middle, yerr=ends, linestyle="none", elinewidth=0.9, **look)


def _plain_ticks(axes: Axes) -> None:
    """Label seconds as plain numbers, with more ticks where there are few decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axes.get_ylim()
    if high < 100 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 4.0, 5.0, 7.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
