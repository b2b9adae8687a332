"""The interface between the engine and a kind of run: configuration, cells, columns of a row.

The engine knows no kind. A configuration yields cells, each cell runs once and gives a row, and a
`RunKind` declares the columns of the rows.
"""

from __future__ import annotations

import textwrap
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edgeopt.experiments.runs.checks import printable, printable_row

Row = dict[str, Any]

FAILED = "failed"

FINISHED = "finished"

_FIRST = {"key": "text", "code": "text"}

_RUN = {"repetition": "integer", "seed": "unsigned"}

_REASON = 200  # characters of a failure's reason

_LAST = {"status": "text", "error": "text", "cell_seconds": "float"}


@dataclass(frozen=True)
class RunKind:
    """The columns of the rows of a kind of run.

    Attributes
    ----------
    name : str
        Name of the kind.
    names : mapping of str to str
        Columns that, together with the repetition, identify the cell of a row, and their types;
        the last column is what is compared, e.g. the solver.
    columns : mapping of str to str
        Columns of an outcome and their types, each one of `files.TYPES`; no name is one of the
        engine's own columns.
    facts : mapping of str to str
        Columns of `AnyCell.facts` and their types.
    """

    name: str
    names: Mapping[str, str]
    columns: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> dict[str, str]:
        """All columns and their types, in the order of the table."""
        return {**_FIRST, **self.names, **_RUN, **self.facts, **self.columns, **_LAST}

    @property
    def required(self) -> tuple[str, ...]:
        """Columns in which every row has a value."""
        return (*_FIRST, *self.names, *_RUN, "status", "cell_seconds")


class AnyCell(Protocol):
    """One run, made of plain values so that it can be sent to processes and machines."""

    @property
    def label(self) -> str:
        """Name of the solver or scheme; cells of one label compile the same."""

    @property
    def repetition(self) -> int:
        """Number of the run among those with the same names, from 0."""

    @property
    def seed(self) -> int:
        """Root of all randomness."""

    @property
    def key(self) -> str:
        """Hash of everything that the outcome depends on, code too; cells may share one."""

    @property
    def code(self) -> str:
        """Hash of the code that makes the row."""

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns `RunKind.names`."""

    @property
    def contents(self) -> dict[str, str]:
        """Hash of what a name stands for, where it is known; folders may name it differently."""

    @property
    def facts(self) -> dict[str, str]:
        """Values of the columns `RunKind.facts`, which are known before the run."""

    def warm_up(self) -> None:
        """Compile what the cell needs, once in each process, before it is timed."""

    def outcome(self, folder: Path | None = None) -> Row:
        """Run the cell and return the columns `RunKind.columns`, ``status`` and ``error``.

        A cell may keep files of its own in a folder, from which it resumes after a kill.
        """


class AnyConfig(Protocol):
    """What is to be run; the constructor checks all that can be checked without work."""

    @property
    def kind(self) -> RunKind:
        """Columns of the rows."""

    @property
    def time_limit(self) -> float | None:
        """Wall time in s after which a cell is ended from outside; None: no limit."""

    def check(self) -> None:
        """Raise `InputError` for every fault that can be found before a cell is run."""

    def cells(self) -> Iterator[AnyCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all labels."""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""


def run_cell(cell: AnyCell, folder: Path | None = None) -> Row:
    """Run a cell and return its row; if it raises, a failed row with the traceback.

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
    return printable_row(row | {"cell_seconds": time.perf_counter() - start})


def name_row(cell: AnyCell) -> Row:
    """Return the columns that identify the cell of a row, texts as UTF-8 can hold them."""
    run = {"repetition": cell.repetition, "seed": cell.seed}
    return printable_row({"key": cell.key, "code": cell.code, **cell.names, **run, **cell.facts})


def failed_row(cell: AnyCell, error: str, seconds: float) -> Row:
    """Return a failed row for a cell that could not return one, `seconds` after its start."""
    error = printable(error)
    return {**name_row(cell), "status": FAILED, "error": error, "cell_seconds": seconds}


def reason_of(error: str | None) -> str:
    r"""Return what a traceback ends with, the error and its message, as one line.

    Examples
    --------
    >>> from edgeopt.experiments.runs.cell import reason_of
    >>> reason_of('Traceback:\n  File "mine.py", line 3\n    solve(x)\nValueError: two\nlines')
    'ValueError: two lines'
    """
    lines = (error or "no error is known").strip().splitlines()
    frames = [place for place, line in enumerate(lines) if line.startswith('  File "')]
    start = frames[-1] + 1 if frames else len(lines) - 1
    while start < len(lines) - 1 and lines[start].startswith(" "):
        start += 1
    return textwrap.shorten(" ".join(lines[start:]), _REASON, placeholder=" …")


# Two sweeps in one folder, or a retry, leave several rows of one key: a finished row is kept, a
# failed one is replaced.


def merge_newer(rows: dict[str, Row], newer: Iterable[Row]) -> None:
    """Add rows in place, by key; they replace failed ones."""
    for row in newer:
        if rows.setdefault(row["key"], row)["status"] == FAILED:
            rows[row["key"]] = row


def merge_older(rows: dict[str, Row], older: Iterable[Row]) -> None:
    """Add rows in place, by key, where there is none; finished ones also replace failed ones."""
    for row in older:
        if rows.setdefault(row["key"], row)["status"] == FAILED != row["status"]:
            rows[row["key"]] = row
