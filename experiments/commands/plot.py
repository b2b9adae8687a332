"""`edgeopt plot`: the figures of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeopt.experiments.commands import running


def plot_command(
    folder: Annotated[Path, typer.Argument(help="Output folder of a sweep")],
) -> None:
    """Draw the convergence and gap figures of a sweep as PNG and PDF, in its folder."""
    from edgeopt.experiments.sweep.figures import plot_sweep

    for path in plot_sweep(folder):
        print(path)
    running.tell_missing(folder)
