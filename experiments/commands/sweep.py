"""`edgeopt sweep`: many solvers on many problems, many times."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeopt.experiments.commands.simulate import rows_of, show_simulation
from edgeopt.experiments.runs.run import run_with_bar
from edgeopt.experiments.text import table_console
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

    from edgeopt.experiments.runs.run import Status
    from edgeopt.experiments.sweep.config import SweepConfig


SOME_FAILED = 1


def sweep(
    file: Annotated[
        Path | None,
        typer.Argument(help="TOML file: problems, repetitions, budget, solvers; or a simulation"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; an unfinished sweep goes on")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="Dask scheduler, tcp://host:port, whose workers do the work")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run failed cells again")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run and how long it would take")
    ] = False,
    status: Annotated[
        Path | None, typer.Option(help="Say how far the sweep in this folder is, and do nothing")
    ] = None,
) -> None:
    """Run every solver on every problem, and print and write the table."""
    from edgeopt.experiments.commands.kinds import read_any
    from edgeopt.experiments.runs.run import read_status, status_of
    from edgeopt.experiments.simulation.config import SimulationConfig

    if jobs < 1:
        raise InputError("--jobs", jobs, "an integer >= 1")
    if status is not None:
        _print_status(read_status(status), jobs)
        return
    if file is None:
        raise InputError("FILE", None, "given, unless --status DIR is")
    config = read_any(file)
    if dry_run:
        _print_status(status_of(config, out, retry_failed), jobs)
        return
    if out is None:
        raise InputError("--out", None, "given, the folder for the results")
    cells = run_with_bar(config, out, jobs=jobs, cluster=cluster, retry_failed=retry_failed)
    if isinstance(config, SimulationConfig):
        show_simulation(config, rows_of(cells), out)
    else:
        _print_cells(cells, config, out)


def _print_cells(cells: pd.DataFrame, config: SweepConfig, out: Path) -> None:
    """Print the table of a sweep, write it, and say what failed or is of older code."""
    from edgeopt.experiments.runs.store import CELLS, OLDER, older_cells
    from edgeopt.experiments.sweep.summary import gap_table, summarize

    summary = summarize(cells)
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


def _print_status(status: Status, jobs: int) -> None:
    """Print numbers of cells and the time that is left."""
    counts = f"{status.finished} finished, {status.failed} failed, {status.open} to run"
    print(f"{status.cells} cells: {counts}")
    if status.older:
        print(f"{status.older} rows of other code or content are kept, not counted")
    if status.open and status.seconds is None:
        print("time left: unknown before the first cell is finished")
    elif status.open and status.seconds is not None:
        left = timedelta(seconds=round(status.seconds / jobs))
        print(f"time left: about {left} with --jobs {jobs}")
