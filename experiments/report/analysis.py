"""Everything computed from a sweep before it is drawn or written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.report.looks import Looks, solver_looks
from experiments.statistics.anytime import AXES
from experiments.statistics.blocks import UNITS
from experiments.statistics.comparison import Comparison, compare
from experiments.sweep.store import CELLS, CONFIG, read_description, read_solver_cells
from experiments.sweep.summary import short_names
from problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Analysis:
    """A sweep and its statistics.

    Attributes
    ----------
    name : str
        Name of the sweep's folder.
    description : dict
        Configuration and provenance.
    cells : DataFrame
        Rows of the sweep.
    problems : dict
        Short name of each problem with rows, in the order of the configuration.
    looks : dict
        Style of each solver with rows.
    units : tuple of str
        What can be a block: repetitions cannot where there is one.
    comparisons : tuple of Comparison
        For each axis and unit.
    """

    name: str
    description: dict[str, Any]
    cells: pd.DataFrame
    problems: dict[str, str]
    looks: Looks
    units: tuple[str, ...]
    comparisons: tuple[Comparison, ...]


def analyse(folder: Path) -> Analysis:
    """Read a sweep and compare its solvers.

    Raises
    ------
    InputError
        If the folder holds no sweep with rows, the rows are of another sweep, or scikit-posthocs is
        not installed.
    """
    description, cells = read_description(folder), read_solver_cells(folder)
    config = description["config"]
    for column, listed in (("problem", config["problems"]), ("solver", config["solvers"])):
        for name in cells[column].unique():
            if name not in listed:
                raise InputError(f"{folder / CELLS}: {column}", name, f"one of those in {CONFIG}")
    problems = [name for name in config["problems"] if (cells["problem"] == name).any()]
    solvers = [name for name in config["solvers"] if (cells["solver"] == name).any()]
    units = UNITS if cells["repetition"].nunique() > 1 else UNITS[:1]
    return Analysis(
        name=folder.resolve().name,
        description=description,
        cells=cells,
        problems=short_names(problems),
        looks=solver_looks(cells, solvers),
        units=units,
        comparisons=tuple(compare(cells, axis=a, unit=u) for a in AXES for u in units),
    )
