"""`edgeopt sweep`: many solvers on many problems, many times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.text import table_console
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

    from edgeopt.experiments.sweep.config import SweepConfig


@running.with_run_options
def sweep_command(
    file: Annotated[
        Path | None, typer.Argument(help="TOML file: problems, repetitions, budget, solvers")
    ] = None,
    *,
    options: running.RunOptions,
) -> None:
    """Run every solver on every problem, and print and write a table of gaps."""
    from edgeopt.experiments.sweep.config import read_config

    config = running.config_to_run("sweep", file, options, read_config)
    if config is None:
        return
    if options.out is None:
        raise InputError("--out", None, "given, the folder for the results")
    _print_cells(running.run_to_end(config, options), config, options.out)


def _print_cells(cells: pd.DataFrame, config: SweepConfig, out: Path) -> None:
    """Print the table of a sweep, write it, and say what failed or is of older code."""
    from edgeopt.experiments.runs.store import CELLS, OLDER, older_cells
    from edgeopt.experiments.statistics.completeness import left_out
    from edgeopt.experiments.statistics.spending import overruns
    from edgeopt.experiments.sweep.summary import gap_table, summarize_sweep

    cells.attrs["budget"] = config.budget
    summary = summarize_sweep(cells)
    write_atomically(out / "summary.csv", summary.to_csv(index=False, float_format="%.8g").encode())
    console = table_console()
    console.print(gap_table(summary, list(config.problems), list(config.solvers)))
    for text in (*overruns(cells, config.budget), *left_out(cells)):
        console.print(text)
    console.print(f"written: {out / CELLS}, {out / 'summary.csv'}", soft_wrap=True)
    older = older_cells(out)
    if older:
        console.print(f"{older} rows of other code or content: kept in {out / OLDER}, not counted")
    failed = int(summary["failed"].sum())
    if failed:
        console.print(f"{failed} cells failed; their tracebacks are in {out / CELLS}")
        raise typer.Exit(running.SOME_FAILED)
