"""All figures of a sweep."""

from __future__ import annotations

import re
from pathlib import Path

from experiments.plots.convergence import convergence_figure
from experiments.plots.gaps import gap_figure
from experiments.plots.style import paper_style, save_figure
from experiments.sweep.store import read_cells, read_description
from experiments.sweep.summary import short_name
from problems.errors import InputError


def plot_sweep(folder: str | Path) -> list[Path]:
    """Draw ``convergence-PROBLEM`` for each problem and ``gaps``; return the paths written.

    Parameters
    ----------
    folder : str or Path
        Output of a finished sweep; the figures are written beside it.

    Raises
    ------
    InputError
        If the folder holds no finished sweep, or no cell that succeeded.
    """
    folder = Path(folder)
    config = read_description(folder)["config"]
    cells = read_cells(folder)
    cells = cells[cells["makespan"].notna() & (cells["makespan"] < float("inf"))]
    if cells.empty:
        raise InputError("folder", str(folder), "a sweep with at least one schedule found")
    problems = [name for name in config["problems"] if (cells["problem"] == name).any()]
    solvers = list(config["solvers"])
    paths = []
    with paper_style():
        for problem in problems:
            figure = convergence_figure(
                cells[cells["problem"] == problem], solvers, short_name(problem)
            )
            paths += save_figure(figure, folder, f"convergence-{_slug(problem)}")
        paths += save_figure(gap_figure(cells, problems, solvers), folder, "gaps")
    return paths


def _slug(problem: str) -> str:
    """Return a file name for a problem."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", short_name(problem)).strip("-")
