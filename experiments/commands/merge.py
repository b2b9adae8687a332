"""`edgeopt merge`: folders of several people and machines, joined."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.terminal import say


def merge_command(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of runs of one kind")],
    out: Annotated[Path, typer.Option(help="New folder for all of them together")],
) -> None:
    """Join folders of sweeps, or of other runs of one kind, into a new one."""
    from edgeopt.experiments.runs.merge import merge_runs
    from edgeopt.experiments.runs.status import read_status

    notes = merge_runs(folders, out)
    for note in notes:
        say(note, error=True)
    status = read_status(out)
    counts = f"{status.cells} cells, {status.finished} finished, {status.failed} failed"
    say(f"written: {out}, from {len(folders)} folders: {counts}")
    running.tell_missing(out)
