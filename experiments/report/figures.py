"""The figures of a report by file name, drawn when they are asked for.

They go into the page as SVG and beside it as PDF.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.report.analysis import (
    Analysis,
    Looks,
    cost_axis,
    is_single,
    legend_below,
    new_figure,
    short_label,
)
from edgeopt.experiments.statistics.anytime import AXES, gaps_at, has_failed, paired_gaps
from edgeopt.experiments.statistics.comparison import Comparison
from edgeopt.experiments.statistics.profiles import (
    ECDF_TARGETS,
    fraction_within,
    hitting_times,
    performance_ratios,
)
from edgeopt.experiments.statistics.rank_tests import EXTRA, nemenyi
from edgeopt.experiments.style import COLOURS, drawn_percent, paper_style, percent_axis
from edgeopt.problems.errors import FloatArray, import_extra
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


Draw = Callable[[], "Figure"]

SCALES = ("log", "linear")  # of the gap

_SHOWN_PROBLEMS = 12  # each adds four images to the page

_CURVE_POINTS, _SHARE_POINTS = 80, 120

_TICKS = (1, 1.1, 1.25, 1.5, 2, 3, 5, 10)  # of a profile; the last one ends its axis

# names come from users and are text, never formulas
_PLAIN: Any = {"text.parse_math": False}

# on the page, the reader's own sans-serif; the salt makes identifiers repeat
_PAGE: Any = {"font.family": "sans-serif", "svg.fonttype": "none", "svg.hashsalt": "edgeopt"}


def report_figures(analysis: Analysis) -> dict[str, Draw]:
    """Return ``ranks-AXIS-UNIT``, ``profile-AXIS``, ``ecdf-AXIS`` and all of convergence."""
    drawings: dict[str, Draw] = {}
    for comparison in analysis.comparisons:
        if comparison.friedman is not None:
            name = f"ranks-{comparison.axis}-{comparison.unit}"
            drawings[name] = partial(rank_figure, comparison)
    for axis in AXES:
        gaps = paired_gaps(analysis.cells, axis)
        drawings[f"profile-{axis}"] = partial(profile_figure, gaps, analysis.looks)
        drawings[f"ecdf-{axis}"] = partial(ecdf_figure, analysis.cells, analysis.looks, axis)
        for problem in shown_problems(analysis):
            name = convergence_name(analysis, problem, axis)
            drawings[name] = convergence(analysis, problem, axis, "log")
    return drawings


def shown_problems(analysis: Analysis) -> list[str]:
    """Return the problems whose convergence is drawn: the first ones with a schedule."""
    found = analysis.cells[analysis.cells["gap"] < float("inf")]["problem"].unique()
    return [name for name in analysis.problems if name in found][:_SHOWN_PROBLEMS]


def convergence(analysis: Analysis, problem: str, axis: str, scale: str) -> Draw:
    """Return the drawing of one problem's convergence."""
    here = analysis.cells[analysis.cells["problem"] == problem]
    return partial(convergence_panel, here, analysis.looks, axis, scale)


def convergence_name(analysis: Analysis, problem: str, axis: str) -> str:
    """Return the file name of one problem's convergence; its number makes it unique."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", analysis.problems[problem]).strip("-")
    number = list(analysis.problems).index(problem) + 1
    return f"convergence-{number:02d}-{slug}-{axis}"


# Convergence on one problem.


def convergence_panel(cells: pd.DataFrame, looks: Looks, axis: str, scale: str) -> Figure:
    """Draw the median gap and the quartile band over repetitions.

    Parameters
    ----------
    cells : DataFrame
        Rows of one problem; the gap of a failed run is infinite.
    looks : dict
        Style of each solver.
    axis : str
        ``evaluations`` or ``seconds``.
    scale : str
        ``log`` or ``linear``, of the gap.
    """
    figure, axes = new_figure()
    limit = float(cells[axis].max())
    for solver, style in looks.items():
        runs = cells[(cells["solver"] == solver) & (cells["gap"] < np.inf)]
        if len(runs):
            _draw_median(axes, cells[cells["solver"] == solver], axis, solver, style, limit)
    cost_axis(axes, axis)
    axes.set_yscale(scale)
    if scale == "log":
        percent_axis(axes.yaxis)
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel("gap to lower bound (%)")
    legend_below(figure, axes)
    return figure


def _draw_median(
    axes: Axes, runs: pd.DataFrame, axis: str, label: str, style: dict[str, Any], limit: float
) -> None:
    """Draw one solver: a mark on a dotted line if it makes one schedule, else a curve."""
    # a schedule that was there from the start has cost 0, which a logarithmic axis has not
    traces = runs.loc[~has_failed(runs), f"trace_{axis}"].map(np.asarray)
    start = min(float(np.min(trace, where=trace > 0, initial=limit)) for trace in traces)
    # one schedule stays valid up to the end of the axis; a search is drawn as long as it ran
    end = limit if is_single(runs) else float(runs[axis].median())
    grid = np.geomspace(start, max(end, start), _CURVE_POINTS)
    low, middle, high = _quartiles(runs, axis, grid)
    shown = np.isfinite(middle)
    every = max(shown.sum() - 1, 1) if is_single(runs) else 1  # a level line needs its ends only
    look = style if end > start else style | {"marker": "."}  # a curve that is a single point
    x, y = grid[shown][::every], middle[shown][::every]
    axes.plot(x, y, label=label, markevery=[0], clip_on=False, **look)
    if not is_single(runs):
        where = np.isfinite(high).tolist()
        axes.fill_between(grid, low, high, where=where, color=style["color"], alpha=0.16, lw=0)


def _quartiles(runs: pd.DataFrame, axis: str, grid: FloatArray) -> FloatArray:
    """Return the quartiles of the gap in per cent at each point, shape (3, n)."""
    reached = grid * (1 + 1e-12)  # what was found at a point of the grid counts there
    gaps = [drawn_percent(gaps_at(row, axis, reached)) for _, row in runs.iterrows()]
    # values of runs, never between two of them: one may be infinite
    quartiles: FloatArray = np.quantile(gaps, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    return quartiles


# Figures as parts of the page and as files for a paper.


def svg_address(draw: Draw) -> str:
    """Return a figure as a ``data:`` address of SVG, which can neither load nor run anything."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with paper_style(), mpl.rc_context(_PLAIN | _PAGE):
        draw().savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # hundredths of a point are precise enough, and make the page much smaller
    rounded = re.sub(rb"(\.\d\d)\d+", rb"\1", buffer.getvalue())
    return "data:image/svg+xml;base64," + base64.b64encode(rounded).decode()


