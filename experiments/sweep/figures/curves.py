"""Convergence: the median over repetitions against iterations, evaluations or seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.style import number_axis
from edgeopt.experiments.sweep.figures.canvas import (
    PLAIN,
    add_legend,
    drawing,
    gather_legends,
    short_label,
)
from edgeopt.experiments.sweep.figures.choice import Choice, choose_one, is_single, runs_text
from edgeopt.experiments.sweep.figures.values import (
    COSTS,
    SCALES,
    Measure,
    draw_lines,
    drawn,
    measure_of,
    scale_of,
    value_axis,
)
from edgeopt.problems.errors import FloatArray, check_choice

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


BANDS = {"iqr": "IQR", "range": "range", "ci": "95 % CI", "none": ""}

_POINTS = 200

_BEARING = 10  # points of a level part between two that are kept

_LEVEL = 0.95  # of the interval of a median

_MARKS = 0.22  # of the axes' diagonal, between two marks of a line


def plot_convergence(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    problem: str | None = None,
    solvers: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "evaluations",
    y: str = "gap",
    x_scale: str = "log",
    y_scale: str | None = None,
    band: str = "iqr",
    lines: Sequence[str | float] = (),
    best: Mapping[str, float] | None = None,
) -> Axes:
    """Draw the median over repetitions of each solver on one problem, with a band.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep; a run that failed counts as one without a schedule.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    problem : str, optional
        Which problem; needed where there are several.
    solvers, names : optional
        See `choose_runs`.
    x : str
        ``iterations``, ``evaluations`` or ``seconds``.
    y : str
        ``gap`` to the lower bound in per cent, ``makespan`` in s, or ``ratio`` to the best known.
    x_scale, y_scale : str, optional
        ``linear`` or ``log``; y is logarithmic for gaps unless given.
    band : str
        ``iqr`` (quartiles), ``range``, ``ci`` (95 % confidence interval of the median, from order
        statistics; there is none for fewer than 6 runs) or ``none``.
    lines : sequence of str or float
        Reference lines: ``bound``, ``best``, or targets in the unit of y.
    best : mapping of float, optional
        Best makespans in s known by problem, besides those of the runs.

    Returns
    -------
    Axes
        With a legend that names the band, the number of runs, and the solvers without a line.

    Raises
    ------
    InputError
        If an option is unknown, or does not fit the data.

    Notes
    -----
    A curve starts where half the runs have a schedule. A solver that makes one schedule is a
    hollow mark at its cost, with a thin line to the right.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    choice = choose_one(data, problem, solvers, names)
    y_scale = scale_of(y, y_scale)
    check_choice("x_scale", x_scale, SCALES)
    table = _table(choice, x, x_scale, y, band, best)
    with drawing(ax) as axes:
        for number, solver in enumerate(choice.solvers):
            own = table[table["solver"] == solver]
            if len(own):
                look = choice.styles[solver] | _look(choice, solver, number)
                _draw(axes, own, x, drawn(own[["low", "median", "high"]].T, y, y_scale), look)
        measure = measure_of(choice, next(iter(choice.problems)), y, best)
        draw_lines(axes, "y", lines, measure, y_scale)
        axes.set(xscale=x_scale, xlabel=COSTS[x])
        number_axis(axes.xaxis)
        value_axis(axes, "y", y, y_scale)
        if (y, y_scale) == ("gap", "linear"):
            axes.set_ylim(bottom=0)
        note = _note(choice, table, band)
        add_legend(axes, note, absent(choice, set(table["solver"])))
    return axes


def _note(choice: Choice, table: pd.DataFrame, band: str) -> str:
    """Return what lines and bands are."""
    if band == "ci" and table["low"].isna().all():
        return f"median of {runs_text(choice)} (its 95 % CI needs 6)"
    text = f"median and {BANDS[band]}" if BANDS[band] else "median"
    return f"{text} of {runs_text(choice)}"


