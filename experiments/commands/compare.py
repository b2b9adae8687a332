"""`edgeopt compare`: ranking and tests of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.statistics.anytime import COST_AXES
from edgeopt.experiments.statistics.blocks import BLOCK_UNITS
from edgeopt.experiments.terminal import table_console, terminal_table
from edgeopt.problems.errors import InputError

# of the ranking table, as many as fit into 80 characters
_COLUMNS = ("solver", "average rank", "gap %", "95 % interval of gap", "effect", "p paired")


def compare_command(
    folder: Annotated[Path, typer.Argument(help="Output folder of a sweep")],
    at: Annotated[
        str | None,
        typer.Option(
            help=f"Compare at equal {' | '.join(COST_AXES)} (default: as the budget of the sweep)"
        ),
    ] = None,
    unit: Annotated[
        str, typer.Option(help=f"Unit of the tests: {' | '.join(BLOCK_UNITS)}")
    ] = BLOCK_UNITS[0],
) -> None:
    """Rank the solvers of a sweep, with confidence intervals and tests."""
    from edgeopt.experiments.report.content import verdict
    from edgeopt.experiments.report.tables import ranking_table
    from edgeopt.experiments.statistics.comparison import compare_solvers
    from edgeopt.experiments.sweep.summary import read_solver_cells

    cells = read_solver_cells(folder)
    if not (cells["gap"] < float("inf")).any():
        rule = "a sweep with a schedule: there is nothing to compare"
        raise InputError("folder", str(folder), rule)
    comparison = compare_solvers(cells, axis=at, unit=unit)
    table = ranking_table(comparison)
    kept = [table.columns.index(column) for column in _COLUMNS]
    rows = [[row[place].text for place in kept] for row in table.rows]
    console = table_console()
    console.print(terminal_table(_COLUMNS, rows, title=table.title))
    for text in (verdict(comparison), comparison.cut, *comparison.cautions):
        console.print(text)
    running.tell_missing(folder)
