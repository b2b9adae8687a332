"""`edgeopt simulate`: schemes on streams of tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    from edgeopt.experiments.simulation.config import SimulationConfig


SOME_FAILED = 1


def simulate(
    file: Annotated[
        Path, typer.Argument(help="TOML file: network, system, nodes, streams, schemes")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables and figures; an unfinished simulation goes on"),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes, with --out")] = 1,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run failed runs again")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Run every scheme on every stream and pool, and print delays, energy and uploads."""
    from edgeopt.experiments.simulation.config import read_simulation

    if jobs < 1:
        raise InputError("--jobs", jobs, "an integer >= 1")
    if out is None and (jobs > 1 or retry_failed):
        raise InputError("--out", None, "given with --jobs or --retry-failed")
    config = read_simulation(file)
    rows = _run_here(config) if out is None else _run_in(config, out, jobs, retry_failed)
    show_simulation(config, rows, out, as_json=as_json)


def show_simulation(
    config: SimulationConfig, rows: list[dict[str, Any]], out: Path | None, *, as_json: bool = False
) -> None:
    """Print the table of a finished simulation, and write it with the figures to a folder."""
    from rich.console import Console

    from edgeopt.experiments.simulation.summary import (
        in_order,
        print_summary,
        summarize_runs,
        write_tables,
    )

    paths: list[Path] = []
    if out is None:
        summary = summarize_runs(in_order(config, rows))
    else:
        from edgeopt.experiments.simulation.figures import plot_simulation

        summary = write_tables(config, rows, out)
        paths = [out / "summary.csv", out / "summary.json", *plot_simulation(config, summary, out)]
    if as_json:
        print(json.dumps(summary, indent=1, allow_nan=False))
    else:
        print_summary(summary)
        for path in paths:
            Console().print(f"written: {path}", soft_wrap=True, highlight=False)
    if any(row["failed"] for row in summary):
        raise typer.Exit(SOME_FAILED)


def _run_here(config: SimulationConfig) -> list[dict[str, Any]]:
    """Run all cells in this process and keep nothing on disk."""
    from edgeopt.experiments.runs.cell import run_cell
    from edgeopt.experiments.simulation.cell import simulation_cells

    return [run_cell(cell) for cell in simulation_cells(config)]


def _run_in(
    config: SimulationConfig, out: Path, jobs: int, retry_failed: bool
) -> list[dict[str, Any]]:
    """Run what is not in the folder yet."""
    from edgeopt.experiments.runs.run import run_with_bar

    return rows_of(run_with_bar(config, out, jobs=jobs, retry_failed=retry_failed))


def rows_of(cells: Any) -> list[dict[str, Any]]:
    """Return the rows of a table of cells."""
    rows: list[dict[str, Any]] = cells.to_dict("records")
    return rows
