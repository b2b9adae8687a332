"""Shares of runs: within a gap, within a factor of the best, or done with a target by a cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.statistics.anytime import paired_gaps
from edgeopt.experiments.statistics.profiles import (
    ECDF_TARGETS,
    fraction_within,
    hitting_times,
    performance_ratios,
)
from edgeopt.experiments.style import SMALLEST, number_axis, number_text
from edgeopt.experiments.sweep.figures.canvas import add_legend, drawing
from edgeopt.experiments.sweep.figures.choice import Choice, choose_runs, runs_text
from edgeopt.experiments.sweep.figures.curves import absent
from edgeopt.experiments.sweep.figures.values import COSTS, SCALES, final_values, value_axis
from edgeopt.problems.errors import FloatArray, check_choice, check_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


_POINTS = 120

_TICKS = (1, 1.1, 1.25, 1.5, 2, 3, 5, 10)  # of a profile; the last one ends its axis

_MARKS = 0.2  # of the axes' diagonal, between two marks of a line


def plot_ecdf(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "gap",
    x_scale: str = "log",
    target: float | None = None,
) -> Axes:
    """Draw the empirical distribution of the last gap, or of the cost of meeting a target.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep; a run that failed counts as one without a schedule.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    solvers, problems, names : optional
        See `choose_runs`.
    x : str
        ``gap``: the share of runs that ended within each gap. ``evaluations``, ``seconds`` or
        ``iterations``: the share that had met the target.
    x_scale : str
        ``linear`` or ``log``.
    target : float, optional
        A gap in per cent. Without it, the share of pairs of a run and one of the targets from
        100 % to 0.01 %, ten a decade (Hansen et al. 2022).

    Returns
    -------
    Axes
        With a legend that names the solvers without a line.

    Raises
    ------
    InputError
        If an option is unknown, or does not fit the data.

    Notes
    -----
    As a lower bound may be out of reach, so may be 100 %.

    Examples
    --------
    See `choose_runs`, which makes such a table.
    """
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    check_choice("x_scale", x_scale, SCALES)
    table = _ecdf(choice, x, x_scale, target)
    with drawing(ax) as axes:
        _draw_shares(axes, choice, table, x)
        if x == "gap":
            value_axis(axes, "x", "gap", x_scale)
        else:
            axes.set(xscale=x_scale, xlabel=COSTS[x])
            number_axis(axes.xaxis)
        axes.set_ylabel("runs × targets met (%)" if _many(x, target) else "share of runs (%)")
        missed = absent(choice, set(table["solver"]), missed="target missed")
        add_legend(axes, _ecdf_note(choice, x, target), missed)
    return axes


def _many(x: str, target: float | None) -> bool:
    """Whether the shares are over many targets."""
    return x != "gap" and target is None


def _ecdf_note(choice: Choice, x: str, target: float | None) -> str:
    """Return what the shares are of."""
    of = _sample(choice)
    if x == "gap":
        return of
    return f"{of}, {'targets 100 to 0.01 %' if target is None else f'target {target:g} %'}"


def _sample(choice: Choice) -> str:
    """Return the number of runs and problems."""
    count = len(choice.problems)
    return f"{runs_text(choice)} of each of {count} problems" if count > 1 else runs_text(choice)


def ecdf_table(
    data: pd.DataFrame,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "gap",
    x_scale: str = "log",
    target: float | None = None,
) -> pd.DataFrame:
    """Return what `plot_ecdf` draws: solver, `x` and share in per cent."""
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    return _ecdf(choice, x, x_scale, target)


def _ecdf(choice: Choice, x: str, x_scale: str, target: float | None) -> pd.DataFrame:
    """Return the points of all curves."""
    check_choice("x", x, ("gap", *COSTS))
    if target is not None:
        check_number("target", target, at_least=0)
    values: dict[str, Any]
    if x == "gap":
        gaps = final_values(choice, "gap")
        if x_scale == "log":
            gaps = gaps.clip(lower=SMALLEST)
        values = {solver: gaps[own] for solver, own in _rows(choice).items()}
    else:
        targets = ECDF_TARGETS if target is None else np.array([target / 100])
        times = hitting_times(choice.runs, x, targets)
        values = {solver: times[own] for solver, own in _rows(choice).items()}
    return _shares({solver: np.ravel(found) for solver, found in values.items()}, x, x_scale)


def _rows(choice: Choice) -> dict[str, NDArray[np.bool_]]:
    """Return which rows are those of each solver that has any."""
    rows = {solver: (choice.runs["solver"] == solver).to_numpy() for solver in choice.solvers}
    return {solver: own for solver, own in rows.items() if own.any()}


def _shares(values: dict[str, FloatArray], x: str, x_scale: str) -> pd.DataFrame:
    """Return the share of values within each point of a grid, of solvers that have any."""
    import pandas as pd

    pooled = np.concatenate(list(values.values())) if values else np.empty(0)
    met = pooled[np.isfinite(pooled) & (pooled > 0)]
    # the axis ends where the last value is: after it no curve rises
    start, end = (met.min(), met.max()) if met.size else (1.0, 1.0)
    end = max(end, 1.01 * start)
    grid = np.geomspace(start, end, _POINTS) if x_scale == "log" else np.linspace(0, end, _POINTS)
    parts = [
        pd.DataFrame(
            {"solver": solver, x: grid, "share": 100 * fraction_within(own, grid * (1 + 1e-12))}
        )
        for solver, own in values.items()
        if np.isfinite(own).any()
    ]
    columns = ["solver", x, "share"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _draw_shares(axes: Axes, choice: Choice, table: pd.DataFrame, x: str) -> None:
    """Draw the step curves."""
    for number, solver in enumerate(choice.solvers):
        own = table[table["solver"] == solver]
        if len(own):
            marks = {"markevery": (_MARKS * (number % 4) / 4, _MARKS), "markersize": 3.5}
            look = choice.styles[solver] | marks
            # unclipped, so that marks on the edge are whole
            axes.step(own[x], own["share"], where="post", label=solver, clip_on=False, **look)
    axes.set_ylim(-2, 102)
    number_axis(axes.yaxis)


def plot_profile(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "evaluations",
) -> Axes:
    """Draw the share of runs in which a solver's makespan is within a factor of the best.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    solvers, problems, names : optional
        See `choose_runs`; the best is that of the chosen solvers.
    x : str
        ``evaluations``, ``seconds`` or ``iterations``: solvers are compared at the largest cost
        that all runs of a problem have had.

    Returns
    -------
    Axes
        A performance profile (Dolan and More 2002).

    Raises
    ------
    InputError
        If an option is unknown, or no block has all solvers.

    Examples
    --------
    See `choose_runs`, which makes such a table.
    """
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    from matplotlib.ticker import NullLocator

    table = _profile(choice, x)
    with drawing(ax) as axes:
        _draw_shares(axes, choice, table, "ratio")
        widest = float(table["ratio"].max()) if len(table) else 1.01
        if widest > _TICKS[3]:
            axes.set_xscale("log")
            axes.set_xticks([tick for tick in _TICKS if tick <= widest])
            axes.xaxis.set_major_formatter(lambda value, _: number_text(value))
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set(xlim=(1, widest), xlabel="makespan / best makespan", ylabel="share of runs (%)")
        note = f"{_sample(choice)}, equal {x}"
        add_legend(axes, note, absent(choice, set(table["solver"])))
    return axes


def profile_table(
    data: pd.DataFrame,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    x: str = "evaluations",
) -> pd.DataFrame:
    """Return what `plot_profile` draws: solver, ratio and share in per cent."""
    return _profile(choose_runs(data, solvers=solvers, problems=problems, names=names), x)


def _profile(choice: Choice, x: str) -> pd.DataFrame:
    """Return the points of all curves."""
    import pandas as pd

    # a block has one bound, so that ratios of 1 + gap are ratios of makespans
    ratios = performance_ratios(1 + paired_gaps(choice.runs, x))
    finite = ratios.to_numpy()[np.isfinite(ratios)]
    widest = min(max(float(finite.max(initial=1.0)), 1.01) * 1.02, _TICKS[-1])
    # dense near 1, where the curves differ most
    grid = 1 + np.concatenate([[0], np.geomspace(1e-4, widest - 1, _POINTS)])
    parts = [
        pd.DataFrame(
            {"solver": name, "ratio": grid, "share": 100 * fraction_within(ratios[name], grid)}
        )
        for name in choice.solvers
        if name in ratios and np.isfinite(ratios[name]).any()
    ]
    columns = ["solver", "ratio", "share"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
