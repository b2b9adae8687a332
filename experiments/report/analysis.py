"""A sweep read and compared, before anything is drawn or written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.store import CELLS, CONFIG, read_description
from edgeopt.experiments.statistics.anytime import AXES
from edgeopt.experiments.statistics.blocks import BLOCK_UNITS
from edgeopt.experiments.statistics.comparison import Comparison, compare_solvers
from edgeopt.experiments.sweep.summary import read_solver_cells, short_names
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Analysis:
    """A sweep and its statistics.

    Attributes
    ----------
    name : str
        Name of the folder.
    description : dict
        Configuration and provenance.
    cells : DataFrame
        Rows of the sweep.
    problems : dict
        Short name of each problem with rows, in the order of the configuration.
    solvers : tuple of str
        Solvers with rows, in the order of the configuration.
    units : tuple of str
        What can be a block; repetitions only if there are several.
    comparisons : tuple of Comparison
        One for each axis and unit.
    """

    name: str
    description: dict[str, Any]
    cells: pd.DataFrame
    problems: dict[str, str]
    solvers: tuple[str, ...]
    units: tuple[str, ...]
    comparisons: tuple[Comparison, ...]


def analyse(folder: Path) -> Analysis:
    """Read a sweep and compare its solvers.

    Raises
    ------
    InputError
        If the folder holds no sweep with rows, the rows belong to another sweep, or
        scikit-posthocs is not installed.
    """
    description, cells = read_description(folder), read_solver_cells(folder)
    config = description["config"]
    # rows of an earlier sweep would be compared with the wrong configuration
    for column, listed in (("problem", config["problems"]), ("solver", config["solvers"])):
        for name in cells[column].unique():
            if name not in listed:
                raise InputError(f"{folder / CELLS}: {column}", name, f"one of those in {CONFIG}")
    problems = [name for name in config["problems"] if (cells["problem"] == name).any()]
    solvers = [name for name in config["solvers"] if (cells["solver"] == name).any()]
    units = BLOCK_UNITS if cells["repetition"].nunique() > 1 else BLOCK_UNITS[:1]
    return Analysis(
        name=folder.resolve().name,
        description=description,
        cells=cells,
        problems=short_names(problems),
        solvers=tuple(solvers),
        units=units,
        comparisons=tuple(compare_solvers(cells, axis=a, unit=u) for a in AXES for u in units),
    )
