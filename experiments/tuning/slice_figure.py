"""The gap against each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna.distributions import CategoricalDistribution

from experiments.plots.style import percent
from experiments.tuning.history_figure import BEST, FINISHED, GAP, GIVEN_UP, gap_axis, split
from experiments.tuning.space import Distribution, Space

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 5  # at most
SHORT = 12  # letters that fit below a panel


def slice_figure(table: pd.DataFrame, space: Space) -> Figure:
    """Draw one panel a parameter, each trial a mark, the best a star.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete.
    space : dict of Optuna distributions
        What was searched.
    """
    from matplotlib.figure import Figure

    rows = -(-len(space) // COLUMNS)
    columns = -(-len(space) // rows)
    figure = Figure(figsize=(0.6 + 1.75 * columns, 0.3 + 2.1 * rows))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for panel in panels.ravel()[len(space) :]:
        panel.set_visible(False)
    for panel, (name, distribution) in zip(panels.ravel(), space.items(), strict=False):
        _draw(panel, table, name, distribution)
    for panel in panels[:, 0]:
        panel.set(yscale="log", ylabel=GAP)
        gap_axis(panel.yaxis)
    return figure


def place_values(values: pd.Series, distribution: Distribution) -> list[float]:
    """Return where values stand on an axis: numbers as they are, choices by their place."""
    if isinstance(distribution, CategoricalDistribution):
        return [float(distribution.choices.index(value)) for value in values]
    return [float(value) for value in values]


def name_axis(axes: Axes, which: str, name: str, distribution: Distribution) -> None:
    """Label the x or y axis of a parameter."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_label_text(name)
    if isinstance(distribution, CategoricalDistribution):
        choices = [str(choice).replace("*", "*\n") for choice in distribution.choices]
        turned = 90 if sum(map(len, choices)) > SHORT else 0
        axis.set_ticks(range(len(choices)), choices, fontsize=5.5, rotation=turned)
    elif distribution.log:
        axes.set(**{f"{which}scale": "log"})
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _draw(axes: Axes, table: pd.DataFrame, name: str, distribution: Distribution) -> None:
    """Draw one panel."""
    complete, rest = split(table)
    best = complete.nsmallest(1, "gap")
    for trials, look in ((rest, GIVEN_UP), (complete, FINISHED), (best, BEST)):
        places = place_values(trials[f"params_{name}"], distribution)
        axes.scatter(places, percent(trials["gap"]), **look)
    name_axis(axes, "x", name, distribution)
