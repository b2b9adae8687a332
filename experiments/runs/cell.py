"""What identifies a cell of any sweep."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeopt.experiments.commands.kinds import AnyCell


@dataclass(frozen=True)
class CellName:
    """The fields of all kinds of cells.

    Attributes
    ----------
    problem, digest : str
        Spec of the problem, or stream and number of nodes; and hash of the content of its files.
    label : str
        Name of the solver, or scheme, in the file.
    solver : str
        JSON of its table.
    repetition, seed : int
        Which run, and the root seed.
    budget : str
        JSON of the budget, or of stream and world.
    """

    problem: str
    digest: str
    label: str
    solver: str
    repetition: int
    seed: int
    budget: str


# Which row of a key counts: a finished one stays, a failed one gives way.


def merge_newer(rows: dict[str, Row], newer: Iterable[Row]) -> None:
    """Add rows in place, by key, over those that failed."""
    for row in newer:
        if rows.setdefault(row["key"], row)["status"] == FAILED:
            rows[row["key"]] = row


def merge_older(rows: dict[str, Row], older: Iterable[Row]) -> None:
    """Add rows in place, by key, where there is none or a failed one while these are finished."""
    for row in older:
        if rows.setdefault(row["key"], row)["status"] == FAILED != row["status"]:
            rows[row["key"]] = row


Row = dict[str, Any]

FAILED = "failed"

COLUMNS = (
    *("key", "code", "problem", "solver", "repetition", "seed", "budget"),
    *("tasks", "nodes", "makespan", "lower_bound", "gap", "iterations", "evaluations", "seconds"),
    *("status", "error", "cell_seconds", "assignment"),
    *("trace_iterations", "trace_evaluations", "trace_seconds", "trace_makespan"),
    "measures",
)


def run_cell(cell: AnyCell) -> Row:
    """Run a cell and return its row; an error is a row too, with the traceback.

    Examples
    --------
    See `SimulationConfig`.
    """
    start = time.perf_counter()
    row = name_row(cell)
    try:
        row |= cell.outcome()
    except (Exception, SystemExit):
        row |= {"status": FAILED, "error": traceback.format_exc()}
    return row | {"cell_seconds": time.perf_counter() - start}


def name_row(cell: AnyCell) -> Row:
    """Return the columns that say which cell a row belongs to."""
    return {
        "key": cell.key,
        "code": cell.code,
        "problem": cell.problem,
        "solver": cell.label,
        "repetition": cell.repetition,
        "seed": cell.seed,
        "budget": cell.budget,
    }


def failed_row(cell: AnyCell, error: str, seconds: float) -> Row:
    """Return the row of a cell that could not make its own; `seconds` since it was begun."""
    return {**name_row(cell), "status": FAILED, "error": error, "cell_seconds": seconds}
