"""All figures of a sweep."""

from __future__ import annotations

import re
from pathlib import Path

from experiments.plots.convergence import convergence_figure
from experiments.plots.gaps import gap_figure
from experiments.plots.style import paper_style, save_figure
from experiments.sweep.store import read_description, read_solver_cells
from experiments.sweep.summary import short_names
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
    cells = read_solver_cells(folder)
    cells = cells[cells["gap"] < float("inf")]
    if cells.empty:
        raise InputError("folder", str(folder), "a sweep with at least one finite gap")
    problems = [name for name in config["problems"] if (cells["problem"] == name).any()]
    solvers = list(config["solvers"])
    paths = []
    with paper_style():
        for problem, name in short_names(problems).items():
            figure = convergence_figure(cells[cells["problem"] == problem], solvers, name)
            paths += save_figure(figure, folder, f"convergence-{_slug(name)}")
        paths += save_figure(gap_figure(cells, problems, solvers), folder, "gaps")
    return paths


def _slug(name: str) -> str:
    """Return a file name for a problem's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
