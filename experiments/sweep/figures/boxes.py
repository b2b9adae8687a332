"""Box plots of what the runs ended with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.sweep.figures.canvas import (
    add_legend,
    drawing,
    gather_legends,
    short_label,
)
from edgeopt.experiments.sweep.figures.choice import Choice, choose_one, choose_runs, runs_text
from edgeopt.experiments.sweep.figures.values import (
    draw_lines,
    drawn,
    final_values,
    measure_of,
    scale_of,
    value_axis,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_gaps(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    problem: str | None = None,
    solvers: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    y: str = "gap",
    y_scale: str | None = None,
    lines: Sequence[str | float] = (),
    best: Mapping[str, float] | None = None,
) -> Axes:
    """Draw a box for each solver over the last values of its runs on one problem.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    problem : str, optional
        Which problem; needed where there are several.
    solvers, names : optional
        See `choose_runs`; without `solvers`, the best median is at the top.
    y : str
        ``gap`` to the lower bound in per cent, ``makespan`` in s, or ``ratio`` to the best known.
    y_scale : str, optional
        ``linear`` or ``log`` of the values, which are on the horizontal axis; logarithmic for gaps
        unless given.
    lines : sequence of str or float
        Reference lines: ``bound``, ``best``, or targets in the unit of y.
    best : mapping of float, optional
        Best makespans in s known by problem, besides those of the runs.

    Returns
    -------
    Axes
        Boxes span the quartiles, whiskers 1.5 times that range. Runs without a schedule are left
        out, and counted beside the box.

    Raises
    ------
    InputError
        If an option is unknown, or does not fit the data.

    Examples
    --------
    See `choose_runs`, which makes such a table.
    """
    choice, scale = choose_one(data, problem, solvers, names), scale_of(y, y_scale)
    order = choice.solvers if solvers is not None else _best_first(choice, y, best)
    (name,) = choice.problems
    with drawing(ax, (4.6, 0.9 + 0.22 * len(order))) as axes:
        _draw_panel(axes, choice, name, order, y, scale, best)
        draw_lines(axes, "x", lines, measure_of(choice, name, y, best), scale)
        value_axis(axes, "x", y, scale)
        axes.set_xlabel(f"{axes.get_xlabel()}\n{runs_text(choice)} of each solver")
        _name_rows(axes, order)
        if lines:
            add_legend(axes, "", {})
    return axes


def _draw_panel(
    axes: Axes,
    choice: Choice,
    problem: str,
    order: Sequence[str],
    y: str,
    scale: str,
    best: Mapping[str, float] | None,
) -> None:
    """Draw the boxes of one problem, the first at the top."""
    values = final_values(choice, y, best)
    for place, solver in enumerate(reversed(order), 1):
        here = (choice.runs["solver"] == solver) & (choice.runs["problem"] == problem)
        own = values[here.to_numpy()].to_numpy()
        _draw(axes, place, drawn(own, y, scale), choice.styles[solver]["color"])


def _name_rows(axes: Axes, order: Sequence[str]) -> None:
    """Name the solvers at the vertical axis."""
    labels = [short_label(solver) for solver in reversed(order)]
    axes.set_yticks(range(1, len(order) + 1), labels, parse_math=False)
    axes.set_ylim(0.5, len(order) + 0.5)


def gaps_table(
    data: pd.DataFrame,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    y: str = "gap",
    best: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return what the boxes are made of: problem, solver, repetition and the value `y`."""
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    columns = [name for name in ("problem", "solver", "repetition") if name in choice.runs]
    table = choice.runs[columns].assign(**{y: final_values(choice, y, best)})
    return table.assign(problem=table["problem"].map(choice.problems)).reset_index(drop=True)


def _best_first(choice: Choice, y: str, best: Mapping[str, float] | None) -> tuple[str, ...]:
    """Return the solvers by their median over all runs."""
    values = final_values(choice, y, best)
    medians = values.groupby(choice.runs["solver"]).median().reindex(list(choice.solvers))
    return tuple(medians.sort_values(kind="stable").index)


def _draw(axes: Axes, place: int, values: np.ndarray, colour: str) -> None:
    """Draw one box, and say beside it how many runs have no schedule."""
    found = values[np.isfinite(values)]
    if found.size:
        axes.boxplot(
            [found],
            positions=[place],
            orientation="horizontal",
            manage_ticks=False,
            widths=0.6,
            patch_artist=True,
            boxprops={"facecolor": "white", "edgecolor": colour},
            whiskerprops={"color": colour},
            capprops={"color": colour},
            flierprops={"markersize": 2, "markeredgecolor": colour},
            medianprops={"color": colour, "linewidth": 2.2},
        )
    if found.size < values.size or not values.size:
        text = f"{values.size - found.size} of {values.size} without a schedule"
        style = {"fontsize": 6, "va": "center", "ha": "left", "color": "#555555"}
        across = axes.get_yaxis_transform()
        axes.text(0.02, place, text if values.size else "no runs", style, transform=across)


def gap_figure(
    data: pd.DataFrame,
    problems: Sequence[str],
    *,
    solvers: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    width: float | None = None,
    y: str = "gap",
    y_scale: str | None = None,
    lines: Sequence[str | float] = (),
    best: Mapping[str, float] | None = None,
) -> Figure:
    """Draw the boxes of `plot_gaps`, a panel a problem; every solver keeps its place.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep.
    problems : sequence of str
        Names of the problems, in the order of the panels.
    solvers : str or sequence of str, optional
        See `choose_runs`; without it, the best median over all problems is at the top.
    names : mapping of str, optional
        See `choose_runs`.
    width : float, optional
        In inches; panels are at least 1.8 in wide.
    y, y_scale, lines, best : optional
        As of `plot_gaps`.
    """
    from matplotlib.figure import Figure

    choice, scale = (
        choose_runs(data, solvers=solvers, problems=problems, names=names),
        scale_of(y, y_scale),
    )
    order = _best_first(choice, y, best) if solvers is None else choice.solvers
    fits = 3 if width is None else max(1, int((width - 1.2) / 1.8))
    columns = min(len(choice.problems), fits)
    rows = -(-len(choice.problems) // columns)
    height = 0.6 + rows * (0.55 + 0.2 * len(order))
    figure = Figure(figsize=(1.4 + 2.1 * columns if width is None else width, height))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for panel in panels[len(choice.problems) :]:
        panel.set_visible(False)
    for panel, (problem, name) in zip(panels, choice.problems.items(), strict=False):
        with drawing(panel):
            _draw_panel(panel, choice, problem, order, y, scale, best)
            draw_lines(panel, "x", lines, measure_of(choice, problem, y, best), scale)
            value_axis(panel, "x", y, scale)
            if lines:
                add_legend(panel, "", {})
        panel.set_title(short_label(name), fontsize="medium", parse_math=False)
    for panel in panels[::columns]:  # labels of a shared axis are plain text on each of them
        _name_rows(panel, order)
    figure.supxlabel(f"{runs_text(choice)} of each solver", fontsize="medium")
    gather_legends(figure)
    return figure
