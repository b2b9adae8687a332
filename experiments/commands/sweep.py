"""`edgeopt sweep`: many solvers on many problems, many times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from problems.atomic import write_atomically
from problems.errors import InputError

SOME_FAILED = 1


def sweep(
    file: Annotated[Path, typer.Argument(help="TOML file: problems, repetitions, budget, solvers")],
    out: Annotated[Path, typer.Option(help="Folder for the results; an unfinished sweep goes on")],
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run failed cells again")
    ] = False,
) -> None:
    """Run every solver on every problem, and print and write the table."""
    from experiments.sweep.config import read_config
    from experiments.sweep.run import run_sweep
    from experiments.sweep.summary import gap_table, summarize

    if jobs < 1:
        raise InputError("--jobs", jobs, "an integer >= 1")
    config = read_config(file)
    with _progress_bar() as bar:
        task = bar.add_task("cells", total=None)
        cells = run_sweep(
            config,
            out,
            jobs=jobs,
            retry_failed=retry_failed,
            report=lambda done, total: bar.update(task, completed=done, total=total),
        )
    summary = summarize(cells)
    write_atomically(out / "summary.csv", summary.to_csv(index=False, float_format="%.8g").encode())
    console = Console()
    console.print(gap_table(summary, list(config.problems), list(config.solvers)))
    console.print(f"written: {out / 'cells.parquet'}, {out / 'summary.csv'}", soft_wrap=True)
    failed = int(summary["failed"].sum())
    if failed:
        console.print(f"{failed} cells failed; their tracebacks are in {out / 'cells.parquet'}")
        raise typer.Exit(SOME_FAILED)


def _progress_bar() -> Progress:
    """Return a bar on standard error with the time that is left."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    hidden = not console.is_terminal
    return Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=hidden
    )
