"""`edgeopt simulate`: schemes on streams of tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeopt.experiments.commands import running
from edgeopt.experiments.terminal import say

if TYPE_CHECKING:
    from edgeopt.experiments.simulation.config import SimulationConfig


@running.with_run_options
def simulate_command(
    file: Annotated[
        Path | None, typer.Argument(help="TOML file: network, system, nodes, streams, schemes")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
    *,
    options: running.RunOptions,
) -> None:
    """Run every scheme on every stream and pool, and print delays, energy and uploads."""
    from edgeopt.experiments.simulation.config import read_simulation

    config = running.config_to_run("simulation", file, options, read_simulation)
    if config is None:
        return
    cells = running.run_to_end(config, options)
    if not cells.empty:
        show_simulation(config, rows_of(cells), options.out, as_json=as_json)
    running.tell_rest(cells, config.kind, options.out)


def show_simulation(
    config: SimulationConfig, rows: list[dict[str, Any]], out: Path | None, *, as_json: bool = False
) -> None:
    """Print the table of a simulation, and write it with the figures to a folder."""
    from edgeopt.experiments.simulation.summary import (
        in_order,
        print_summary,
        summarize_simulation,
        write_simulation_tables,
    )

    paths: list[Path] = []
    if out is None:
        summary = summarize_simulation(in_order(config, rows))
    else:
        from edgeopt.experiments.simulation.figures import plot_simulation

        summary = write_simulation_tables(config, rows, out)
        paths = [out / "summary.csv", out / "summary.json", *plot_simulation(config, summary, out)]
    if as_json:
        print(json.dumps(summary, indent=1, allow_nan=False))
    else:
        print_summary(summary)
        for path in paths:
            say(f"written: {path}")


def rows_of(cells: Any) -> list[dict[str, Any]]:
    """Return the rows of a table of cells."""
    rows: list[dict[str, Any]] = cells.to_dict("records")
    return rows
