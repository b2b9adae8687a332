"""`edgeopt sweep`: many solvers on many problems, many times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeopt.experiments.commands.running import (
    SOME_FAILED,
    Cluster,
    DryRun,
    Jobs,
    Out,
    RetryFailed,
    RunOptions,
    StatusOf,
    TimeLimit,
    config_to_run,
    run_to_end,
)
from edgeopt.experiments.text import table_console
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

    from edgeopt.experiments.sweep.config import SweepConfig


def sweep_command(
    file: Annotated[
        Path | None, typer.Argument(help="TOML file: problems, repetitions, budget, solvers")
    ] = None,
    out: Out = None,
    jobs: Jobs = 1,
    cluster: Cluster = None,
    time_limit: TimeLimit = None,
    retry_failed: RetryFailed = False,
    dry_run: DryRun = False,
    status: StatusOf = None,
) -> None:
    """Run every solver on every problem, and print and write a table of gaps."""
    from edgeopt.experiments.sweep.config import read_config

    options = RunOptions(out, jobs, cluster, time_limit, retry_failed, dry_run, status)
    config = config_to_run("sweep", file, options, read_config)
    if config is None:
        return
    if out is None:
        raise InputError("--out", None, "given, the folder for the results")
    _print_cells(run_to_end(config, options), config, out)


def _print_cells(cells: pd.DataFrame, config: SweepConfig, out: Path) -> None:
    """Print the table of a sweep, write it, and say what failed or is of older code."""
    from edgeopt.experiments.runs.store import CELLS, OLDER, older_cells
    from edgeopt.experiments.sweep.summary import gap_table, summarize_sweep

    summary = summarize_sweep(cells)
    write_atomically(out / "summary.csv", summary.to_csv(index=False, float_format="%.8g").encode())
    console = table_console()
    console.print(gap_table(summary, list(config.problems), list(config.solvers)))
    console.print(f"written: {out / CELLS}, {out / 'summary.csv'}", soft_wrap=True)
    older = older_cells(out)
    if older:
        console.print(f"{older} rows of other code or content: kept in {out / OLDER}, not counted")
    failed = int(summary["failed"].sum())
    if failed:
        console.print(f"{failed} cells failed; their tracebacks are in {out / CELLS}")
        raise typer.Exit(SOME_FAILED)
