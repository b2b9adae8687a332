"""Delay against window size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.plots.style import line_styles
from experiments.studies.window_study import REFERENCES, SCHEDULERS, WindowRow
from problems.errors import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def window_figure(rows: Sequence[WindowRow]) -> Figure:
    """Return the mean delay against the window size: a row for each stream, a column a load.

    Lines are means over seeds of the ratio to dispatch task by task by earliest finish, bands
    their 95 % confidence intervals; the clairvoyant schedule and the bound are horizontal.
    """
    from matplotlib.figure import Figure

    streams = list(dict.fromkeys(row.stream for row in rows))
    loads = list(dict.fromkeys(row.load for row in rows))
    figure = Figure(figsize=(2.5 * len(loads), 2.4 * len(streams)))
    axes = figure.subplots(len(streams), len(loads), sharex=True, sharey="row", squeeze=False)
    for stream, line in zip(streams, axes, strict=True):
        for load, panel in zip(loads, line, strict=True):
            _draw(panel, [row for row in rows if (row.stream, row.load) == (stream, load)])
            panel.set_title(f"{stream}, load {load:g}", fontsize=9)
        line[0].set_ylabel("delay / earliest finish")
    for panel in axes[-1]:
        panel.set_xlabel("window K (tasks)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _draw(panel: Axes, rows: list[WindowRow]) -> None:
    """Draw one stream at one load."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    windows = sorted({row.window for row in rows if row.window})
    styles = line_styles((*SCHEDULERS, *REFERENCES))
    for name in SCHEDULERS:
        mean, half = _statistics(rows, name, windows)
        panel.plot(windows, mean, label=name, marker="o", markersize=2.5, **styles[name])
        panel.fill_between(
            windows, mean - half, mean + half, color=styles[name]["color"], alpha=0.15, linewidth=0
        )
    for name in (REFERENCES[0], *REFERENCES[2:]):
        mean, _ = _statistics(rows, name, [0])
        panel.axhline(mean[0], label=name, linewidth=1.0, **styles[name])
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.set_xticks(windows)


def _statistics(
    rows: list[WindowRow], name: str, windows: Sequence[int]
) -> tuple[FloatArray, FloatArray]:
    """Return mean and half confidence interval, over seeds, of the ratio for each window size."""
    from scipy.stats import t  # takes long to import

    base = {row.seed: row.mean_s for row in rows if row.scheduler == REFERENCES[1]}
    own = {(row.window, row.seed): row.mean_s for row in rows if row.scheduler == name}
    ratio = np.array([[own[window, seed] / base[seed] for seed in base] for window in windows])
    if len(base) < 2:
        return ratio.mean(axis=1), np.zeros(len(windows))
    error = ratio.std(axis=1, ddof=1) / np.sqrt(len(base))
    return ratio.mean(axis=1), t.ppf(0.975, len(base) - 1) * error
