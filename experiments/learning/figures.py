"""The figures of learning: errors, time to a target error, dormancy and early exits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.learning.config import LearningConfig
from edgeopt.experiments.learning.summary import early_rows, runs_of, summarize_learning
from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.style import (
    COLOURS,
    line_styles,
    paper_style,
    plain_names,
    plain_ticks,
    save_figure,
)
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEVELS = 3


def plot_learning(config: LearningConfig, rows: list[Row], folder: Path) -> list[Path]:
    """Draw ``errors`` and ``target``, and where there is something to see ``dormancy``, ``exits``.

    Parameters
    ----------
    config : LearningConfig
        The runs that were made.
    rows : list of dict
        Their periods, from `period_rows`.
    folder : Path
        Receives each figure as PNG and PDF.

    Returns
    -------
    list of Path
        What was written; no ``dormancy`` for fewer than three rates of sleep.

    Examples
    --------
    See ``examples/learn_together.py``.
    """
    summary, early = summarize_learning(config, rows), list(early_rows(rows))
    paths = []
    with paper_style():
        figures: dict[str, Figure] = {
            "errors": error_figure(rows),
            "target": target_figure(rows, summary, config.target_error),
        }
        with_exit = [row for row in summary if row["exit_error"] is not None]
        if len({round(row["asleep"], 6) for row in with_exit}) >= _LEVELS:
            figures["dormancy"] = dormancy_error_figure(rows, with_exit)
        if early:
            figures["exits"] = exit_figure(early)
        for name, figure in figures.items():
            plain_names(figure)
            paths += save_figure(figure, folder, name)
    return paths


# Accuracy against the share of tasks that end at the exit.

_CURVES = (("error", "the system"), ("final_error", "whole network"), ("exit_error", "exit head"))


def dormancy_error_figure(rows: list[Row], schemes: list[Row]) -> Figure:
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
        _draw_errors_asleep(
            panel, shares, [100 * (1 - end) for end in ends], {"label": label, "color": colour}
        )
    panel.set_xlabel("tasks that meet a sleeping cloud (%)")
    panel.set_ylabel("test accuracy (%)")
    lines, labels = panel.get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=len(_CURVES))
    return figure


def _ends(rows: list[Row], scheme: str, name: str) -> np.ndarray:
    """Return a measure at the end of each run."""
    runs = runs_of(row for row in rows if row["scheme"] == scheme)
    return np.array([run[-1][name] for run in runs])


def _draw_errors_asleep(
    panel: Axes, shares: list[float], values: list[np.ndarray], style: dict[str, Any]
) -> None:
    """Draw means with the range of the runs as whiskers."""
    means = np.array([value.mean() for value in values])
    lowest = np.array([value.min() for value in values])
    highest = np.array([value.max() for value in values])
    whiskers = [means - lowest, highest - means]
    panel.errorbar(shares, means, yerr=whiskers, marker="o", ms=3.5, lw=1, capsize=2, **style)


# Error against iterations, as in the paper's Fig. 9, and against bytes and seconds.

_PANELS: tuple[tuple[str, Callable[[Row], float]], ...] = (
    ("iterations", lambda row: row["tasks"]),
    ("sent, either way (MB)", lambda row: 1e-6 * (row["up_bytes"] + row["down_bytes"])),
    ("simulated time (s)", lambda row: row["seconds"]),
)


def error_figure(rows: list[Row]) -> Figure:
    """Draw the test error: mean over the runs as a line, smallest to largest as a band.

    Examples
    --------
    See ``examples/learn_together.py``.
    """
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
            _draw_history(panel, across, errors, {**styles[scheme], "label": scheme})
        panel.set_xlabel(title)
        panel.set_yscale("log")
    plain_ticks(panels[0].yaxis)
    for panel in panels[1:]:
        panel.set_xscale("log")
    panels[0].set_ylabel("test error (%)")
    lines, labels = panels[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=min(len(schemes), 5))
    return figure


def _draw_history(
    panel: Axes, across: FloatArray, errors: FloatArray, style: dict[str, Any]
) -> None:
    """Draw one scheme; errors have the shape (runs, periods)."""
    panel.plot(across, errors.mean(axis=0), **style)
    lowest, highest = errors.min(axis=0), errors.max(axis=0)
    panel.fill_between(across, lowest, highest, color=style["color"], alpha=0.15, lw=0)


# Early exits by entropy.


def exit_figure(early: list[Row]) -> Figure:
    """Draw accuracy against threshold and against the share that leaves early.

    Lines are means of the runs, bands go from the smallest to the largest.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.3, 2.9))
    left, right = figure.subplots(1, 2, sharey=True)
    schemes = list(dict.fromkeys(row["scheme"] for row in early))
    for scheme, style in line_styles(schemes).items():
        rows = [row for row in early if row["scheme"] == scheme]
        thresholds = sorted({row["threshold"] for row in rows if row["threshold"] > 0})
        at = [[row for row in rows if row["threshold"] == threshold] for threshold in thresholds]
        accuracy = [100 * (1 - np.array([row["error"] for row in group])) for group in at]
        means = [values.mean() for values in accuracy]
        share = [100 * np.mean([row["share"] for row in group]) for group in at]
        left.plot(thresholds, means, label=scheme, **style)
        right.plot(share, means, **style)
        for panel, across in ((left, thresholds), (right, share)):
            ends = ([values.min() for values in accuracy], [values.max() for values in accuracy])
            panel.fill_between(across, *ends, color=style["color"], alpha=0.15, lw=0)
    left.set_xscale("log")
    left.set_xlabel("entropy threshold (nat)")
    right.set_xlabel("answers that leave early (%)")
    left.set_ylabel("test accuracy (%)")
    figure.legend(loc="outside upper center", ncols=min(len(schemes), 5))
    return figure


# Time to a target error.


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
            text = f"{len(runs) - len(reached)} of {len(runs)} runs did not reach it"
            panel.text(0.99, place, text, transform=panel.get_yaxis_transform(), fontsize=7,
                       ha="right", va="bottom", color="#555555")  # fmt: skip
    panel.set_yticks(range(len(summary)), [row["scheme"] for row in summary])
    panel.set_ylim(len(summary) - 0.5, -0.5)
    if any(row["reached"] for row in summary):
        panel.set_xscale("log")
        plain_ticks(panel.xaxis)
    panel.set_xlabel(f"simulated time to {100 * target:g} % error (s); bar: median")
    return figure
