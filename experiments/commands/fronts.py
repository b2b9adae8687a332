"""`edgeopt fronts`: fronts of several methods, compared by their hypervolume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.terminal import say, table_console, terminal_table
from edgeopt.experiments.text import percent

_COLUMNS = ("problem", "method", "seed", "seconds", "schedules", "share %", "of best %")


def fronts_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Output of edgeopt front --json"),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the table (CSV) and figures")],
) -> None:
    """Compare fronts by the share of the largest possible hypervolume that they have."""
    from edgeopt.experiments.report.fronts import write_fronts

    rows, paths = write_fronts(files, out)
    shown = [
        (
            row["problem"],
            row["method"],
            str(row["seed"]),
            f"{row['seconds']:.1f}",
            str(row["schedules"]),
            percent(row["share"]),
            percent(row["share_of_best"]),
        )
        for row in rows
    ]
    table_console().print(terminal_table(_COLUMNS, shown, align="llrrrrr"))
    for path in paths:
        say(path)
