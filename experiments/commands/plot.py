"""`edgeopt plot`: the figures of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def plot_command(
    folder: Annotated[Path, typer.Argument(help="Output folder of a finished sweep")],
) -> None:
    """Draw convergence and gap figures beside a sweep's results, as PNG and PDF."""
    from edgeopt.experiments.sweep.figures import plot_sweep

    for path in plot_sweep(folder):
        print(path)