def convergence_table(
    data: pd.DataFrame,
    *,
    problem: str | None = None,
    solvers: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "evaluations",
    y: str = "gap",
    x_scale: str = "log",
    band: str = "iqr",
    best: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return what `plot_convergence` draws: solver, `x`, median, low, high and number of runs."""
    check_choice("x_scale", x_scale, SCALES)
    return _table(choose_one(data, problem, solvers, names), x, x_scale, y, band, best)


def _table(
    choice: Choice, x: str, x_scale: str, y: str, band: str, best: Mapping[str, float] | None
) -> pd.DataFrame:
    """Return the points of all curves; a solver whose median is never finite has none."""
    import pandas as pd

    check_choice("x", x, COSTS)
    check_choice("band", band, BANDS)
    (problem,) = choice.problems
    measure, limit = measure_of(choice, problem, y, best), float(choice.runs[x].max())
    parts = [
        _curve(runs, x, x_scale, band, limit, measure)
        for solver in choice.solvers
        if len(runs := choice.runs[choice.runs["solver"] == solver])
    ]
    columns = ["solver", x, "median", "low", "high", "runs"]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _curve(
    runs: pd.DataFrame, x: str, x_scale: str, band: str, limit: float, measure: Measure
) -> pd.DataFrame:
    """Return the points of one solver's curve where its median is finite."""
    import pandas as pd

    grid = _grid(runs, x, x_scale, limit)
    paths = np.array([_best_so_far(row, x, grid) for _, row in runs.iterrows()])
    ordered = np.sort(paths, axis=0)
    size = len(ordered)
    low, high = _places(band, size)
    middle = ordered[-(-size // 2) - 1]
    none = np.full(grid.size, np.nan)
    shown = np.isfinite(middle)
    columns = {
        "solver": runs["solver"].iloc[0],
        x: grid,
        "median": measure.of(middle),
        "low": none if low is None else measure.of(ordered[low]),
        "high": none if high is None else measure.of(ordered[high]),
        "runs": size,
    }
    curve = pd.DataFrame(columns)[shown]
    heights = curve[["median", "low", "high"]]
    changes = (heights != heights.shift()) & (heights.notna() | heights.shift().notna())
    turns = changes.any(axis=1) | changes.any(axis=1).shift(-1, fill_value=True)
    # a level part needs its ends only, and some points that can bear marks
    turns |= np.arange(len(curve)) % _BEARING == 0
    kept: pd.DataFrame = curve[turns]
    return kept


def _grid(runs: pd.DataFrame, x: str, x_scale: str, limit: float) -> FloatArray:
    """Return where a curve is drawn: from the first schedule of any run to the median end."""
    traces = [np.asarray(trace, dtype=float) for trace in runs[f"trace_{x}"].dropna()]
    # a schedule that was there from the start has cost 0, which a logarithmic axis has not
    least = 0.0 if x_scale == "log" else -1.0
    starts = [float(np.min(trace, where=trace > least, initial=limit)) for trace in traces]
    start = min(starts, default=limit)
    # one schedule stays valid up to the end of the axis; a search is drawn as long as it ran
    end = limit if is_single(runs) else float(runs[x].median())
    if not np.isfinite(start + end):  # all runs failed
        return np.empty(0)
    spaced = np.geomspace if x_scale == "log" and start > 0 else np.linspace
    return spaced(start, max(end, start), _POINTS)


def _best_so_far(row: pd.Series[Any], x: str, grid: FloatArray) -> FloatArray:
    """Return the makespan of one run at each point of the grid, infinite before there is one."""
    if row["trace_makespan"] is None or np.isnan(row["makespan"]):
        return np.full(grid.size, np.inf)
    times = np.asarray(row[f"trace_{x}"], dtype=np.float64)
    # what was found at a point of the grid counts there
    index = np.searchsorted(times, grid * (1 + 1e-12), side="right")
    return np.concatenate([[np.inf], np.asarray(row["trace_makespan"], dtype=float)])[index]


def _places(band: str, size: int) -> tuple[int | None, int | None]:
    """Return which of the ordered runs limit the band."""
    from scipy import stats

    if band == "none":
        return None, None
    if band == "range":
        return 0, size - 1
    if band == "iqr":  # values of runs, never between two of them: one may be infinite
        return -(-size // 4) - 1, -(-3 * size // 4) - 1
    below = int(stats.binom.ppf((1 - _LEVEL) / 2, size, 0.5))
    # the r-th smallest and the r-th largest enclose the median but in 2 P(B < r) of all samples
    return (None, None) if below == 0 else (below - 1, size - below)


def absent(choice: Choice, found: set[str], *, missed: str = "no schedule") -> dict[str, str]:
    """Return why each solver without a line has none; `missed` where its runs have schedules."""
    reasons = {}
    for solver in choice.solvers:
        if solver not in found:
            runs = choice.runs[choice.runs["solver"] == solver]
            schedules = (runs["makespan"] < np.inf).any()
            failed = "failed" if runs["makespan"].isna().all() else "no schedule"
            reasons[solver] = missed if schedules else failed if len(runs) else "no runs"
    return reasons


def _look(choice: Choice, solver: str, number: int) -> dict[str, Any]:
    """Return how marks are set: along a curve, or one hollow mark at its start."""
    if is_single(choice.runs[choice.runs["solver"] == solver]):
        return {"markevery": [0], "markerfacecolor": "white", "linewidth": 0.8, "markersize": 4.5}
    # each curve has its marks at other places than the one before
    return {"markevery": (_MARKS * (number % 4) / 4, _MARKS), "markersize": 3.5}


def _draw(axes: Axes, own: pd.DataFrame, x: str, heights: FloatArray, look: dict[str, Any]) -> None:
    """Draw one solver's curve and band."""
    places = own[x].to_numpy()
    if np.ptp(places) <= 1e-9 * abs(places[-1]):  # a search that ended at once
        look = look | {"markevery": [0]}
    axes.plot(places, heights[1], label=own["solver"].iloc[0], clip_on=False, **look)
    if look.get("markerfacecolor") != "white":
        shown = np.isfinite(heights[2])
        axes.fill_between(
            places[shown],
            heights[0][shown],
            heights[2][shown],
            color=look["color"],
            alpha=0.16,
            lw=0,
        )


def convergence_figure(
    cells: pd.DataFrame,
    solvers: Sequence[str] | None,
    title: str,
    *,
    width: float = 7.2,
    **options: Any,
) -> Figure:
    """Draw the convergence on one problem, against evaluations and against seconds.

    Parameters
    ----------
    cells : DataFrame
        Rows of one problem.
    solvers : sequence of str or None
        Names or patterns, in the order of the legend; None for all.
    title : str
        Name of the problem.
    width : float
        In inches; the panels are one above the other where it is small.
    **options : Any
        As of `plot_convergence`.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    beside = width > 5
    with mpl.rc_context(PLAIN):
        figure = Figure(
            figsize=(width, 3.2 if beside else 1.4 * width + 0.055 * len(cells["solver"].unique()))
        )
        panels = figure.subplots(*((1, 2) if beside else (2, 1)), sharey=True)
        for panel, x in zip(panels, ("evaluations", "seconds"), strict=True):
            plot_convergence(cells, panel, x=x, solvers=solvers, **options)
        if beside:
            panels[1].set_ylabel("")
        figure.suptitle(short_label(title), fontsize=mpl.rcParams["font.size"])
        gather_legends(figure)
    return figure
