"""The gap of each trial, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import COLOURS, percent, percent_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

GAP = "mean training gap (%)"
GIVEN_UP: dict[str, Any] = {"color": "#999999", "marker": "x", "s": 12, "linewidths": 0.8}
FINISHED: dict[str, Any] = {"color": COLOURS[0], "s": 14}
BEST: dict[str, Any] = {"color": COLOURS[1], "marker": "*", "s": 70, "zorder": 3}


def history_figure(table: pd.DataFrame) -> Figure:
    """Draw mean training gaps by number of the trial.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete; the gap of one that was given up
        is over fewer runs.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 2.9))
    axes = figure.subplots()
    complete, rest = split(table)
    axes.scatter(rest["trial"], percent(rest["gap"]), label="given up", **GIVEN_UP)
    axes.scatter(complete["trial"], percent(complete["gap"]), label="finished", **FINISHED)
    steps = [*complete["trial"], table["trial"].max()]
    best = np.minimum.accumulate(percent(complete["gap"]))
    axes.step(steps, [*best, best[-1]], where="post", color=COLOURS[1], label="best so far")
    axes.set(yscale="log", xlabel="trial", ylabel=GAP)
    gap_axis(axes.yaxis)
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def gap_axis(axis: Axis) -> None:
    """Mark 1, 2 and 5 of each decade of a logarithmic axis of gaps in per cent."""
    from matplotlib.ticker import LogLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    percent_axis(axis)


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials that finished all runs, and the others."""
    complete = table["state"] == "complete"
    return table[complete], table[~complete]
