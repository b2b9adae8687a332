"""The interface between the engine and a kind of run: configuration, cells, columns of a row.

The engine knows no kind. A configuration yields cells, each cell runs once and gives a row, and a
`RunKind` declares the columns of the rows.
"""

from __future__ import annotations

import math
import textwrap
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edgeopt.experiments.runs.checks import printable_row
from edgeopt.problems.files import printable

Row = dict[str, Any]

FAILED = "failed"

FINISHED = "finished"

_FIRST = {"key": "text", "code": "text"}

_RUN = {"repetition": "integer", "seed": "unsigned"}

_REASON = 200  # characters of a failure's reason

_LAST = {"status": "text", "error": "text", "cell_seconds": "float"}


def _is_table(config: dict[str, Any]) -> bool:
    """Accept any configuration."""
    return isinstance(config, dict)


@dataclass(frozen=True)
class Shape:
    """What the rows and the configuration of a kind have to be, besides the types of columns.

    Attributes
    ----------
    full : tuple of str
        Columns that have a value in every row of a run that did not fail.
    equal : tuple of tuple of str
        Columns of one length each, where they have a value; a number is a length.
    together : tuple of tuple of str
        Columns that all have a value, or none of them.
    lengths : mapping of str to int
        Lengths of columns.
    finite : tuple of str
        Columns of finite numbers, or of lists of them.
    config : callable
        Whether a stored configuration can be used.
    """

    full: tuple[str, ...] = ()
    equal: tuple[tuple[str, ...], ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    lengths: Mapping[str, int] = field(default_factory=dict)
    finite: tuple[str, ...] = ()
    config: Callable[[dict[str, Any]], bool] = _is_table

    @property
    def columns(self) -> set[str]:
        """The columns that are named here: the rows of every folder have them."""
        groups = (self.full, self.finite, self.lengths, *self.equal, *self.together)
        return set().union(*groups)

    def fits(self, row: Row) -> bool:
        """Whether a row has this shape."""
        if row["status"] != FAILED and any(row.get(name) is None for name in self.full):
            return False
        if not all(_is_finite(row.get(name)) for name in self.finite):
            return False
        if any(len({row.get(name) is None for name in group}) > 1 for group in self.together):
            return False
        found = ({_length(row.get(name)) for name in group} - {None} for group in self.equal)
        return all(len(lengths) <= 1 for lengths in found) and all(
            _length(row.get(name)) in (None, length) for name, length in self.lengths.items()
        )


def _is_finite(value: Any) -> bool:
    """Whether a value is no infinite number, and has none."""
    if isinstance(value, list):
        return all(each is not None and math.isfinite(each) for each in value)
    return value is None or math.isfinite(value)


def _length(value: Any) -> int | None:
    """Return the length of a list, or a number of things."""
    return len(value) if isinstance(value, list) else value


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
    shape : Shape
        Of the rows; a folder does not have it.
    """

    name: str
    names: Mapping[str, str]
    columns: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = field(default_factory=Shape, compare=False)

    @property
    def table(self) -> dict[str, str]:
        """All columns and their types, in the order of the table."""
        return {**_FIRST, **self.names, **_RUN, **self.facts, **self.columns, **_LAST}

    @property
    def required(self) -> tuple[str, ...]:
        """Columns in which every row has a value."""
        return (*_FIRST, *self.names, *_RUN, "status", "cell_seconds")


SHAPES: dict[str, Shape] = {}
"""Shapes by name of the kind, of those kinds that are imported."""


def declare(kind: RunKind) -> RunKind:
    """Make the shape of a kind known to those who read its folders."""
    SHAPES[kind.name] = kind.shape
    return kind


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
    def is_foreign(self) -> bool:
        """Whether code that is not ours runs, of which nothing is expected."""

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns `RunKind.names`."""

    @property
    def contents(self) -> dict[str, str]:
        """Hash of what a name stands for, where it is known; folders may name it differently."""

    @property
    def facts(self) -> dict[str, str]:
        """Values of the columns `RunKind.facts`, which are known before the run."""

    def prepare(self) -> None:
        """Load what the runs of all solvers need, of our own code only; it starts no threads."""

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
    return name_row(cell) | failure(error, seconds)


def failure(error: str, seconds: float) -> Row:
    """Return the columns of a failed row that do not identify its cell."""
    return {"status": FAILED, "error": printable(error), "cell_seconds": seconds}


def reason_of(error: str | float | None) -> str:
    r"""Return what a traceback ends with, the error and its message, as one line.

    A table has None or NaN where there is no text.

    Examples
    --------
    >>> from edgeopt.experiments.runs.cell import reason_of
    >>> reason_of('Traceback:\n  File "mine.py", line 3\n    solve(x)\nValueError: two\nlines')
    'ValueError: two lines'
    """
    text = error.strip() if isinstance(error, str) else ""
    lines = (text or "no error is known").splitlines()
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
