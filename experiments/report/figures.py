"""The figures of a report by file name, drawn when they are asked for."""

from __future__ import annotations

import re
from functools import partial

from experiments.report.analysis import Analysis
from experiments.report.convergence_panel import convergence_panel
from experiments.report.image import Draw
from experiments.report.rank_figure import rank_figure
from experiments.report.share_figures import ecdf_figure, profile_figure
from experiments.statistics.anytime import AXES, gap_table

SHOWN_PROBLEMS = 12


def figures(analysis: Analysis) -> dict[str, Draw]:
    """Return ``ranks-AXIS-UNIT``, ``profile-AXIS``, ``ecdf-AXIS`` and ``convergence-...``."""
    drawings: dict[str, Draw] = {}
    for comparison in analysis.comparisons:
        if comparison.friedman is not None:
            name = f"ranks-{comparison.axis}-{comparison.unit}"
            drawings[name] = partial(rank_figure, comparison)
    for axis in AXES:
        gaps = gap_table(analysis.cells, axis)
        drawings[f"profile-{axis}"] = partial(profile_figure, gaps, analysis.looks)
        drawings[f"ecdf-{axis}"] = partial(ecdf_figure, analysis.cells, analysis.looks, axis)
        for problem in shown_problems(analysis):
            name = convergence_name(analysis, problem, axis)
            drawings[name] = convergence(analysis, problem, axis, "log")
    return drawings


def shown_problems(analysis: Analysis) -> list[str]:
    """Return the problems whose convergence is drawn: the first with a schedule."""
    found = analysis.cells[analysis.cells["gap"] < float("inf")]["problem"].unique()
    return [name for name in analysis.problems if name in found][:SHOWN_PROBLEMS]


def convergence(analysis: Analysis, problem: str, axis: str, scale: str) -> Draw:
    """Return the drawing of one problem's convergence."""
    here = analysis.cells[analysis.cells["problem"] == problem]
    return partial(convergence_panel, here, analysis.looks, axis, scale)


def convergence_name(analysis: Analysis, problem: str, axis: str) -> str:
    """Return the file name of one problem's convergence, its number making it unique."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", analysis.problems[problem]).strip("-")
    number = list(analysis.problems).index(problem) + 1
    return f"convergence-{number:02d}-{slug}-{axis}"
