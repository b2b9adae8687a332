"""Figures of shares: performance profiles and ECDF over targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.report.looks import Looks, cost_axis, legend_below, new_figure
from experiments.statistics.profiles import fraction_within, performance_ratios
from experiments.statistics.runtime import ECDF_TARGETS, hitting_times
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 120
TICKS = (1, 1.1, 1.25, 1.5, 2, 3, 5, 10)


def profile_figure(gaps: pd.DataFrame, looks: Looks) -> Figure:
    """Draw in how many runs each solver's makespan is within a factor of the best one's.

    Parameters
    ----------
    gaps : DataFrame
        Gaps at a common budget, blocks by solvers; as the bound of a block is common, the ratios
        of 1 + gap are those of makespans.
    looks : dict
        Style of each solver.
    """
    from matplotlib.ticker import FuncFormatter, NullLocator

    ratios = performance_ratios(1 + gaps)
    finite = ratios.to_numpy()[np.isfinite(ratios)]
    widest = min(max(float(finite.max(initial=1.0)), 1.01) * 1.02, TICKS[-1])
    grid = 1 + np.concatenate([[0], np.geomspace(1e-4, widest - 1, POINTS)])
    figure, axes = new_figure()
    for solver, style in looks.items():
        _draw(axes, grid, fraction_within(ratios[solver], grid), solver, style)
    if widest > TICKS[3]:
        axes.set_xscale("log")
        axes.set_xticks([tick for tick in TICKS if tick <= widest])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlim=(1, widest), xlabel="makespan / best makespan", ylabel="share of runs (%)")
    legend_below(figure, axes)
    return figure


def ecdf_figure(cells: pd.DataFrame, looks: Looks, axis: str) -> Figure:
    """Draw how many pairs of run and target gap were met against evaluations or seconds.

    Targets are the gaps of `runtime.ECDF_TARGETS`; since a lower bound need not be reachable, no
    curve need reach 100 %.
    """
    times = hitting_times(cells, axis, ECDF_TARGETS)
    met = times.to_numpy()[np.isfinite(times)]
    start, end = (met.min(), met.max()) if met.size else (1.0, 1.0)
    grid = np.geomspace(start, max(end, 1.01 * start), POINTS)
    figure, axes = new_figure()
    for solver, style in looks.items():
        mine = times.xs(solver, level="solver")
        _draw(axes, grid, fraction_within(mine, grid), solver, style)
    cost_axis(axes, axis)
    axes.set_ylabel("runs × targets met (%)")
    legend_below(figure, axes)
    return figure


def _draw(axes: Axes, x: FloatArray, share: FloatArray, label: str, style: dict[str, Any]) -> None:
    """Draw one step curve in per cent."""
    axes.step(x, 100 * share, where="post", label=label, markevery=0.2, **style)
