"""A sweep read and compared, before anything is drawn or written; and the look of figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.runs.store import CELLS, CONFIG, read_description
from edgeopt.experiments.statistics.anytime import AXES
from edgeopt.experiments.statistics.blocks import BLOCK_UNITS
from edgeopt.experiments.statistics.comparison import Comparison, compare_solvers
from edgeopt.experiments.style import line_styles, log_ticks, mark_styles
from edgeopt.experiments.sweep.summary import read_solver_cells, short_names
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
    looks : dict
        Style of each solver with rows.
    units : tuple of str
        What can be a block; repetitions only if there are several.
    comparisons : tuple of Comparison
        One for each axis and unit.
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
        looks=solver_looks(cells, solvers),
        units=units,
        comparisons=tuple(compare_solvers(cells, axis=a, unit=u) for a in AXES for u in units),
    )


# How solvers and axes look in the report's figures.

_SIZE = (4.6, 3.3)  # in, which a phone can show and a column of a paper can hold

_NAME, _LINE = 26, 84  # characters of a name, and of a line of the legend

_COST_LABELS = {"evaluations": "evaluations", "seconds": "time in solver"}

Looks = dict[str, dict[str, Any]]


def solver_looks(cells: pd.DataFrame, solvers: list[str]) -> Looks:
    """Return a line for each solver that searches, a mark for each that makes one schedule."""
    single = [solver for solver in solvers if is_single(cells[cells["solver"] == solver])]
    searching = [solver for solver in solvers if solver not in single]
    looks = line_styles(searching) | mark_styles(single)
    return {solver: looks[solver] for solver in solvers}


def is_single(runs: pd.DataFrame) -> bool:
    """Whether no run took more than one iteration, or evaluated more than one schedule."""
    most = [runs[cost].max() for cost in ("evaluations", "iterations") if cost in runs]
    return bool(min(most) <= 1)


def new_figure() -> tuple[Figure, Axes]:
    """Return an empty figure of the report's size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE)
    return figure, figure.subplots()


def cost_axis(axes: Axes, kind: str) -> None:
    """Make the x axis a logarithmic one of evaluations or seconds, its ticks with SI prefixes."""
    from matplotlib.ticker import EngFormatter

    # costs span decades: a list rule takes 0.1 ms, a long search a minute
    axes.set_xscale("log")
    log_ticks(axes.xaxis)
    axes.xaxis.set_major_formatter(EngFormatter(unit="s" if kind == "seconds" else "", sep=" "))
    axes.set_xlabel(_COST_LABELS[kind])


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put a legend of all lines under the figure."""
    lines = axes.get_lines()  # named here, as matplotlib leaves out labels that begin with "_"
    labels = [short_label(str(line.get_label())) for line in lines]
    # 8 characters are the width of a line's sample
    columns = _LINE // (max(map(len, labels), default=0) + 8)
    figure.legend(lines, labels, loc="outside lower center", ncols=min(columns, 4), fontsize=7.5)


def short_label(name: str) -> str:
    """Return a name, cut if it is too long for a figure."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
