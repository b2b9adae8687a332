"""The figures of a tuning: history, slices, importance and contours.

Those of `optuna.visualization.matplotlib` show less. For results/tuning/atsa-repaired-paper its
history has only the 17 finished of 60 trials, its slices mark neither trials that were given up nor
the best one, and its contours cover regions without trials, on a linear scale whose lower half
holds nearly all trials; each sets the style ggplot, which would have to be undone.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import CategoricalDistribution

from edgeopt.experiments.style import (
    COLOURS,
    drawn_percent,
    log_ticks,
    paper_style,
    percent_axis,
    save_figure,
)
from edgeopt.experiments.tuning.cma_sampler import NumberDistribution, numbers_of, to_unit
from edgeopt.experiments.tuning.space import Distribution, Space
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.tri import TriContourSet


_LABEL = "mean training gap (%)"

_GIVEN_UP: dict[str, Any] = {"color": "#999999", "marker": "x", "s": 12, "linewidths": 0.8}

_FINISHED: dict[str, Any] = {"color": COLOURS[0], "s": 14}

_BEST: dict[str, Any] = {"color": COLOURS[1], "marker": "*", "s": 70, "zorder": 3}

_CONTOUR_PARAMETERS = 3  # three pairs fill a line

_FEWEST_POINTS = 6  # to interpolate between

_LEVELS = 12  # of a contour

_MOST_COLUMNS = 5  # of slices

_LETTERS = 12  # of choices that fit side by side below a slice


def draw_figures(
    table: pd.DataFrame, space: Space, shares: dict[str, float], folder: Path
) -> list[Path]:
    """Draw history, slices, importance and contours as PNG and PDF, and return the paths.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete.
    space : dict of Optuna distributions
        What was searched.
    shares : dict of float
        Importance by parameter, largest first. If it is empty, there is no such figure, and the
        contours show the first numbers searched instead of the most important ones.
    folder : Path
        Where to write.
    """
    numbers = numbers_of(space)
    shown = [name for name in shares or space if name in numbers][:_CONTOUR_PARAMETERS]
    with paper_style():
        figures = {
            "history": history_figure(table),
            "slices": slice_figure(table, space),
            "importance": importance_figure(shares) if shares else None,
            "contours": contour_figure(table, {name: numbers[name] for name in shown}),
        }
        return [
            path
            for name, figure in figures.items()
            if figure is not None
            for path in save_figure(figure, folder, name)
        ]


# The gap over two parameters.


def contour_figure(table: pd.DataFrame, space: dict[str, NumberDistribution]) -> Figure | None:
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
        drawn = [_draw_contour(*each, points, space) for each in zip(panels, pairs, strict=True)]
    except (RuntimeError, ValueError):  # no triangles: all trials lie on one line
        return None
    bar = figure.colorbar(drawn[0], ax=panels, label=_LABEL)
    percent_axis(bar.ax.yaxis)
    return figure


def _draw_contour(
    axes: Axes, pair: tuple[str, str], table: pd.DataFrame, space: dict[str, NumberDistribution]
) -> TriContourSet:
    """Draw the contours of one pair."""
    from matplotlib.colors import LogNorm
    from matplotlib.tri import Triangulation

    gaps = drawn_percent(table["gap"])
    x, y = (table[f"params_{name}"].to_numpy(dtype=np.float64) for name in pair)
    shares = [_shares(values, space[name]) for values, name in zip((x, y), pair, strict=True)]
    # triangulated in shares of the ranges, drawn in the parameters' own units
    triangles = Triangulation(*shares).triangles
    edges = np.geomspace(gaps.min(), max(gaps.max(), gaps.min() * 1.01), _LEVELS)
    drawn = axes.tricontourf(
        Triangulation(x, y, triangles), gaps, levels=edges, norm=LogNorm(), cmap="cividis_r"
    )
    axes.grid(visible=False)
    axes.scatter(x, y, s=4, color="black", linewidths=0)
    best = split(table)[0].nsmallest(1, "gap")
    axes.scatter(*(best[f"params_{name}"] for name in pair), **_BEST)
    for which, name in zip("xy", pair, strict=True):
        name_axis(axes, which, name, space[name])
    return drawn


def _shares(values: FloatArray, distribution: NumberDistribution) -> FloatArray:
    """Return values as shares of their range, in which the triangles are no slivers."""
    return np.array([to_unit(float(value), distribution) for value in values])


# The gap of each trial, and the best so far.


def history_figure(table: pd.DataFrame) -> Figure:
    """Draw the mean training gap of each trial, by its number.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete; gaps of trials that were given up
        are over fewer runs.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 2.9))
    axes = figure.subplots()
    complete, rest = split(table)
    axes.scatter(rest["trial"], drawn_percent(rest["gap"]), label="given up", **_GIVEN_UP)
    axes.scatter(complete["trial"], drawn_percent(complete["gap"]), label="finished", **_FINISHED)
    # the best holds until the last trial, which may have been given up
    steps = [*complete["trial"], table["trial"].max()]
    best = np.minimum.accumulate(drawn_percent(complete["gap"]))
    axes.step(steps, [*best, best[-1]], where="post", color=COLOURS[1], label="best so far")
    axes.set(yscale="log", xlabel="trial", ylabel=_LABEL)
    percent_axis(axes.yaxis)
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials that finished all runs, and the others."""
    complete = table["state"] == "complete"
    return table[complete], table[~complete]


# The importance of each parameter.


def importance_figure(shares: dict[str, float]) -> Figure:
    """Draw a bar for each parameter, the most important at the top."""
    from matplotlib.figure import Figure

    names = list(shares)[::-1]
    figure = Figure(figsize=(4.6, 0.7 + 0.24 * len(names)))
    axes = figure.subplots()
    bars = axes.barh(names, [100 * shares[name] for name in names], color=COLOURS[0], height=0.6)
    axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
    axes.set(xlabel="importance (%, PED-ANOVA)")
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    return figure


# The gap against each parameter.


def slice_figure(table: pd.DataFrame, space: Space) -> Figure:
    """Draw a panel for each parameter: a mark for each trial, a star for the best one.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete.
    space : dict of Optuna distributions
        What was searched.
    """
    from matplotlib.figure import Figure

    rows = -(-len(space) // _MOST_COLUMNS)
    columns = -(-len(space) // rows)
    letters = list(map(_turned_letters, space.values()))
    names = sum(max(letters[start : start + columns]) for start in range(0, len(space), columns))
    figure = Figure(figsize=(0.6 + 1.75 * columns, 0.3 + 2.1 * rows + 0.04 * names))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for panel in panels.ravel()[len(space) :]:
        panel.set_visible(False)
    for panel, (name, distribution) in zip(panels.ravel(), space.items(), strict=False):
        _draw_slice(panel, table, name, distribution)
    for panel in panels[:, 0]:
        panel.set(yscale="log", ylabel=_LABEL)
        percent_axis(panel.yaxis)
    return figure


def place_values(values: pd.Series, distribution: Distribution) -> list[float]:
    """Return the places of values on an axis: numbers as they are, choices by their order."""
    if isinstance(distribution, CategoricalDistribution):
        return [float(distribution.choices.index(value)) for value in values]
    return [float(value) for value in values]


def name_axis(axes: Axes, which: str, name: str, distribution: Distribution) -> None:
    """Label the x or y axis of a parameter, in logarithms where it is searched in them."""
    from matplotlib.ticker import FuncFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_label_text(name)
    if isinstance(distribution, CategoricalDistribution):
        choices = list(map(str, distribution.choices))
        turned = 90 if _turned_letters(distribution) else 0
        axis.set_ticks(range(len(choices)), choices, fontsize=6, rotation=turned)
        axes.set(**{f"{which}lim": (-0.5, len(choices) - 0.5)})
    elif distribution.log:
        axes.set(**{f"{which}scale": "log"})
        log_ticks(axis)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _turned_letters(distribution: Distribution) -> int:
    """Return the length of the longest choice if choices must be turned to fit, else 0."""
    if not isinstance(distribution, CategoricalDistribution):
        return 0
    lengths = [len(str(choice)) for choice in distribution.choices]
    return max(lengths) if sum(lengths) > _LETTERS else 0


def _draw_slice(axes: Axes, table: pd.DataFrame, name: str, distribution: Distribution) -> None:
    """Draw the panel of one parameter."""
    complete, rest = split(table)
    best = complete.nsmallest(1, "gap")
    for trials, look in ((rest, _GIVEN_UP), (complete, _FINISHED), (best, _BEST)):
        places = place_values(trials[f"params_{name}"], distribution)
        axes.scatter(places, drawn_percent(trials["gap"]), **look)
    name_axis(axes, "x", name, distribution)
    axes.xaxis.set_label_position("top")  # beside the panel, however long its choices are
