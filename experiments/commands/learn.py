"""`edgeopt learn`: schemes that train a network over edge and cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from edgeopt.experiments.text import scaled, table_console, terminal_table
from edgeopt.problems.errors import InputError
from edgeopt.problems.extras import import_extra

if TYPE_CHECKING:
    from edgeopt.experiments.learning.config import LearningConfig


_TITLES = ("scheme", "error %", "end %", "exit %", "asleep %", "up MB", "down MB", "time s")


def learn(
    file: Annotated[Path, typer.Argument(help="TOML file: data, network, system, schemes")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables and figures; unfinished training goes on"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data instead of the file's")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Train by every scheme, and print errors, bytes and simulated seconds."""
    import_extra("torch", "torch")
    from edgeopt.experiments.learning.config import read_learning
    from edgeopt.experiments.learning.run import run_with_bar
    from edgeopt.experiments.learning.summary import as_json as to_json
    from edgeopt.experiments.learning.summary import write_tables

    if jobs < 1:
        raise InputError("--jobs", jobs, "an integer >= 1")
    config = read_learning(file, None if data is None else str(data.resolve()))
    rows = run_with_bar(config, out, jobs)
    paths = []
    if out is not None:
        from edgeopt.experiments.learning.figures import plot_learning

        paths = [*write_tables(config, rows, out), *plot_learning(config, rows, out)]
    if as_json:
        print(to_json(config, rows))
        return
    _print_summary(config, rows)
    for path in paths:
        Console().print(f"written: {path}", soft_wrap=True, highlight=False)


def _print_summary(config: LearningConfig, rows: list[dict[str, Any]]) -> None:
    """Print a table with a line for each scheme."""
    from edgeopt.experiments.learning.summary import summarize

    title = f"{config.data}, {config.network}, {config.repetitions} runs"
    target = f"s to {100 * config.target_error:g} %"
    cells = [_cells(row) for row in summarize(config, rows)]
    table_console().print(terminal_table([*_TITLES, target], cells, title=title))


def _cells(row: dict[str, Any]) -> list[str]:
    """Return the line of a scheme."""
    half = "" if row["error_half"] is None else f" ± {100 * row['error_half']:.2g}"
    return [
        row["scheme"],
        f"{100 * row['error']:.2f}{half}",
        scaled(row["final_error"], 100, ".2f"),
        scaled(row["exit_error"], 100, ".2f"),
        scaled(row["asleep"], 100, ".1f"),
        scaled(row["up_bytes"], 1e-6, ".2f"),
        scaled(row["down_bytes"], 1e-6, ".2f"),
        scaled(row["seconds"], 1, ".1f"),
        scaled(row["seconds_to_target"], 1, ".1f"),
    ]
