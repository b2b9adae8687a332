"""The axes of a tuning's figures: the objective, a parameter, and the looks of trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import CategoricalDistribution

from edgeopt.experiments.style import (
    COLOURS,
    drawn_percent,
    log_ticks,
    paper_style,
    percent_axis,
)
from edgeopt.experiments.tuning.space import Distribution
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


GIVEN_UP: dict[str, Any] = {"color": "#999999", "marker": "x", "s": 12, "linewidths": 0.8}

FINISHED: dict[str, Any] = {"color": COLOURS[0], "s": 14}

BEST: dict[str, Any] = {"color": COLOURS[1], "marker": "*", "s": 70, "zorder": 3}

_LETTERS = 12  # of choices that fit side by side below a slice


# The objective: a gap in per cent and in its logarithm.


def objective_label(objective: str) -> str:
    """Return the label of an axis."""
    return "mean training gap (%)" if objective == "gap" else f"mean training {objective}"


def drawn_values(table: pd.DataFrame, objective: str) -> FloatArray:
    """Return the objective as it is drawn."""
    values = table[objective].to_numpy(dtype=np.float64)
    return drawn_percent(values) if objective == "gap" else values


def objective_axis(axes: Axes, objective: str) -> None:
    """Scale the y axis of the objective, when all is drawn."""
    axes.set_ylabel(objective_label(objective))
    if objective == "gap":
        axes.set_yscale("log")
        percent_axis(axes.yaxis)


def new_axes() -> Axes:
    """Return the axes of a new figure, which a notebook shows."""
    from matplotlib import pyplot  # takes long to import

    with paper_style():
        axes: Axes = pyplot.subplots(figsize=(4.6, 2.9))[1]
    return axes


# Trials and parameters.


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials that finished all runs, and the others."""
    complete = table["state"] == "complete"
    return table[complete], table[~complete]


def name_axis(axes: Axes, which: str, name: str, distribution: Distribution) -> None:
    """Label the x or y axis of a parameter, in logarithms where it is searched in them."""
    from matplotlib.ticker import FuncFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_label_text(name)
    if isinstance(distribution, CategoricalDistribution):
        choices = list(map(str, distribution.choices))
        turned = 90 if turned_letters(distribution) else 0
        axis.set_ticks(range(len(choices)), choices, fontsize=6, rotation=turned)
        axes.set(**{f"{which}lim": (-0.5, len(choices) - 0.5)})
    elif distribution.log:
        axes.set(**{f"{which}scale": "log"})
        log_ticks(axis)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def turned_letters(distribution: Distribution) -> int:
    """Return the length of the longest choice if choices must be turned to fit, else 0."""
    if not isinstance(distribution, CategoricalDistribution):
        return 0
    lengths = [len(str(choice)) for choice in distribution.choices]
    return max(lengths) if sum(lengths) > _LETTERS else 0
