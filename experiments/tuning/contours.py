"""The objective of a tuning over two parameters, interpolated between its trials."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.style import percent_axis
from edgeopt.experiments.tuning.cma_sampler import NumberDistribution, to_unit
from edgeopt.experiments.tuning.trial_axes import (
    BEST,
    drawn_values,
    name_axis,
    new_axes,
    objective_label,
    split,
)
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.tri import TriContourSet


_FEWEST_POINTS = 6  # to interpolate between

_LEVELS = 12  # of a contour


def contour_figure(
    table: pd.DataFrame, space: dict[str, NumberDistribution], objective: str = "gap"
) -> Figure | None:
    """Draw the objective over each pair of parameters, interpolated between the trials.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite objective, at least one of them complete.
    space : dict of Optuna distributions
        Two or three parameters that are numbers.
    objective : str
        Column of the objective.

    Returns
    -------
    Figure or None
        None if there are too few trials to interpolate between, or all lie on a line.
    """
    from matplotlib.figure import Figure

    pairs = list(combinations(space, 2))
    points = table.drop_duplicates([f"params_{name}" for name in space])
    if not pairs or len(points) < _FEWEST_POINTS:
        return None
    figure = Figure(figsize=(1.0 + 2.3 * len(pairs), 2.6))
    panels = list(figure.subplots(1, len(pairs), squeeze=False)[0])
    try:
        drawn = [
            _draw_contour(panel, pair, points, space, objective)
            for panel, pair in zip(panels, pairs, strict=True)
        ]
    except (RuntimeError, ValueError):  # no triangles: all trials lie on one line
        return None
    bar = figure.colorbar(drawn[0], ax=panels, label=objective_label(objective))
    if objective == "gap":
        percent_axis(bar.ax.yaxis)
    return figure


def plot_contour(
    trials: pd.DataFrame,
    space: dict[str, NumberDistribution],
    *,
    objective: str = "gap",
    ax: Axes | None = None,
) -> Axes:
    """Draw the objective over two parameters, interpolated between the trials.

    Parameters
    ----------
    trials : DataFrame
        Trials with a finite objective, at least one of them complete.
    space : dict of Optuna distributions
        Two parameters that are numbers.
    objective : str
        Column of the objective.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Raises
    ------
    ValueError
        If there are too few trials to interpolate between, or all lie on a line.
    """
    first, second = space
    axes = ax or new_axes()
    points = trials.drop_duplicates([f"params_{name}" for name in space])
    try:
        drawn = _draw_contour(axes, (first, second), points, space, objective)
    except RuntimeError as error:  # no triangles
        raise ValueError(str(error)) from None
    bar = axes.figure.colorbar(drawn, ax=axes, label=objective_label(objective))
    if objective == "gap":
        percent_axis(bar.ax.yaxis)
    return axes


def _draw_contour(
    axes: Axes,
    pair: tuple[str, str],
    table: pd.DataFrame,
    space: dict[str, NumberDistribution],
    objective: str,
) -> TriContourSet:
    """Draw the contours of one pair."""
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.tri import Triangulation

    values = drawn_values(table, objective)
    x, y = (table[f"params_{name}"].to_numpy(dtype=np.float64) for name in pair)
    shares = [_shares(each, space[name]) for each, name in zip((x, y), pair, strict=True)]
    # triangulated in shares of the ranges, drawn in the parameters' own units
    triangles = Triangulation(*shares).triangles
    low, high = values.min(), values.max()
    log = objective == "gap"
    norm: Normalize = LogNorm() if log else Normalize()
    if log:
        edges = np.geomspace(low, max(high, low * 1.01), _LEVELS)
    else:
        edges = np.linspace(low, max(high, low + 1e-9), _LEVELS)
    drawn = axes.tricontourf(
        Triangulation(x, y, triangles), values, levels=edges, norm=norm, cmap="cividis_r"
    )
    axes.grid(visible=False)
    axes.scatter(x, y, s=4, color="black", linewidths=0)
    best = split(table)[0].nsmallest(1, objective)
    axes.scatter(*(best[f"params_{name}"] for name in pair), **BEST)
    for which, name in zip("xy", pair, strict=True):
        name_axis(axes, which, name, space[name])
    return drawn


def _shares(values: FloatArray, distribution: NumberDistribution) -> FloatArray:
    """Return values as shares of their range, in which the triangles are no slivers."""
    return np.array([to_unit(float(value), distribution) for value in values])
