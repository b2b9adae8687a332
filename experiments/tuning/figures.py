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


_GIVEN_UP: dict[str, Any] = {"color": "#999999", "marker": "x", "s": 12, "linewidths": 0.8}

_FINISHED: dict[str, Any] = {"color": COLOURS[0], "s": 14}

_BEST: dict[str, Any] = {"color": COLOURS[1], "marker": "*", "s": 70, "zorder": 3}

_CONTOUR_PARAMETERS = 3  # three pairs fill a line

_FEWEST_POINTS = 6  # to interpolate between

_LEVELS = 12  # of a contour

_MOST_COLUMNS = 5  # of slices

_LETTERS = 12  # of choices that fit side by side below a slice


def draw_figures(
    table: pd.DataFrame,
    space: Space,
    shares: dict[str, float],
    folder: Path,
    objective: str = "gap",
) -> list[Path]:
    """Draw history, slices, importance and contours as PNG and PDF, and return the paths.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite objective, at least one of them complete.
    space : dict of Optuna distributions
        What was searched.
    shares : dict of float
        Importance by parameter, largest first. If it is empty, there is no such figure, and the
        contours show the first numbers searched instead of the most important ones.
    folder : Path
        Where to write.
    objective : str
        Column of the objective.
    """
    numbers = numbers_of(space)
    shown = [name for name in shares or space if name in numbers][:_CONTOUR_PARAMETERS]
    chosen = {name: numbers[name] for name in shown}
    with paper_style():
        figures = {
            "history": history_figure(table, objective),
            "slices": slice_figure(table, space, objective),
            "importance": importance_figure(shares) if shares else None,
            "contours": contour_figure(table, chosen, objective),
        }
        return [
            path
            for name, figure in figures.items()
            if figure is not None
            for path in save_figure(figure, folder, name)
        ]


# The objective on an axis: a gap in per cent and in its logarithm.


def objective_label(objective: str) -> str:
    """Return the label of an axis."""
    return "mean training gap (%)" if objective == "gap" else f"mean training {objective}"


def _drawn(table: pd.DataFrame, objective: str) -> FloatArray:
    """Return the objective as it is drawn."""
    values = table[objective].to_numpy(dtype=np.float64)
    return drawn_percent(values) if objective == "gap" else values


def _objective_axis(axes: Axes, objective: str) -> None:
    """Scale the y axis of the objective, when all is drawn."""
    axes.set_ylabel(objective_label(objective))
    if objective == "gap":
        axes.set_yscale("log")
        percent_axis(axes.yaxis)


def _new_axes() -> Axes:
    """Return the axes of a new figure, which a notebook shows."""
    from matplotlib import pyplot  # takes long to import

    with paper_style():
        axes: Axes = pyplot.subplots(figsize=(4.6, 2.9))[1]
    return axes


# The objective over two parameters.


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
    axes = ax or _new_axes()
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

    values = _drawn(table, objective)
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
    axes.scatter(*(best[f"params_{name}"] for name in pair), **_BEST)
    for which, name in zip("xy", pair, strict=True):
        name_axis(axes, which, name, space[name])
    return drawn


def _shares(values: FloatArray, distribution: NumberDistribution) -> FloatArray:
    """Return values as shares of their range, in which the triangles are no slivers."""
    return np.array([to_unit(float(value), distribution) for value in values])


# The objective of each trial, and the best so far.


def history_figure(table: pd.DataFrame, objective: str = "gap") -> Figure:
    """Draw the mean of each trial, by its number; see `plot_history`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 2.9))
    plot_history(table, objective=objective, ax=figure.subplots())
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def plot_history(trials: pd.DataFrame, *, objective: str = "gap", ax: Axes | None = None) -> Axes:
    """Draw the mean of each trial, by its number, and the best so far.

    Parameters
    ----------
    trials : DataFrame
        Trials with a finite objective, at least one of them complete; means of trials that were
        given up are over fewer runs.
    objective : str
        Column of the objective.
    ax : matplotlib Axes, optional
        Where to draw; a new figure, with a legend, if not given.
    """
    axes = ax or _new_axes()
    complete, rest = split(trials)
    axes.scatter(rest["trial"], _drawn(rest, objective), label="given up", **_GIVEN_UP)
    axes.scatter(complete["trial"], _drawn(complete, objective), label="finished", **_FINISHED)
    # the best holds until the last trial, which may have been given up
    steps = [*complete["trial"], trials["trial"].max()]
    best = np.minimum.accumulate(_drawn(complete, objective))
    axes.step(steps, [*best, best[-1]], where="post", color=COLOURS[1], label="best so far")
    axes.set_xlabel("trial")
    _objective_axis(axes, objective)
    if ax is None:
        axes.legend()
    return axes


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials that finished all runs, and the others."""
    complete = table["state"] == "complete"
    return table[complete], table[~complete]


# The importance of each parameter.


def importance_figure(shares: dict[str, float]) -> Figure:
    """Draw a bar for each parameter, the most important at the top."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 0.7 + 0.24 * len(shares)))
    plot_importance(shares, ax=figure.subplots())
    return figure


def plot_importance(shares: dict[str, float], *, ax: Axes | None = None) -> Axes:
    """Draw a bar for each parameter, the most important at the top.

    Parameters
    ----------
    shares : dict of float
        Importance by parameter, largest first.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    """
    axes = ax or _new_axes()
    names = list(shares)[::-1]
    bars = axes.barh(names, [100 * shares[name] for name in names], color=COLOURS[0], height=0.6)
    axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
    axes.set(xlabel="importance (%, PED-ANOVA)")
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    return axes


# The objective against each parameter.


def slice_figure(table: pd.DataFrame, space: Space, objective: str = "gap") -> Figure:
    """Draw a panel for each parameter: a mark for each trial, a star for the best one.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite objective, at least one of them complete.
    space : dict of Optuna distributions
        What was searched.
    objective : str
        Column of the objective.
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
        _draw_slice(panel, table, name, distribution, objective)
    for panel in panels[:, 0]:
        _objective_axis(panel, objective)
    return figure


def plot_slice(
    trials: pd.DataFrame,
    name: str,
    distribution: Distribution,
    *,
    objective: str = "gap",
    ax: Axes | None = None,
) -> Axes:
    """Draw the objective against one parameter: a mark for each trial, a star for the best one.

    Parameters
    ----------
    trials : DataFrame
        Trials with a finite objective, at least one of them complete.
    name : str
        The parameter.
    distribution : Optuna distribution
        What was searched.
    objective : str
        Column of the objective.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    """
    axes = ax or _new_axes()
    _draw_slice(axes, trials, name, distribution, objective)
    _objective_axis(axes, objective)
    return axes


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


def _draw_slice(
    axes: Axes, table: pd.DataFrame, name: str, distribution: Distribution, objective: str
) -> None:
    """Draw the panel of one parameter."""
    complete, rest = split(table)
    best = complete.nsmallest(1, objective)
    for trials, look in ((rest, _GIVEN_UP), (complete, _FINISHED), (best, _BEST)):
        places = place_values(trials[f"params_{name}"], distribution)
        axes.scatter(places, _drawn(trials, objective), **look)
    name_axis(axes, "x", name, distribution)
    axes.xaxis.set_label_position("top")  # beside the panel, however long its choices are
