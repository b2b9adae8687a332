"""Tables of execution times: which row and column are names, and where to ask.

A table has a row for each task and a column for each node, perhaps with names above and at the
left. Where two readings are possible, the table is refused: the message has both, and the options
that choose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError
from edgeopt.problems.scheduling.cells import is_integer, is_text, parse_row
from edgeopt.problems.scheduling.frames import (
    ROW_LABELS,
    UNNAMED,
    Names,
    check_memory_label,
    is_row_numbers,
)
from edgeopt.problems.scheduling.headings import unit_in_cell
from edgeopt.problems.scheduling.table_options import TableOptions

_SURELY_COUNTED = 4


class Table(NamedTuple):
    """Execution times in s, shape (k, x), infinite where empty; names where there are some."""

    matrix: FloatArray
    task_names: Names | None
    node_names: Names | None


class Grid(NamedTuple):
    """The cells of a file.

    Parameters
    ----------
    path : str
        Name of the file, for messages.
    rows : list of list of str
        The rows that are not blank.
    places : list of str
        Position of each row in the file, e.g. ``line 3``.
    remark : list of str, optional
        The cells of a comment directly above the first row.
    """

    path: str
    rows: list[list[str]]
    places: list[str]
    remark: list[str] | None = None


class AmbiguousTableError(InputError):
    """A table that can be read in two ways."""


class UnreadableTableError(Exception):
    """A table that cannot be read in one way; `row` tells how far that way went."""

    def __init__(self, row: int, error: InputError) -> None:
        self.row, self.error = row, error
        super().__init__(str(error))


def read_grid(grid: Grid, decimal: str, options: TableOptions) -> Table:
    """Return the table in a grid of cells.

    Raises
    ------
    AmbiguousTableError
        If names cannot be told from times.
    UnreadableTableError
        If rows differ in length, or a time is not a number.
    """
    grid, padded = _rectangle(grid)
    values = _values(grid, decimal, options)
    start = 0 if options.index is False or values.shape[1] == 1 else 1
    if padded and not _has_row_names(grid, values, options):
        raise _ragged(grid, 1, len(grid.rows[0]) - 1)
    header = padded or _has_header(grid, values, start, options)
    remark = grid.remark
    if options.header is None and not header and remark and _is_names(remark, values, decimal):
        grid = Grid(grid.path, [remark, *grid.rows], ["above", *grid.places])
        values = np.vstack([np.full(values.shape[1], np.nan), values])
        header = True
    index = padded or _has_index(grid, values, header, options)
    return _table(grid, values, int(header), int(index))


def _rectangle(grid: Grid) -> tuple[Grid, bool]:
    """Return the grid with rows of one length, and whether an empty cell went before the header."""
    rows = [list(row) for row in grid.rows]
    body = rows[1:] or rows
    width = len(body[0])
    # Lines that end with a separator, perhaps all but the header.
    while (
        width > 1
        and all(len(row) == width and not row[-1].strip() for row in body)
        and (len(rows[0]) == width - 1 or (len(rows[0]) == width and not rows[0][-1].strip()))
    ):
        rows = [row[: width - 1] for row in rows]
        body, width = rows[1:] or rows, width - 1
    for place, row in enumerate(body):
        if len(row) != width:
            raise _ragged(grid, place + len(rows) - len(body), width)
    if len(rows[0]) == width:
        return grid._replace(rows=rows), False
    if len(rows[0]) != width - 1:
        raise _ragged(grid, 1, len(rows[0]))
    # R writes no cell above the names of rows.
    return grid._replace(rows=[["", *rows[0]], *rows[1:]]), True


def _has_row_names(grid: Grid, values: FloatArray, options: TableOptions) -> bool:
    """Whether a header that is a cell shorter than the rows is that of a table with row names."""
    texts, column = np.isnan(values), [row[0] for row in grid.rows[1:]]
    named = bool(texts[0, 1:].all()) or _is_counted(grid.rows[0][1:])
    if options.header is False or options.index is False or not named:
        return False
    return bool(options.index or texts[1:, 0].all() or _is_counted(column))


def _ragged(grid: Grid, row: int, width: int) -> UnreadableTableError:
    """Return the refusal of a row with too many or too few cells."""
    found = len(grid.rows[row])
    place = f"{grid.path} {grid.places[row]}"
    rule = f"{width} cells"
    if row == 1 and len(grid.rows[0]) == 1:
        rule += ", like the row above it (a title begins with #)"
    return UnreadableTableError(row, InputError(place, f"{found} cells", rule))


def _values(grid: Grid, decimal: str, options: TableOptions) -> FloatArray:
    """Return the numbers of all cells: NaN for texts, infinite where a cell is empty."""
    values = np.empty((len(grid.rows), len(grid.rows[0])))
    for place, row in enumerate(grid.rows):
        field = f"{grid.path} {grid.places[place]}"
        try:
            values[place] = parse_row(row, decimal)
        except OverflowError as error:
            too_large = InputError(field, str(error), "at most 1.8e308")
            raise UnreadableTableError(place, too_large) from None
        if place or not options.header:
            texts = np.flatnonzero(np.isnan(values[place]))
            _check_sign(field, place, [row[j] for j in texts if j or not options.index], decimal)
    return values


def _check_sign(field: str, place: int, texts: list[str], decimal: str) -> None:
    """Raise `UnreadableTableError` for a number with the other decimal sign, which is no name."""
    other = "comma" if decimal == "point" else "point"
    for text in texts:
        if not is_text(text, other):
            rule = f"a number with a decimal {decimal} (or decimal={other})"
            raise UnreadableTableError(place, InputError(field, text, rule))


def _is_names(remark: list[str], values: FloatArray, decimal: str) -> bool:
    """Whether a comment has a text for each of several columns."""
    width = values.shape[1]
    return len(remark) == width > 1 and all(is_text(cell, decimal) for cell in remark[1:])


# The first row.


def _has_header(grid: Grid, values: FloatArray, start: int, options: TableOptions) -> bool:
    """Whether the first row names the nodes; the first column is left out if `start` is 1."""
    if options.header is not None:
        return options.header
    if np.isnan(values[0, start:]).any():  # a number beside texts is an error, named later
        return not np.isfinite(values[0, 1 if options.index else 0 :]).any()
    if len(values) == 1:
        return False
    label = grid.rows[0][0].strip().lower()
    below = values[1:, 0]
    if start == 0:
        return _has_number_header(grid, values, 0)
    if options.index:
        return _has_number_header(grid, values, 1)
    if label in UNNAMED:
        return _has_corner(grid, values)
    if not np.isnan(values[0, 0]):
        return _has_number_header(grid, values, 0)
    cells = grid.rows[0][1:]
    if label in ROW_LABELS and all(map(is_integer, cells)):
        return True
    if np.isnan(below).all():
        return _has_number_header(grid, values, 1)
    return len(cells) > 1 and cells == [str(number) for number in range(len(cells))]


def _has_number_header(grid: Grid, values: FloatArray, start: int) -> bool:
    """Whether a first row of numbers is a header, as that of a frame without names is."""
    cells, body = grid.rows[0][start:], [row[start:] for row in grid.rows[1:]]
    if not all(map(is_integer, cells)):
        return False
    numbers, several = [int(cell) for cell in cells], len(cells) > 1
    fractions = _has_fractions(body, values[1:, start:])
    whole = any(is_integer(cell) for row in body for cell in row)
    if numbers == list(range(len(numbers))):
        if several and fractions:
            return True
        if several or not whole:
            raise _header_question(grid)
    elif numbers == list(range(1, len(numbers) + 1)):
        # A task's times may be 1, 2, 3; 1, 2, 3, 4 may go on with 5, 6, 7, 8 in a made-up table.
        goes_on = [str(number + len(numbers)) for number in numbers] == body[0]
        if len(numbers) >= (3 if fractions else _SURELY_COUNTED) and not goes_on:
            raise _header_question(grid)
    if not whole and several and len(body) > 1 and len(set(numbers)) == len(numbers):
        raise _header_question(grid)  # integers above fractions only
    return False


def _has_fractions(body: list[list[str]], values: FloatArray) -> bool:
    """Whether each row has a number that is not written as an integer."""
    return all(
        any(
            math.isfinite(number) and not is_integer(cell)
            for cell, number in zip(*row, strict=True)
        )
        for row in zip(body, values, strict=True)
    )


def _has_corner(grid: Grid, values: FloatArray) -> bool:
    """Whether a first row of numbers is a header because its first cell is empty."""
    cells, column = grid.rows[0][1:], [row[0] for row in grid.rows[1:]]
    whole, numbered = all(map(is_integer, cells)), all(map(is_integer, column))
    if bool(np.isnan(values[1:, 0]).all()) or _is_counted(column):
        counted = cells == [str(number) for number in range(len(cells))]
        body = [row[1:] for row in grid.rows[1:]]
        if counted or (whole and _has_fractions(body, values[1:, 1:])):
            return True
    elif not (whole and numbered and len(set(column)) == len(column)):
        return False  # a pair of task and node that is forbidden
    raise _header_question(grid)


def _header_question(grid: Grid) -> AmbiguousTableError:
    """Return the refusal of a first row that may be names or times."""
    rule = (
        f"marked as names of nodes ({grid.path}:header=yes) or as a task's times"
        f" ({grid.path}:header=no)"
    )
    return AmbiguousTableError(f"{grid.path} {grid.places[0]}", ",".join(grid.rows[0]), rule)


# The first column.


def _has_index(grid: Grid, values: FloatArray, header: bool, options: TableOptions) -> bool:
    """Whether the first column names the tasks."""
    body = [row[0] for row in grid.rows[int(header) :]]
    if options.index is not None or values.shape[1] == 1 or not body:
        return bool(options.index) and values.shape[1] > 1
    texts = np.isnan(values[int(header) :, 0])
    if texts.any():  # a text among numbers is an error, named later
        return bool(texts.all())
    numbered = all(map(is_integer, body))
    distinct = numbered and len(set(body)) == len(body)
    if not (header and _is_row_label(grid.rows[0])):
        numbers = [int(cell) for cell in body] if numbered else []
        if not is_row_numbers(numbers, least=3):
            return False
        others = [row[1:] for row in grid.rows[int(header) :]]
        fractions = _has_fractions(others, values[int(header) :, 1:])
        if not is_row_numbers(numbers, least=3 if fractions else _SURELY_COUNTED):
            return False
        raise _index_question(grid, body)
    if not distinct:
        raise _index_question(grid, body)
    return True


def _is_row_label(header: list[str]) -> bool:
    """Whether the first cell of a header is above names: by itself, or as a text beside numbers."""
    label, others = header[0].strip().lower(), header[1:]
    beside_numbers = len(others) > 1 and all(map(is_integer, others)) and not is_integer(label)
    return beside_numbers or label in (*UNNAMED, *ROW_LABELS)


def _is_counted(column: Sequence[str]) -> bool:
    """Whether texts are the integers 0, 1, ... or 1, 2, ..."""
    numbers = [int(cell) for cell in column if is_integer(cell)]
    return len(numbers) == len(column) and any(
        numbers == list(range(first, first + len(numbers))) for first in (0, 1)
    )


def _index_question(grid: Grid, body: list[str]) -> AmbiguousTableError:
    """Return the refusal of a first column that may be names or times."""
    rule = (
        f"marked as names of tasks ({grid.path}:index=yes) or as a node's times"
        f" ({grid.path}:index=no)"
    )
    return AmbiguousTableError(f"{grid.path} first column", ",".join(body), rule)


# The parts.


def _table(grid: Grid, values: FloatArray, above: int, left: int) -> Table:
    """Return times and names, with `above` rows and `left` columns of names."""
    matrix = values[above:, left:]
    if not matrix.size:
        raise UnreadableTableError(0, InputError(grid.path, "no rows", "one row per task"))
    for place, column in np.argwhere(np.isnan(matrix)):
        row, cell = int(place) + above, grid.rows[int(place) + above][int(column) + left]
        where = f"{grid.path} {grid.places[row]}"
        rule = "a number" if row else "a number (or header=yes, if these are names)"
        if row and (unit := unit_in_cell(cell)):
            rule = f"a number without a unit; give it once, {grid.path}:unit={unit}"
            row = len(grid.rows)  # the cells are as meant, whatever other separators give
        raise UnreadableTableError(row, InputError(where, cell, rule))
    header = grid.rows[0][left:]
    if not left and not header[0].strip():
        header[0] = "0"  # a node after all, whatever pandas and R mean by an empty cell
    nodes = _names(grid, header, "column") if above else None
    for label in nodes or ():
        check_memory_label(f"{grid.path} {grid.places[0]}", label)
    tasks = _names(grid, [row[0] for row in grid.rows[above:]], "row") if left else None
    return Table(np.ascontiguousarray(matrix), tasks, nodes)


def _names(grid: Grid, cells: list[str], kind: str) -> Names:
    """Return names without blanks around them."""
    names = tuple(cell.strip() for cell in cells)
    if "" in names:
        place = f"{grid.path} {kind} {names.index('') + 1}"
        raise UnreadableTableError(0, InputError(place, "", "a name, like the others"))
    return names
