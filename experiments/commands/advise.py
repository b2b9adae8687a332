"""`edgeopt advise`: which solver to take, from sweeps at several budgets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.terminal import say, table_console, terminal_table
from edgeopt.experiments.text import percent

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


_COLUMNS = ("size", "within", "take", "gap %", "best rule", "its gap %")


def advise_command(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...", help="Output folders of a sweep at several budgets of seconds"
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for tables (CSV) and figures")],
    rules: Annotated[
        str, typer.Option(help="Quick rules that the others have to beat")
    ] = "lpt,sufferage",
) -> None:
    """Say which solver to take for how many tasks and nodes within how many seconds."""
    from edgeopt.experiments.report.advice import write_advice

    names = [name.strip() for name in rules.split(",")]
    advice, paths = write_advice(folders, names, out)
    table_console().print(_table(advice))
    for path in paths:
        say(path)
    for folder in folders:
        running.tell_missing(folder)


def _table(advice: pd.DataFrame) -> Table:
    """Return the advice on all families together, size by size."""
    from edgeopt.experiments.statistics.groups import ALL
    from edgeopt.experiments.statistics.spending import cost_text

    rows = [
        (
            row["size"],
            cost_text(float(row["budget"]), row["kind"]),
            row["take"],
            percent(row["gap"]),
            row["rule"],
            percent(row["rule_gap"]),
        )
        for row in advice[advice["family"] == ALL].to_dict("records")
    ]
    return terminal_table(_COLUMNS, rows, align="lrlrlr")
