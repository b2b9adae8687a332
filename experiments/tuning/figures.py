"""The figures of a tuning: history, slices, importance and contours.

Those of `optuna.visualization.matplotlib` show less. For results/tuning/atsa-repaired-paper its
history has only the 17 finished of 60 trials, its slices mark neither trials that were given up nor
the best one, and its contours cover regions without trials, on a linear scale whose lower half
holds nearly all trials; each sets the style ggplot, which would have to be undone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from optuna.distributions import CategoricalDistribution

from edgeopt.experiments.style import COLOURS, paper_style, plain_names, save_figure
from edgeopt.experiments.tuning.cma_sampler import numbers_of
from edgeopt.experiments.tuning.contours import contour_figure
from edgeopt.experiments.tuning.space import Distribution, Space
from edgeopt.experiments.tuning.trial_axes import (
    BEST,
    FINISHED,
    GIVEN_UP,
    drawn_values,
    name_axis,
    new_axes,
    objective_axis,
    split,
    turned_letters,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_CONTOUR_PARAMETERS = 3  # three pairs fill a line

_MOST_COLUMNS = 5  # of slices


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
        paths = []
        for name, figure in figures.items():
            if figure is not None:
                plain_names(figure)
                paths += save_figure(figure, folder, name)
        return paths


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
    axes = ax or new_axes()
    complete, rest = split(trials)
    axes.scatter(rest["trial"], drawn_values(rest, objective), label="given up", **GIVEN_UP)
    axes.scatter(complete["trial"], drawn_values(complete, objective), label="finished", **FINISHED)
    # the best holds until the last trial, which may have been given up
    steps = [*complete["trial"], trials["trial"].max()]
    best = np.minimum.accumulate(drawn_values(complete, objective))
    axes.step(steps, [*best, best[-1]], where="post", color=COLOURS[1], label="best so far")
    axes.set_xlabel("trial")
    objective_axis(axes, objective)
    if ax is None:
        axes.legend()
    return axes


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
    axes = ax or new_axes()
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
    letters = list(map(turned_letters, space.values()))
    names = sum(max(letters[start : start + columns]) for start in range(0, len(space), columns))
    figure = Figure(figsize=(0.6 + 1.75 * columns, 0.3 + 2.1 * rows + 0.04 * names))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for panel in panels.ravel()[len(space) :]:
        panel.set_visible(False)
    for panel, (name, distribution) in zip(panels.ravel(), space.items(), strict=False):
        _draw_slice(panel, table, name, distribution, objective)
    for panel in panels[:, 0]:
        objective_axis(panel, objective)
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
    axes = ax or new_axes()
    _draw_slice(axes, trials, name, distribution, objective)
    objective_axis(axes, objective)
    return axes


def place_values(values: pd.Series, distribution: Distribution) -> list[float]:
    """Return the places of values on an axis: numbers as they are, choices by their order."""
    if isinstance(distribution, CategoricalDistribution):
        return [float(distribution.choices.index(value)) for value in values]
    return [float(value) for value in values]


def _draw_slice(
    axes: Axes, table: pd.DataFrame, name: str, distribution: Distribution, objective: str
) -> None:
    """Draw the panel of one parameter."""
    complete, rest = split(table)
    best = complete.nsmallest(1, objective)
    for trials, look in ((rest, GIVEN_UP), (complete, FINISHED), (best, BEST)):
        places = place_values(trials[f"params_{name}"], distribution)
        axes.scatter(places, drawn_values(trials, objective), **look)
    name_axis(axes, "x", name, distribution)
    axes.xaxis.set_label_position("top")  # beside the panel, however long its choices are
