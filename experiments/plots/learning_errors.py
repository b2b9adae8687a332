"""The paper's Fig. 9 and what it leaves out: error against iterations, bytes and seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.learning.summary import runs_of
from experiments.plots.style import line_styles
from problems.errors import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Row = dict[str, Any]
_PANELS: tuple[tuple[str, Callable[[Row], float]], ...] = (
    ("iterations", lambda row: row["tasks"]),
    ("sent, either way (MB)", lambda row: 1e-6 * (row["up_bytes"] + row["down_bytes"])),
    ("simulated time (s)", lambda row: row["seconds"]),
)


def error_figure(rows: list[Row]) -> Figure:
    """Draw the test error: mean over the runs as a line, smallest to largest as a band."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 2.9))
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    schemes = list(dict.fromkeys(row["scheme"] for row in rows))
    styles = line_styles(schemes)
    for panel, (title, measure) in zip(panels, _PANELS, strict=True):
        for scheme in schemes:
            runs = runs_of(row for row in rows if row["scheme"] == scheme)
            across = np.array([[measure(row) for row in run] for run in runs]).mean(axis=0)
            errors = 100 * np.array([[row["error"] for row in run] for run in runs])
            _draw(panel, across, errors, {**styles[scheme], "label": scheme})
        panel.set_xlabel(title)
        panel.set_yscale("log")
    plain_ticks(panels[0].yaxis)
    for panel in panels[1:]:
        panel.set_xscale("log")
    panels[0].set_ylabel("test error (%)")
    lines, labels = panels[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=min(len(schemes), 5))
    return figure


def _draw(panel: Axes, across: FloatArray, errors: FloatArray, style: dict[str, Any]) -> None:
    """Draw one scheme; errors have the shape (runs, periods)."""
    panel.plot(across, errors.mean(axis=0), **style)
    lowest, highest = errors.min(axis=0), errors.max(axis=0)
    panel.fill_between(across, lowest, highest, color=style["color"], alpha=0.15, lw=0)


def plain_ticks(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
