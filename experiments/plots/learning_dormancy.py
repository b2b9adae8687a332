"""What a sleeping cloud costs: accuracy against the share of tasks that end at the exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.learning.summary import runs_of
from experiments.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = dict[str, Any]
_CURVES = (("error", "the system"), ("final_error", "whole network"), ("exit_error", "exit head"))


def dormancy_figure(rows: list[Row], schemes: list[Row]) -> Figure:
    """Draw the accuracy of schemes with an exit at the end of training, mean and range of runs.

    The whole network is left out where the cloud always sleeps: it has learnt nothing.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 2.9))
    panel = figure.subplots()
    ordered = sorted(schemes, key=lambda row: row["asleep"])
    for (name, label), colour in zip(_CURVES, COLOURS, strict=False):
        shown = [row for row in ordered if name != "final_error" or row["asleep"] < 1]
        shares = [100 * row["asleep"] for row in shown]
        ends = [_ends(rows, row["scheme"], name) for row in shown]
        _draw(panel, shares, [100 * (1 - end) for end in ends], {"label": label, "color": colour})
    panel.set_xlabel("tasks that meet a sleeping cloud (%)")
    panel.set_ylabel("test accuracy (%)")
    lines, labels = panel.get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=len(_CURVES))
    return figure


def _ends(rows: list[Row], scheme: str, name: str) -> np.ndarray:
    """Return a measure at the end of each run."""
    runs = runs_of(row for row in rows if row["scheme"] == scheme)
    return np.array([run[-1][name] for run in runs])


def _draw(
    panel: Axes, shares: list[float], values: list[np.ndarray], style: dict[str, Any]
) -> None:
    """Draw means with the range of the runs as whiskers."""
    means = np.array([value.mean() for value in values])
    lowest = np.array([value.min() for value in values])
    highest = np.array([value.max() for value in values])
    whiskers = [means - lowest, highest - means]
    panel.errorbar(shares, means, yerr=whiskers, marker="o", ms=3.5, lw=1, capsize=2, **style)
