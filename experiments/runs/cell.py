"""What the engine asks of a kind of runs: a configuration, its cells, and the columns of a row.

The engine knows no kind. A configuration says what is to be run, each of its cells runs once, and
a `RunKind` says what the rows look like.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Row = dict[str, Any]

FAILED = "failed"

FINISHED = "finished"

_FIRST = {"key": "text", "code": "text"}

_RUN = {"repetition": "integer", "seed": "unsigned"}

_LAST = {"status": "text", "error": "text", "cell_seconds": "float"}


@dataclass(frozen=True)
class RunKind:
    """What the rows of a kind of runs look like.

    Attributes
    ----------
    name : str
        Of the kind.
    names : mapping of str to str
        Columns that say which cell a row belongs to, besides its repetition, and their types; the
        last one is the solver's, or what else is compared.
    columns : mapping of str to str
        Columns of an outcome, of other names than the engine's, and their types: each one of
        `parts.TYPES`.
    aside : tuple of str
        Fields of the configuration that no row depends on.
    """

    name: str
    names: Mapping[str, str]
    columns: Mapping[str, str]
    aside: tuple[str, ...] = ("time_limit",)

    @property
    def table(self) -> dict[str, str]:
        """All columns and their types, in the order of the table."""
        return {**_FIRST, **self.names, **_RUN, **self.columns, **_LAST}

    @property
    def required(self) -> tuple[str, ...]:
        """Columns in which every row has a value."""
        return (*_FIRST, *self.names, *_RUN, "status")


class AnyCell(Protocol):
    """One run, made of plain values: processes and machines hand it on."""

    @property
    def label(self) -> str:
        """Name of the solver or scheme; cells of one label compile the same."""

    @property
    def repetition(self) -> int:
        """Which of the runs of this name."""

    @property
    def seed(self) -> int:
        """Root of all randomness."""

    @property
    def key(self) -> str:
        """Hash of everything that names the cell or that its outcome depends on, code too."""

    @property
    def code(self) -> str:
        """Which code a row is made with."""

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns `RunKind.names`."""

    def warm_up(self) -> None:
        """Compile what the cell needs, once in each process, before it is timed."""

    def outcome(self, folder: Path | None = None) -> Row:
        """Run the cell and return the columns `RunKind.columns`, ``status`` and ``error``.

        A cell may keep files of its own in a folder, from which it resumes after a kill.
        """


class AnyConfig(Protocol):
    """What is to be run; values that can be checked without work are, when it is made."""

    @property
    def kind(self) -> RunKind:
        """What the rows look like."""

    @property
    def time_limit(self) -> float | None:
        """Wall time in s after which a cell is ended from outside; None: no limit."""

    def check(self) -> None:
        """Raise `InputError` for what can be found out before any cell is run."""

    def cells(self) -> Iterator[AnyCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all labels."""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""


def run_cell(cell: AnyCell, folder: Path | None = None) -> Row:
    """Run a cell and return its row; an error is a row too, with the traceback.

    Examples
    --------
    See `SimulationConfig`.
    """
    start = time.perf_counter()
    row = name_row(cell)
    try:
        row |= cell.outcome(folder)
    except (Exception, SystemExit):
        row |= {"status": FAILED, "error": traceback.format_exc()}
    return row | {"cell_seconds": time.perf_counter() - start}


def name_row(cell: AnyCell) -> Row:
    """Return the columns that say which cell a row belongs to."""
    run = {"repetition": cell.repetition, "seed": cell.seed}
    return {"key": cell.key, "code": cell.code, **cell.names, **run}


def failed_row(cell: AnyCell, error: str, seconds: float) -> Row:
    """Return the row of a cell that could not make its own; `seconds` since it was begun."""
    return {**name_row(cell), "status": FAILED, "error": error, "cell_seconds": seconds}


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
