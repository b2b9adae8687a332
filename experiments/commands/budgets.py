"""`edgeopt budgets`: the solvers of a sweep at several budgets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.statistics.anytime import COST_AXES
from edgeopt.experiments.terminal import say
from edgeopt.experiments.text import NOTHING, decimal, markdown_table
from edgeopt.problems.errors import FloatArray, InputError, check_array
from edgeopt.problems.files import make_folder

if TYPE_CHECKING:
    import pandas as pd


_LEVEL = 0.05

_DIGITS = 5  # of the gaps shown: 0.001 %


def budgets_command(
    folder: Annotated[Path, typer.Argument(help="Output folder of a sweep")],
    at: Annotated[str, typer.Option(help="Budgets, such as 0.01,0.1,1")],
    against: Annotated[str, typer.Option(help="Solver to compare the others with")],
    axis: Annotated[
        str | None,
        typer.Option(
            help=f"Unit of the budgets: {' | '.join(COST_AXES)} (default: as that of the sweep)"
        ),
    ] = None,
    problems: Annotated[str, typer.Option(help="Only problems whose name contains this")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for the figure")] = None,
) -> None:
    """Print the median gap of each solver at each budget as Markdown, with tests."""
    from edgeopt.experiments.statistics.anytime import compare_with, gaps_at_budgets
    from edgeopt.experiments.statistics.completeness import left_out
    from edgeopt.experiments.statistics.spending import overruns, own_axis
    from edgeopt.experiments.sweep.summary import read_solver_cells

    cells = read_solver_cells(folder)
    cells = cells[cells["problem"].str.contains(problems, regex=False)]
    if cells.empty:
        raise InputError("problems", problems, f"part of a problem's name in {folder}")
    budget = cells.attrs.get("budget", {})
    axis = axis or own_axis(budget)
    gaps = gaps_at_budgets(cells, axis, _parse(at))
    for line in _markdown(gaps, compare_with(gaps, against)):
        say(line)
    say("", f"Median gap in % over {len(gaps)} problems; –: less than half have a schedule.")
    say(f"▲ better than {against}, ▼ worse (Wilcoxon over problems, Holm, 5 %).")
    for text in (*left_out(cells), *overruns(cells, budget)):
        say(text)
    if out is not None:
        _draw(gaps, axis, cells.attrs["solvers"], out)
    running.tell_missing(folder)


def _parse(text: str) -> FloatArray:
    """Return the budgets, ascending."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError("at", text, "numbers with commas between them") from None
    return np.unique(check_array("at", values, ndim=1, at_least=0))


def _markdown(gaps: pd.DataFrame, tests: pd.DataFrame) -> list[str]:
    """Return the table's lines, best at the largest budget first."""
    medians = gaps.median().unstack(level="budget")
    budgets = list(medians.columns)
    # stable: ties at all budgets keep the order of the solvers
    medians = medians.sort_values(budgets[::-1], kind="stable")
    marks = tests.loc[medians.index].to_numpy()
    values = medians.to_numpy().round(_DIGITS)
    rows = []
    for solver, row, row_marks in zip(medians.index, values, marks, strict=True):
        best = row == values.min(axis=0)
        texts = [_text(*entry) for entry in zip(row, best, row_marks, strict=True)]
        rows.append((str(solver), *texts))
    return markdown_table(["", *(f"{budget:g}" for budget in budgets)], rows, "lr")


def _text(gap: float, best: bool, test: float) -> str:
    """Return one gap in per cent, bold if it is the least, with a mark if it differs."""
    mark = ("▲" if test < 0 else "▼") if abs(test) < _LEVEL else ""
    if not np.isfinite(gap):
        return f"{NOTHING} {mark}".rstrip()
    text = decimal(max(100 * gap, 0.0), 3)
    return f"**{text}** {mark}".rstrip() if best else f"{text} {mark}".rstrip()


def _draw(gaps: pd.DataFrame, axis: str, solvers: list[str], out: Path) -> None:
    """Write the figure, and say where it is."""
    from edgeopt.experiments.style import paper_style, plain_names, save_figure, solver_styles
    from edgeopt.experiments.sweep.figures.budgets import budgets_figure

    make_folder("out", out)
    with paper_style():
        figure = budgets_figure(gaps, axis, solver_styles(solvers))
        plain_names(figure)
        for path in save_figure(figure, out, "budgets"):
            say(path)
