"""All figures of learning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.learning.config import LearningConfig
from experiments.learning.output import early_rows
from experiments.learning.summary import summarize
from experiments.plots.learning_dormancy import dormancy_figure
from experiments.plots.learning_errors import error_figure
from experiments.plots.learning_exits import exit_figure
from experiments.plots.learning_target import target_figure
from experiments.plots.style import paper_style, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]
_LEVELS = 3


def plot_learning(config: LearningConfig, rows: list[Row], folder: Path) -> list[Path]:
    """Draw ``errors`` and ``target``, and where there is something to see ``dormancy``, ``exits``.

    Parameters
    ----------
    config : LearningConfig
        What was run.
    rows : list of dict
        From `run_learning`.
    folder : Path
        Where PNG and PDF are written.

    Returns
    -------
    list of Path
        What was written; no ``dormancy`` for fewer than three rates of sleep.
    """
    summary, early = summarize(config, rows), list(early_rows(rows))
    paths = []
    with paper_style():
        figures: dict[str, Figure] = {
            "errors": error_figure(rows),
            "target": target_figure(rows, summary, config.target_error),
        }
        with_exit = [row for row in summary if row["exit_error"] is not None]
        if len({round(row["asleep"], 6) for row in with_exit}) >= _LEVELS:
            figures["dormancy"] = dormancy_figure(rows, with_exit)
        if early:
            figures["exits"] = exit_figure(early)
        for name, figure in figures.items():
            paths += save_figure(figure, folder, name)
    return paths
