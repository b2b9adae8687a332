"""The figures of a report by file name, drawn when they are asked for.

They go into the page as SVG and beside it as PDF.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from edgeopt.experiments.report.analysis import Analysis
from edgeopt.experiments.statistics.anytime import AXES
from edgeopt.experiments.statistics.comparison import Comparison
from edgeopt.experiments.style import one_font_warning, paper_style, plain_names, save_figure
from edgeopt.experiments.sweep.figures.canvas import PLAIN, SIZE, gather_legends
from edgeopt.experiments.sweep.figures.choice import choose_runs
from edgeopt.experiments.sweep.figures.curves import plot_convergence
from edgeopt.experiments.sweep.figures.ranks import draw_ranks
from edgeopt.experiments.sweep.figures.shares import plot_ecdf, plot_profile
from edgeopt.experiments.text import file_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


Draw = Callable[[], "Figure"]

_SHOWN_PROBLEMS = 12

_STILL_CURVES = 48  # on an axis of the page; each is about 7 kB

# in an address; quotes in it would need more letters as a part of HTML
_PLAIN_SIGNS = " !$()*+,-./:;=?@[]^_`{|}~"

# on the page, the reader's own sans-serif; the salt makes identifiers repeat
_PAGE: Any = {"font.family": "sans-serif", "svg.fonttype": "none", "svg.hashsalt": "edgeopt"}


def report_figures(analysis: Analysis) -> dict[str, Draw]:
    """Return ``ranks-AXIS-UNIT``, ``profile-AXIS``, ``ecdf-AXIS`` and all of convergence."""
    drawings: dict[str, Draw] = {}
    styles = choose_runs(analysis.cells).styles
    for comparison in analysis.comparisons:
        if comparison.friedman is not None:
            name = f"ranks-{comparison.axis}-{comparison.unit}"
            drawings[name] = partial(rank_figure, comparison, styles)
    for axis in AXES:
        for name, plot in (("profile", plot_profile), ("ecdf", plot_ecdf)):
            drawings[f"{name}-{axis}"] = partial(panel_figure, plot, analysis, x=axis)
        for problem in shown_problems(analysis):
            name = convergence_name(analysis, problem, axis)
            drawings[name] = convergence(analysis, problem, axis)
    return drawings


def shown_problems(analysis: Analysis) -> list[str]:
    """Return the problems whose convergence is drawn: the first ones with a schedule."""
    found = analysis.cells[analysis.cells["gap"] < float("inf")]["problem"].unique()
    return [name for name in analysis.problems if name in found][:_SHOWN_PROBLEMS]


def still_problems(analysis: Analysis) -> list[str]:
    """Return those whose convergence is also a still image of the page: few if there are many."""
    most = max(1, _STILL_CURVES // len(analysis.solvers))
    return shown_problems(analysis)[:most]


def convergence(analysis: Analysis, problem: str, axis: str) -> Draw:
    """Return the drawing of one problem's convergence."""
    return partial(panel_figure, plot_convergence, analysis, problem=problem, x=axis)


def convergence_name(analysis: Analysis, problem: str, axis: str) -> str:
    """Return the file name of one problem's convergence; its number gives the order."""
    place = list(analysis.problems).index(problem)
    return f"convergence-{place + 1:02d}-{file_names(analysis.problems.values())[place]}-{axis}"


def panel_figure(plot: Callable[..., Axes], analysis: Analysis, **options: Any) -> Figure:
    """Return a figure of one of the functions that draw a sweep."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE)
    plot(analysis.cells, figure.subplots(), **options)
    gather_legends(figure)
    return figure


def rank_figure(comparison: Comparison, styles: dict[str, dict[str, Any]]) -> Figure:
    """Return the diagram of a comparison of at least 3 solvers in 2 blocks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 1.3 + 0.13 * len(comparison.ranking)))
    draw_ranks(figure.subplots(), comparison, styles)
    return figure


# Figures as parts of the page and as files for a paper.


def svg_address(draw: Draw) -> str:
    """Return a figure as a ``data:`` address of SVG, which can neither load nor run anything."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with paper_style(), mpl.rc_context(PLAIN | _PAGE), one_font_warning():
        figure = draw()
        plain_names(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # hundredths of a point are precise enough, and make the page much smaller; texts stay
    rounded = re.sub(rb"<[^>]*>", _rounded, buffer.getvalue()).decode()
    # an address has no line breaks
    return "data:image/svg+xml," + quote(rounded.replace("\n", " "), safe=_PLAIN_SIGNS)


def _rounded(tag: re.Match[bytes]) -> bytes:
    """Return a tag with its numbers cut to two decimal places."""
    return re.sub(rb"(\.\d\d)\d+", rb"\1", tag[0])


def write_pdf(draw: Draw, path: Path) -> Path:
    """Write a figure as PDF without a date, and return the path."""
    import matplotlib as mpl

    with paper_style(), mpl.rc_context(PLAIN):
        figure = draw()
        plain_names(figure)
        return save_figure(figure, path.parent, path.stem, ["pdf"])[0]
