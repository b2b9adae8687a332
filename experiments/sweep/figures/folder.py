"""The figures of the folder of a sweep, as files."""

from __future__ import annotations

import inspect
import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.runs.store import read_description
from edgeopt.experiments.style import FORMATS, paper_style, plain_names, save_figure
from edgeopt.experiments.sweep.figures.boxes import gap_figure, gaps_table, plot_gaps
from edgeopt.experiments.sweep.figures.canvas import WIDE, gather_legends, short_label
from edgeopt.experiments.sweep.figures.choice import choose_runs
from edgeopt.experiments.sweep.figures.curves import (
    convergence_figure,
    convergence_table,
    plot_convergence,
)
from edgeopt.experiments.sweep.figures.heat import heatmap_table, plot_heatmap
from edgeopt.experiments.sweep.figures.loads import loads_table, plot_loads
from edgeopt.experiments.sweep.figures.ranks import plot_ranks, ranks_table
from edgeopt.experiments.sweep.figures.shares import (
    ecdf_table,
    plot_ecdf,
    plot_profile,
    profile_table,
)
from edgeopt.experiments.sweep.places import problem_named
from edgeopt.experiments.sweep.summary import read_solver_cells
from edgeopt.experiments.text import file_names
from edgeopt.problems.errors import InputError, check_choice, check_number
from edgeopt.problems.files import make_folder, write_atomically

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes
    ----------
    plot : callable
        Draws a table of runs into axes, and returns these.
    table : callable
        Returns what is drawn as a table.
    """

    plot: Callable[..., Axes]
    table: Callable[..., pd.DataFrame]


FIGURES = {
    "convergence": Kind(plot_convergence, convergence_table),
    "gaps": Kind(plot_gaps, gaps_table),
    "ecdf": Kind(plot_ecdf, ecdf_table),
    "profile": Kind(plot_profile, profile_table),
    "ranks": Kind(plot_ranks, ranks_table),
    "heatmap": Kind(plot_heatmap, heatmap_table),
    "loads": Kind(plot_loads, loads_table),
}
"""By name, as in `edgeopt plot`."""

WIDTHS = {
    "ieee": 88.9,  # IEEE author center: 3.5 in, and 7.16 in across both columns
    "ieee2": 181.9,
    "acm": 84.7,  # acmart, sigconf: 241.1 pt, and 506.3 pt across both columns
    "acm2": 177.9,
    "elsevier": 90.0,  # Elsevier, artwork sizing: 90, 140 and 190 mm
    "elsevier1.5": 140.0,
    "elsevier2": 190.0,
}
"""Widths of columns in mm."""


def plot_sweep(
    folder: str | Path,
    figures: Sequence[str] = ("convergence", "gaps"),
    *,
    out: str | Path | None = None,
    width: str | None = None,
    font_size: float = 9,
    formats: Sequence[str] = ("png", "pdf"),
    csv: bool = False,
    **options: Any,
) -> list[Path]:
    """Draw figures of a sweep, those of one problem once for each; return the paths written.

    Parameters
    ----------
    folder : str or Path
        Output of a sweep.
    figures : sequence of str
        Names in `FIGURES`.
    out : str or Path, optional
        Where to write; `folder` if not given.
    width : str, optional
        Of the figures: a name in `WIDTHS`, or a number of mm as ``120mm``.
    font_size : float
        In points.
    formats : sequence of str
        ``png``, ``pdf``, ``svg`` or ``pgf``.
    csv : bool
        Whether to write what is drawn as CSV too.
    **options : Any
        As of the functions in `FIGURES`; each figure takes those that it has.

    Raises
    ------
    InputError
        If the folder holds no sweep or no run with a schedule, or an option is unknown, illegal
        or of use to none of the figures.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    folder = Path(folder)
    inches = None if width is None else width_of(width)
    check_number("font_size", font_size, at_least=4, at_most=24)
    for field, values, known in (("figure", figures, FIGURES), ("format", formats, FORMATS)):
        for value in values:
            check_choice(field, value, known)
    _check_options(figures, options)
    data = _read(folder)
    target = folder if out is None else Path(out)
    make_folder("out", target)
    paths = []
    with paper_style(font_size):
        for name, figure, table in _drawings(data, figures, inches, options):
            plain_names(figure)
            paths += save_figure(figure, target, name, formats)
            if csv:
                paths.append(target / f"{name}.csv")
                write_atomically(paths[-1], csv_table(table(), "%.10g"))
    return paths


def width_of(text: str) -> float:
    """Return a width in inches."""
    number = re.fullmatch(r"(\d+(?:\.\d+)?) ?mm", text)
    if number is None and text not in WIDTHS:
        raise InputError("width", text, f"a number of mm (120mm) or one of {', '.join(WIDTHS)}")
    mm = WIDTHS[text] if number is None else float(number[1])
    return check_number("width", mm, at_least=40, at_most=1000) / 25.4