def write_pdf(draw: Draw, path: Path) -> Path:
    """Write a figure as PDF without a date, and return the path."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with paper_style(), mpl.rc_context(_PLAIN):
        draw().savefig(buffer, format="pdf", metadata={"CreationDate": None})
    write_atomically(path, buffer.getvalue())
    return path


# Critical-difference diagram (Demsar 2006).


def rank_figure(comparison: Comparison) -> Figure:
    """Draw average ranks, the best at the left.

    Bars join solvers that Nemenyi's test does not tell apart.

    Parameters
    ----------
    comparison : Comparison
        Of at least 3 solvers and 2 blocks.

    Raises
    ------
    InputError
        If scikit-posthocs is not installed.
    """
    from matplotlib.figure import Figure

    posthocs = import_extra("scikit_posthocs", EXTRA)
    ranks, p = comparison.ranking["rank"], nemenyi(comparison.blocks)
    names, numbers = [str(name) for name in ranks.index], range(len(ranks))
    figure = Figure(figsize=(6.4, 1.2 + 0.13 * len(ranks)))
    axes = figure.subplots()
    axes.grid(visible=False)
    # by number: the package collects labels in sets, and sets of names have no fixed order
    drawn = posthocs.critical_difference_diagram(
        ranks.set_axis(numbers),
        p.set_axis(numbers, axis=0).set_axis(numbers, axis=1),
        ax=axes,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        text_h_margin=0.15,
        elbow_props={"color": "#555555", "linewidth": 0.7},
        marker_props={"color": "#222222", "s": 12},
        crossbar_props={"color": COLOURS[0], "linewidth": 2.5},
    )
    for text in drawn["labels"]:
        number = int(text.get_text())
        name, rank = short_label(names[number]), f"({ranks.iloc[number]:.2f})"
        text.set_text(f"{name} {rank}" if text.get_ha() == "right" else f"{rank} {name}")
    return figure


# Performance profiles and ECDF over targets.


def profile_figure(gaps: pd.DataFrame, looks: Looks) -> Figure:
    """Draw the share of runs in which a solver's makespan is within a factor of the best.

    Parameters
    ----------
    gaps : DataFrame
        Gaps at a common budget, blocks by solvers. A block has one bound, so that ratios of
        1 + gap are ratios of makespans.
    looks : dict
        Style of each solver.
    """
    from matplotlib.ticker import FuncFormatter, NullLocator

    ratios = performance_ratios(1 + gaps)
    finite = ratios.to_numpy()[np.isfinite(ratios)]
    widest = min(max(float(finite.max(initial=1.0)), 1.01) * 1.02, _TICKS[-1])
    # dense near 1, where the curves differ most
    grid = 1 + np.concatenate([[0], np.geomspace(1e-4, widest - 1, _SHARE_POINTS)])
    figure, axes = new_figure()
    for solver, style in looks.items():
        _draw_share(axes, grid, fraction_within(ratios[solver], grid), solver, style)
    if widest > _TICKS[3]:
        axes.set_xscale("log")
        axes.set_xticks([tick for tick in _TICKS if tick <= widest])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlim=(1, widest), xlabel="makespan / best makespan", ylabel="share of runs (%)")
    legend_below(figure, axes)
    return figure


def ecdf_figure(cells: pd.DataFrame, looks: Looks, axis: str) -> Figure:
    """Draw the share of pairs of a run and a target gap that were met, against the cost.

    The targets are `ECDF_TARGETS`; as a lower bound may be out of reach, so may 100 %.
    """
    times = hitting_times(cells, axis, ECDF_TARGETS)
    # the axis ends where the last target was met: after it no curve rises
    met = times.to_numpy()[np.isfinite(times) & (times > 0)]
    start, end = (met.min(), met.max()) if met.size else (1.0, 1.0)
    grid = np.geomspace(start, max(end, 1.01 * start), _SHARE_POINTS)
    figure, axes = new_figure()
    for solver, style in looks.items():
        mine = times.xs(solver, level="solver")
        _draw_share(axes, grid, fraction_within(mine, grid), solver, style)
    cost_axis(axes, axis)
    axes.set_ylabel("runs × targets met (%)")
    legend_below(figure, axes)
    return figure


def _draw_share(
    axes: Axes, x: FloatArray, share: FloatArray, label: str, style: dict[str, Any]
) -> None:
    """Draw one step curve in per cent."""
    # unclipped, so that marks on the edge are whole
    axes.step(x, 100 * share, where="post", label=label, markevery=0.2, clip_on=False, **style)
