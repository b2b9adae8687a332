"""All figures of a tuning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.plots.style import paper_style, save_figure
from experiments.tuning.cma_sampler import numbers_of
from experiments.tuning.contour_figure import contour_figure
from experiments.tuning.history_figure import history_figure
from experiments.tuning.importance_figure import importance_figure
from experiments.tuning.slice_figure import slice_figure
from experiments.tuning.space import Space

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3  # parameters in the contours


def draw_figures(
    table: pd.DataFrame, space: Space, shares: dict[str, float], folder: Path
) -> list[Path]:
    """Draw history, slices, importance and contours as PNG and PDF, and return the paths.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap, at least one of them complete.
    space : dict of Optuna distributions
        What was searched.
    shares : dict of float
        Importance by parameter, largest first; where it is empty there is no such figure, and the
        contours show the first numbers searched instead of the most important ones.
    folder : Path
        Where to write.
    """
    numbers = numbers_of(space)
    shown = [name for name in shares or space if name in numbers][:SHOWN]
    with paper_style():
        figures = {
            "history": history_figure(table),
            "slices": slice_figure(table, space),
            "importance": importance_figure(shares) if shares else None,
            "contours": contour_figure(table, {name: numbers[name] for name in shown}),
        }
        return [
            path
            for name, figure in figures.items()
            if figure is not None
            for path in save_figure(figure, folder, name)
        ]