def _read(folder: Path) -> pd.DataFrame:
    """Return the rows, problem by problem in the order of the configuration."""
    config = read_description(folder).get("config", {})
    cells = read_solver_cells(folder)
    if not (cells["gap"] < float("inf")).any():
        raise InputError("folder", str(folder), "a sweep with at least one finite gap")
    order = {name: place for place, name in enumerate(config["problems"])}
    return cells.sort_values("problem", key=lambda names: names.map(order), kind="stable")


def _check_options(figures: Sequence[str], options: Mapping[str, Any]) -> None:
    """Raise `InputError` if none of the figures has an option."""
    used = {name for figure in figures for name in _options_of(FIGURES[figure].plot)}
    known = {name for kind in FIGURES.values() for name in _options_of(kind.plot)} | {"problems"}
    for name, value in options.items():
        check_choice("option", name, sorted(known))
        if name not in used | {"problems"}:
            users = [f for f, kind in FIGURES.items() if name in _options_of(kind.plot)]
            rule = f"left out, or for {', '.join(users)}: {', '.join(figures)} has no such option"
            raise InputError(name, value, rule)


def _options_of(function: Callable[..., Any]) -> list[str]:
    """Return the keywords of a function."""
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]


Drawing = tuple[str, "Figure", Callable[[], "pd.DataFrame"]]


def _drawings(
    data: pd.DataFrame, figures: Iterable[str], width: float | None, options: dict[str, Any]
) -> Iterator[Drawing]:
    """Yield file name, figure, and the function that returns what is drawn."""
    asked = {name: options.get(name) for name in ("solvers", "problems", "names")}
    choice = choose_runs(data, **asked)
    # named among all problems of the sweep, so that a choice of them does not rename files
    shown = choose_runs(data, names=asked["names"]).problems
    files = dict(zip(shown, file_names(shown.values()), strict=True))
    for figure in figures:
        table = partial(_tabulate, FIGURES[figure].table, data, options)
        if figure == "gaps":
            boxes = gap_figure(
                data, list(choice.problems), width=width, **_taken(gap_figure, options)
            )
            yield figure, boxes, table
        elif "problem" in _options_of(FIGURES[figure].plot):
            lost: dict[str, InputError] = {}
            for problem, title in choice.problems.items():
                one = {**options, "problem": problem}
                if figure == "loads" and "instance" not in options:
                    try:
                        one["instance"] = problem_named(data, problem)
                    except InputError as error:
                        lost[problem] = error
                        continue
                table = partial(_tabulate, FIGURES[figure].table, data, one)
                drawn = _of_problem(figure, data, one, title, width)
                yield f"{figure}-{files[problem]}", drawn, table
            if len(lost) == len(choice.problems):
                raise next(iter(lost.values()))
            for problem, reason in lost.items():
                warnings.warn(f"no figure {figure} of {problem}: {reason}", stacklevel=2)
        else:
            yield figure, _single(figure, data, options, width, len(choice.solvers)), table


def _of_problem(
    figure: str, data: pd.DataFrame, options: dict[str, Any], title: str, width: float | None
) -> Figure:
    """Return a figure of one problem."""
    if figure == "convergence" and "x" not in options:
        taken = _taken(plot_convergence, options)
        return convergence_figure(
            data, taken.pop("solvers", None), title, width=width or 7.2, **taken
        )
    drawn = _single(figure, data, options, width, len(choose_runs(data).solvers))
    axes, name = drawn.axes[0], short_label(title)
    solver = axes.get_title()  # of a single schedule
    text = f"{name}, {solver}" if solver else name
    axes.set_title(text, fontsize="medium", parse_math=False)
    return drawn


def _single(
    figure: str, data: pd.DataFrame, options: dict[str, Any], width: float | None, rows: int
) -> Figure:
    """Return a figure of one panel."""
    from matplotlib.figure import Figure

    plot = FIGURES[figure].plot
    across = width or {"ranks": 6.4}.get(figure, 4.6)
    height = {"ranks": 1.3 + 0.13 * rows, "heatmap": 1.4 + 0.2 * rows}.get(figure)
    beside = across >= WIDE  # or else the legend below needs room
    height = height or 1.3 * math.sqrt(across) + (0 if beside else 0.055 * rows)
    drawn = Figure(figsize=(across, height))
    plot(data, drawn.subplots(), **_taken(plot, options))
    gather_legends(drawn)
    return drawn


def _tabulate(
    function: Callable[..., pd.DataFrame], data: pd.DataFrame, options: dict[str, Any]
) -> pd.DataFrame:
    """Return what a figure draws; convergence without a choice of x is drawn against two."""
    import pandas as pd

    taken = _taken(function, options)
    if function is not convergence_table or "x" in options:
        return function(data, **taken)
    return pd.concat([function(data, x=x, **taken) for x in ("evaluations", "seconds")])


def _taken(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a function has."""
    return {name: options[name] for name in _options_of(function) if name in options}
