"""The paper's Fig. 7: times by size of pool, in both readings of it, and the solver's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import COLOURS, MARKERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
        See `measures.summarize_measures`.
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
            _draw(axes, summary[summary["solver"] == solver], measure, shift, look)
        sizes = sorted(summary["nodes"].unique())
        axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
        axes.set(xlabel="nodes", ylabel=text, yscale="log")
        axes.grid(visible=False, axis="x")
        _plain_ticks(axes)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, measure: str, shift: float, look: dict[str, Any]) -> None:
    """Draw one solver, a mark with its range for each size of pool."""
    rows = rows.sort_values("nodes")
    middle = rows[f"{measure}_median"].to_numpy()
    ends = [middle - rows[f"{measure}_q1"].to_numpy(), rows[f"{measure}_q3"].to_numpy() - middle]
    where = np.arange(len(rows)) + shift
    axes.errorbar(where, middle, yerr=ends, linestyle="none", elinewidth=0.9, **look)


def _plain_ticks(axes: Axes) -> None:
    """Write seconds as plain numbers, and more of them where there are few decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axes.get_ylim()
    if high < 100 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 4.0, 5.0, 7.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
