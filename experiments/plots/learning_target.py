"""Learning per second: how long each scheme takes to a given error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.learning.summary import runs_of
from experiments.plots.learning_errors import plain_ticks
from experiments.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]


def target_figure(rows: list[Row], summary: list[Row], target: float) -> Figure:
    """Draw the simulated seconds to the target error: a dot for each run, a bar at the median."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 0.9 + 0.3 * len(summary)))
    panel = figure.subplots()
    for place, row in enumerate(summary):
        runs = runs_of(each for each in rows if each["scheme"] == row["scheme"])
        times = [
            next((each["seconds"] for each in run if each["error"] <= target), None) for run in runs
        ]
        reached = [time for time in times if time is not None]
        panel.plot(reached, [place] * len(reached), "o", ms=4, mfc="white", color=COLOURS[0])
        median = row["seconds_to_target"]
        if median is not None:
            panel.plot(median, place, "|", ms=13, mew=2, color=COLOURS[1])
        if len(reached) < len(runs):
            text = f"{len(runs) - len(reached)} of {len(runs)} runs did not get there"
            panel.text(0.99, place, text, transform=panel.get_yaxis_transform(), fontsize=7,
                       ha="right", va="bottom", color="#555555")  # fmt: skip
    panel.set_yticks(range(len(summary)), [row["scheme"] for row in summary])
    panel.set_ylim(len(summary) - 0.5, -0.5)
    if any(row["reached"] for row in summary):
        panel.set_xscale("log")
        plain_ticks(panel.xaxis)
    panel.set_xlabel(f"simulated time to {100 * target:g} % error (s); bar: median")
    return figure
