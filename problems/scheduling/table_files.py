"""Tables in files: text with any usual separator and decimal sign, Excel, Parquet."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.files import LARGEST_CONTENT, check_unpacked, read_content
from edgeopt.problems.parquet import read_parquet
from edgeopt.problems.scheduling.frames import labelled_times
from edgeopt.problems.scheduling.table_options import SEPARATORS, TableOptions
from edgeopt.problems.scheduling.tables import (
    AmbiguousTableError,
    Grid,
    Table,
    UnreadableTableError,
    read_grid,
)

_MOST_CELLS = 50_000_000

_NO_SEPARATOR = "\x1f"  # a control character that no text has

_TEXT = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_EXCEL = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")

TABLE_SUFFIXES = (*_TEXT, *_EXCEL, *_PARQUET)
"""Ends of the names of files that hold tables, in small letters."""


def read_table(path: Path, options: TableOptions) -> Table:
    """Return the execution times in a table, with the names of tasks and nodes.

    Parameters
    ----------
    path : Path
        A file with one of `TABLE_SUFFIXES`.
    options : TableOptions
        What the user says about the table.

    Raises
    ------
    InputError
        If the file cannot be read, rows differ in length, a time is not a number, or the table
        can be read in two ways.
    """
    name = path.name.lower()
    if name.endswith(_PARQUET):
        return _read_parquet(path, options)
    try:
        if name.endswith(_EXCEL):
            return read_grid(_read_excel(path, options.sheet), "point", options)
        return _read_text(path, options)
    except UnreadableTableError as refused:
        raise refused.error from None


class Reading(NamedTuple):
    """The cells of a text under a separator, and a decimal sign to read them with."""

    separator: str
    decimal: str
    grid: Grid


# Text. Each separator and decimal sign is tried: those that give no table are out.


def _read_text(path: Path, options: TableOptions) -> Table:
    """Return the table in a text file."""
    lines = list(io.StringIO(_decode(path), newline=""))
    given = options.separator
    if lines and (mark := re.fullmatch(r'(?i)"?sep=(.)"?\s*', lines[0])):
        given, lines[0] = given or mark[1], "\n"  # Excel's line, hidden when the file is opened
    tables: list[tuple[Reading, Table | AmbiguousTableError]] = []
    refusals: list[UnreadableTableError] = []
    for reading in _readings(path, lines, given, options.decimal):
        try:
            tables.append((reading, read_grid(reading.grid, reading.decimal, options)))
        except AmbiguousTableError as question:
            tables.append((reading, question))
        except UnreadableTableError as refused:
            refusals.append(refused)
    if not tables and not refusals:
        rule = "of another separator, or quoted, if the decimal sign is a comma too"
        raise InputError(str(path), "cells separated by commas", rule)
    if not tables:
        # The reading that went furthest is the one that the user means.
        raise max(refusals, key=lambda refused: refused.row)
    table = tables[0][1]
    for other in tables[1:]:
        if not _same(table, other[1]):
            raise _question(path, tables[0], other)
    if isinstance(table, AmbiguousTableError):
        raise table
    return table


def _decode(path: Path) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or Windows-1252 (Latin-1)."""
    rule = "CSV text"
    data = read_content(path, rule=rule)
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                # Older spreadsheets: the numbers are the same in all such encodings.
                text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise InputError(str(path), str(error), rule) from None
    if "\0" in text or _NO_SEPARATOR in text:
        raise InputError(str(path), "control characters", rule)
    return text


