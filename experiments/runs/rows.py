"""What a row must be that is read back: columns, types, and the shape of its kind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.experiments.runs.cell import FAILED, Row, RunKind

if TYPE_CHECKING:
    import pyarrow as pa


_LONGEST_S = 1e9  # of a cell, 30 years: no clock has measured more

# Rows of journals.


def is_row(row: Row, kind: RunKind | None) -> bool:
    """Whether a record is the row of a cell, if `kind` is given of this kind."""
    seconds: Any = row.get("cell_seconds")
    return (
        all(isinstance(row.get(name), str) for name in ("key", "code", "status"))
        and _is_number(seconds)
        and 0 <= seconds <= _LONGEST_S
        and (kind is None or _is_of(row, kind))
    )


def _is_of(row: Row, kind: RunKind) -> bool:
    """Whether a row has the columns of a kind, each of its type."""
    return (
        all(row.get(name) is not None for name in kind.required)
        and all(row.get(name) is None or _FITS[of](row[name]) for name, of in kind.table.items())
        and kind.shape.fits(row)
    )


def _is_text(value: Any) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    """Whether a value is an integer that a column can hold."""
    return type(value) is int and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    """Whether a value is a float, or an integer of the same value as a float."""
    return type(value) is float or (type(value) is int and abs(value) <= 2**53)


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the test of a list."""
    return lambda value: isinstance(value, list) and all(map(fits, value))


_FITS: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "integer": _is_integer,
    "unsigned": lambda value: type(value) is int and 0 <= value < 2**64,
    "float": _is_number,
    "texts": _list_of(_is_text),
    "integers": _list_of(_is_integer),
    "floats": _list_of(lambda value: value is None or _is_number(value)),
}
"""Whether a value, as JSON has it, is of a type of `TYPES`."""


# Rows of parts, whose types are those of the columns.


def fitting(table: pa.Table, kind: RunKind) -> NDArray[np.bool_]:
    """Return which rows fit their kind, as far as columns are there."""
    fits, names = np.ones(len(table), bool), {*table.column_names}
    if "cell_seconds" in names:
        seconds = table["cell_seconds"].to_numpy()
        fits &= (seconds >= 0) & (seconds <= _LONGEST_S)
    for name, of in kind.table.items():
        if name in names and of in ("texts", "integers"):
            fits[_rows_with_nulls(table[name])] = False
    if "status" in names:
        failed = table["status"].to_numpy() == FAILED
        for name in names.intersection(kind.shape.full):
            fits &= failed | table[name].is_valid().to_numpy()
    for name in names.intersection(kind.shape.finite):
        fits &= _are_finite(table[name])
    for group in kind.shape.together:
        for first, second in pairwise(names.intersection(group)):
            fits &= table[first].is_valid().to_numpy() == table[second].is_valid().to_numpy()
    return fits & _of_equal_lengths(table, kind)


def _of_equal_lengths(table: pa.Table, kind: RunKind) -> NDArray[np.bool_]:
    """Return in which rows lists have the lengths that they must have."""
    fits = np.ones(len(table), bool)
    groups = [[_lengths(table, name) for name in group] for group in kind.shape.equal]
    for name, length in kind.shape.lengths.items():
        groups.append([_lengths(table, name), np.full(len(table), length)])
    for first, *others in groups:
        for other in others:
            fits &= (first == other) | (first < 0) | (other < 0)
    return fits


def _are_finite(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return which rows have no infinite number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(column.type):
        return np.asarray(pc.fill_null(pc.is_finite(column), True).to_numpy())
    fits = np.ones(len(column), bool)
    wrong = pc.invert(pc.fill_null(pc.is_finite(pc.list_flatten(column)), False))
    fits[pc.list_parent_indices(column).filter(wrong).to_numpy()] = False
    return fits


def _rows_with_nulls(column: pa.ChunkedArray) -> NDArray[np.intp]:
    """Return the rows in whose lists a value is missing."""
    import pyarrow.compute as pc

    missing = pc.list_flatten(column).is_null()
    rows = pc.list_parent_indices(column).filter(missing)
    return np.asarray(rows.to_numpy(), dtype=np.intp)


def _lengths(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return the lengths of lists, or numbers of things; -1 where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in table.column_names:
        return np.full(len(table), -1)
    column = table[name]
    found = pc.list_value_length(column) if pa.types.is_list(column.type) else column
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)
