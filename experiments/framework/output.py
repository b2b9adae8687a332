"""What a simulation leaves in its folder besides its cells: tables and figures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.framework.cell import simulation_cells
from experiments.framework.config import SimulationConfig
from experiments.framework.summary import summarize_runs, table_lines
from problems.atomic import write_atomically

Row = dict[str, Any]


def in_order(config: SimulationConfig, rows: Iterable[Row]) -> list[Row]:
    """Return rows in the order of the file: streams, pools, schemes, repetitions."""
    cells = list(simulation_cells(config))
    problems = list(dict.fromkeys(cell.problem for cell in cells))
    schemes = list(config.schemes)

    def place(row: Row) -> tuple[int, int, int]:
        return problems.index(row["problem"]), schemes.index(row["solver"]), row["repetition"]

    return sorted(rows, key=place)


def write_tables(config: SimulationConfig, rows: Iterable[Row], folder: Path) -> list[Row]:
    """Write ``summary.csv`` and ``summary.json`` and return the summary.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    summary = summarize_runs(in_order(config, rows))
    lines = "\n".join(table_lines(summary)) + "\n"
    write_atomically(folder / "summary.csv", lines.encode())
    text = json.dumps(summary, indent=1, allow_nan=False)
    write_atomically(folder / "summary.json", text.encode())
    return summary