def _readings(
    path: Path, lines: list[str], separator: str | None, decimal: str | None
) -> Iterator[Reading]:
    """Yield the separators and decimal signs that the text may have, with its cells."""
    text = "".join(line for line in lines if not _is_remark(line))
    marks = [separator] if separator else [mark for mark in ";\t, " if mark in text]
    if len(lines) + max(map(text.count, marks), default=0) > _MOST_CELLS:
        rule = f"a table of at most {_MOST_CELLS} cells; larger ones fit into .npy or .npz"
        raise InputError(str(path), "more cells", rule)
    grids = [(mark, _grid(path, lines, mark)) for mark in marks]
    # A mark that splits no line is none; without any, the table is a single column.
    grids = [(mark, grid) for mark, grid in grids if separator or max(map(len, grid.rows)) > 1]
    alone = _grid(path, lines, _NO_SEPARATOR)
    even = any(len({len(row) for row in grid.rows}) == 1 for _, grid in grids)
    if not separator and not even and not any(mark in alone.rows[0][0] for mark, _ in grids):
        grids.append((_NO_SEPARATOR, alone))
    for mark, grid in grids:
        for sign in [decimal] if decimal else ["point", "comma"]:
            if _may_have(text, mark, sign, given=decimal is not None):
                yield Reading(mark, sign, grid)


def _may_have(text: str, separator: str, decimal: str, given: bool) -> bool:
    """Whether a decimal sign is possible: a comma that separates is no decimal sign, but quoted."""
    if decimal == "point":
        return True
    if separator == ",":
        return re.search(r'"[^",\n]*,[^"\n]*"', text) is not None
    return given or "," in text or "." in text


def _is_remark(line: str) -> bool:
    """Whether a line is a comment."""
    return line.lstrip().startswith("#")


def _grid(path: Path, lines: list[str], separator: str) -> Grid:
    """Return the cells of the lines that are neither blank nor comments."""
    rows: list[list[str]] = []
    places: list[str] = []
    remark: list[str] | None = None
    numbers: list[int] = []

    def data() -> Iterator[str]:
        nonlocal remark
        for number, line in enumerate(lines, 1):
            if _is_remark(line):
                if not numbers:
                    remark = next(_cells([line.lstrip().lstrip("#")], separator), None)
            elif line.strip():
                numbers.append(number)
                yield line

    try:
        for row in _cells(data(), separator):
            if rows or not _is_blank(row):
                rows.append(row)
                places.append(f"line {numbers[-1]}")
    except csv.Error as error:
        raise InputError(f"{path} line {numbers[-1]}", str(error), "CSV text") from None
    # Spreadsheets write rows of separators below a table; above another row they are a task.
    while rows and _is_blank(rows[-1]):
        rows.pop()
    if not rows:
        raise InputError(str(path), "no rows", "one row per task")
    return Grid(str(path), rows, places, remark)


def _is_blank(row: list[str]) -> bool:
    """Whether a row has separators only; a single quoted cell that is empty is not blank."""
    return len(row) > 1 and not any(cell.strip() for cell in row)


