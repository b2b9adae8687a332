"""The figures of a sweep: convergence, final gaps, and gaps at several budgets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.runs.store import read_description
from edgeopt.experiments.style import (
    COLOURS,
    drawn_percent,
    line_styles,
    mark_styles,
    paper_style,
    percent_axis,
    save_figure,
)
from edgeopt.experiments.sweep.summary import read_solver_cells, short_names
from edgeopt.optim.scheduling.stop import relative_gap
from edgeopt.problems.errors import FloatArray, InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_sweep(folder: str | Path) -> list[Path]:
    """Draw ``convergence-PROBLEM`` for each problem and ``gaps``; return the paths written.

    Parameters
    ----------
    folder : str or Path
        Output of a finished sweep; the figures are written beside it.

    Raises
    ------
    InputError
        If the folder holds no finished sweep, or no cell that succeeded.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    folder = Path(folder)
    config = read_description(folder)["config"]
    cells = read_solver_cells(folder)
    # failed cells have no gap, those without a feasible schedule an infinite one
    cells = cells[cells["gap"] < float("inf")]
    if cells.empty:
        raise InputError("folder", str(folder), "a sweep with at least one finite gap")
    problems = [name for name in config["problems"] if (cells["problem"] == name).any()]
    solvers = list(config["solvers"])
    paths = []
    with paper_style():
        for problem, name in short_names(problems).items():
            figure = convergence_figure(cells[cells["problem"] == problem], solvers, name)
            paths += save_figure(figure, folder, f"convergence-{_slug(name)}")
        paths += save_figure(gap_figure(cells, problems, solvers), folder, "gaps")
    return paths


def _slug(name: str) -> str:
    """Return a file name for a problem's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


# Gaps at several budgets.

_BUDGET_LABELS = {"seconds": "budget (s)", "evaluations": "budget (evaluations)"}


def budgets_figure(gaps: pd.DataFrame, axis: str) -> Figure:
    """Draw the median gap of each solver over problems against the budget.

    Parameters
    ----------
    gaps : DataFrame
        See `edgeopt.experiments.statistics.anytime.gaps_at_budgets`.
    axis : str
        ``evaluations`` or ``seconds``.

    Notes
    -----
    Lines are medians over problems, bands the inter-quartile range; a line starts where more than
    half of the problems have a schedule.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.4))
    panel = figure.subplots()
    budgets = gaps.columns.unique(level=0).to_numpy(dtype=np.float64)
    styles = line_styles(gaps.columns.unique(level=1))
    for solver, style in styles.items():
        own = gaps.xs(solver, axis=1, level=1).to_numpy()
        low, middle, high = np.quantile(own, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
        panel.plot(
            budgets, drawn_percent(middle), label=solver, marker="o", markersize=2.5, **style
        )
        shown = np.isfinite(high).tolist()
        panel.fill_between(
            budgets,
            drawn_percent(low),
            drawn_percent(high),
            where=shown,
            color=style["color"],
            alpha=0.12,
            lw=0,
        )
    panel.set(
        xscale="log", yscale="log", xlabel=_BUDGET_LABELS[axis], ylabel="gap to lower bound (%)"
    )
    percent_axis(panel.yaxis)
    figure.legend(loc="outside right center")
    return figure


# Convergence.

_POINTS = 200

_AXES = {"evaluations": "evaluations", "seconds": "time in solver (s)"}


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

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.2))
    left, right = figure.subplots(1, 2, sharey=True)
    styles = _styles(cells, solvers)
    for axes, (column, label) in zip((left, right), _AXES.items(), strict=True):
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
    gaps = [
        drawn_percent([relative_gap(m, bound) for m in trace]) for trace in runs["trace_makespan"]
    ]
    first = [np.min(trace, where=trace > 0.0, initial=limit) for trace in traces]  # a log axis
    start = float(np.median(first))
    if runs["evaluations"].max() == 1:
        gap = float(np.median([trace[-1] for trace in gaps]))
        axes.plot([start, limit], [gap, gap], label=label, markevery=[0], **style)
        return
    end = float(np.median([trace[-1] for trace in traces]))
    grid = np.geomspace(start, max(end, start), _POINTS)
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


# Final gaps.


def gap_figure(cells: pd.DataFrame, problems: list[str], solvers: list[str]) -> Figure:
    """Draw a box plot of each solver's final gap over repetitions, one panel a problem.

    Boxes span the quartiles, whiskers 1.5 times that range; every solver keeps its place, the
    best median of all at the top.
    """
    from matplotlib.figure import Figure

    medians = 100 * cells.groupby("solver")["gap"].median()
    order = [solver for solver in medians.sort_values(ascending=False).index if solver in solvers]
    columns = min(len(problems), 3)
    rows = -(-len(problems) // columns)
    height = 0.6 + rows * (0.55 + 0.2 * len(order))
    figure = Figure(figsize=(1.4 + 2.1 * columns, height))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for panel in panels[len(problems) :]:
        panel.set_visible(False)
    for panel, (problem, name) in zip(panels, short_names(problems).items(), strict=False):
        here = cells[cells["problem"] == problem]
        gaps = [drawn_percent(here.loc[here["solver"] == solver, "gap"]) for solver in order]
        panel.boxplot(
            gaps,
            orientation="horizontal",
            manage_ticks=False,  # it would write the labels once for each panel
            widths=0.6,
            flierprops={"markersize": 2},
            medianprops={"color": COLOURS[1], "linewidth": 1.5},
        )
        panel.set(xscale="log", xlabel="gap to lower bound (%)")
        percent_axis(panel.xaxis)
        panel.set_title(name, fontsize=9)
    panels[0].set_yticks(range(1, len(order) + 1), order)
    panels[0].set_ylim(0.5, len(order) + 0.5)
    return figure
