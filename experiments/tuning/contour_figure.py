"""The gap over two parameters."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from experiments.plots.style import percent
from experiments.tuning.cma_sampler import Number, to_unit
from experiments.tuning.history_figure import BEST, GAP, gap_axis, split
from experiments.tuning.slice_figure import name_axis
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.tri import TriContourSet

FEWEST = 6  # trials of different values
LEVELS = 12
SHADES = "cividis_r"


def contour_figure(table: pd.DataFrame, space: dict[str, Number]) -> Figure | None:
    """Draw the gap over each pair of parameters, interpolated between the trials.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete.
    space : dict of Optuna distributions
        Two or three parameters that are numbers.

    Returns
    -------
    Figure or None
        None where there are too few trials to interpolate between.
    """
    from matplotlib.figure import Figure

    pairs = list(combinations(space, 2))
    points = table.drop_duplicates([f"params_{name}" for name in space])
    if not pairs or len(points) < FEWEST:
        return None
    figure = Figure(figsize=(1.0 + 2.3 * len(pairs), 2.6))
    panels = list(figure.subplots(1, len(pairs), squeeze=False)[0])
    try:
        drawn = [_draw(*each, points, space) for each in zip(panels, pairs, strict=True)]
    except (RuntimeError, ValueError):  # all trials on one line
        return None
    bar = figure.colorbar(drawn[0], ax=panels, label=GAP)
    gap_axis(bar.ax.yaxis)
    return figure


def _draw(
    axes: Axes, pair: tuple[str, str], table: pd.DataFrame, space: dict[str, Number]
) -> TriContourSet:
    """Draw one pair."""
    from matplotlib.colors import LogNorm
    from matplotlib.tri import Triangulation

    gaps = percent(table["gap"])
    x, y = (table[f"params_{name}"].to_numpy(dtype=np.float64) for name in pair)
    shares = [_shares(values, space[name]) for values, name in zip((x, y), pair, strict=True)]
    triangles = Triangulation(*shares).triangles
    edges = np.geomspace(gaps.min(), max(gaps.max(), gaps.min() * 1.01), LEVELS)
    drawn = axes.tricontourf(
        Triangulation(x, y, triangles), gaps, levels=edges, norm=LogNorm(), cmap=SHADES
    )
    axes.grid(visible=False)
    axes.scatter(x, y, s=4, color="black", linewidths=0)
    best = split(table)[0].nsmallest(1, "gap")
    axes.scatter(*(best[f"params_{name}"] for name in pair), **BEST)
    for which, name in zip("xy", pair, strict=True):
        name_axis(axes, which, name, space[name])
    return drawn


def _shares(values: FloatArray, distribution: Number) -> FloatArray:
    """Return values as shares of their range, so that triangles are no slivers."""
    return np.array([to_unit(float(value), distribution) for value in values])