def _cells(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Yield the cells of each row; blanks after a separator do not count."""
    if separator == " ":
        lines = (line.strip() + "\n" for line in lines)
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)


def _same(one: Table | AmbiguousTableError, other: Table | AmbiguousTableError) -> bool:
    """Whether two readings give the same table, or the same question."""
    if isinstance(one, AmbiguousTableError) or isinstance(other, AmbiguousTableError):
        return str(one) == str(other)
    return np.array_equal(one.matrix, other.matrix) and one[1:] == other[1:]


def _question(
    path: Path,
    one: tuple[Reading, Table | AmbiguousTableError],
    other: tuple[Reading, Table | AmbiguousTableError],
) -> AmbiguousTableError:
    """Return the refusal of a text that two separators or decimal signs make a table."""
    names = {mark: name for name, mark in SEPARATORS.items()}
    readings = []
    for reading, table in (one, other):
        option = f"separator={names.get(reading.separator)}"
        if one[0].decimal != other[0].decimal:
            option = f"decimal={reading.decimal}"
        readings.append(f"{_describe(table)} ({path}:{option})")
    rule = "marked as " + " or as ".join(readings)
    return AmbiguousTableError(str(path), "a table of two readings", rule)


def _describe(table: Table | AmbiguousTableError) -> str:
    """Return the size of a table and its largest number."""
    if isinstance(table, AmbiguousTableError):
        return "another question"
    finite = table.matrix[np.isfinite(table.matrix)]
    size = f"{table.matrix.shape[0]} x {table.matrix.shape[1]}"
    return f"{size} up to {finite.max():.6g}" if finite.size else size


# Excel and Parquet.


def _read_excel(path: Path, sheet: str | None) -> Grid:
    """Return the cells of a sheet; needed only where several sheets have some."""
    openpyxl = import_extra("openpyxl", "excel")
    try:
        check_unpacked(path, LARGEST_CONTENT)
        cells = _sheets(path, openpyxl.load_workbook(path, read_only=True, data_only=True))
        texts = _sheets(path, openpyxl.load_workbook(path, read_only=True))
    except InputError:
        raise
    except Exception as error:  # openpyxl documents no exception class for damaged files
        raise InputError(str(path), str(error), "an Excel file (.xlsx)") from None
    filled = [name for name, rows in cells.items() if any(map(_has_value, rows))]
    if sheet is None and len(filled) == 1:
        sheet = filled[0]
    if sheet is None or sheet not in cells:
        rule = f"one of the sheets {', '.join(filled or cells)} ({path}:sheet=NAME)"
        raise InputError(f"{path} sheet", sheet, rule)
    rows, places = [], []
    width = max((len(row) for row in cells[sheet]), default=0)
    for number, row in enumerate(cells[sheet]):
        place = f"sheet {sheet} row {number + 1}"
        _check_formulas(f"{path} {place}", row, texts[sheet][number])
        if _has_value(row):
            rows.append([_cell_text(f"{path} {place}", value) for value in row])
            rows[-1] += [""] * (width - len(row))
            places.append(place)
    if not rows:
        raise InputError(str(path), "no rows", "one row per task")
    return Grid(str(path), rows, places)


def _sheets(path: Path, book: Any) -> dict[str, list[list[Any]]]:
    """Return the rows of each sheet, without the empty cells at their ends."""
    sheets: dict[str, list[list[Any]]] = {name: [] for name in book.sheetnames}
    count = 0
    for name, rows in sheets.items():
        # the size that a sheet states may be far larger or smaller than what it holds
        book[name].reset_dimensions()
        for row in book[name].values:
            rows.append(list(row))
            count += len(row) + 1
            if count > _MOST_CELLS:
                raise InputError(str(path), "more cells", f"a table of at most {_MOST_CELLS} cells")
    return sheets


def _has_value(row: list[Any]) -> bool:
    """Whether a cell of the row is not empty."""
    return any(value is not None and str(value).strip() for value in row)


def _check_formulas(place: str, values: list[Any], formulas: list[Any]) -> None:
    """Raise `InputError` for a formula without a value: it would look like an empty cell."""
    for value, formula in zip(values, formulas, strict=False):
        if value is None and isinstance(formula, str) and formula.startswith("="):
            rule = "computed: open the file in Excel and save it"
            raise InputError(place, formula, rule)


def _cell_text(place: str, value: Any) -> str:
    """Return a cell as text; Excel's numbers have a point."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(place, str(value), "a number or a name")
    return repr(value) if isinstance(value, float) else str(value)


def _read_parquet(path: Path, options: TableOptions) -> Table:
    """Return the table in a Parquet file, whose columns have names and types."""
    try:
        frame = read_parquet(path).to_pandas()
    except InputError:
        raise
    except Exception as error:  # pyarrow documents no exception class for damaged files
        raise InputError(str(path), str(error), "a Parquet file") from None
    try:
        times = labelled_times(frame, index=options.index)
    except InputError as error:
        raise InputError(f"{path} {error.field}", error.value, error.rule) from None
    return Table(times.et, times.tasks, times.nodes)
