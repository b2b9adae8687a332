"""`edgeopt report`: a sweep as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.terminal import say


def report_command(
    folder: Annotated[Path, typer.Argument(help="Output folder of a sweep")],
    out: Annotated[
        Path | None, typer.Option(help="HTML file (default: report.html in the folder)")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Headings that LaTeX tables keep: 'solver,average rank,gap %'"),
    ] = None,
    adversary: Annotated[
        Path | None,
        typer.Option(help="Output of edgeopt adversary, whose worst instances become a section"),
    ] = None,
) -> None:
    """Write a self-contained HTML report of a sweep, with LaTeX tables and PDF figures."""
    from edgeopt.experiments.report.page import write_report

    chosen = None if columns is None else [name.strip() for name in columns.split(",")]
    files = write_report(folder, out, columns=chosen, adversary=adversary)
    say(files[0])
    say(f"{files[-1].parent}/  {len(files) - 1} LaTeX tables and PDF figures")
    running.tell_missing(folder)
