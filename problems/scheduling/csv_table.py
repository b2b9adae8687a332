"""CSV: one row a task, one column a node, optionally a first row of node names."""

from __future__ import annotations

import csv
from pathlib import Path

from problems.errors import InputError
from problems.scheduling.problem import SchedulingProblem


def read_csv(path: Path) -> SchedulingProblem:
    """Read a matrix of execution times in s.

    Raises
    ------
    InputError
        If rows differ in length or a cell is not a number; the message names the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), str(error), "CSV text") from None
    body = rows[1:] if rows and _is_header(rows[0][1]) else rows
    if not body:
        raise InputError(str(path), "no rows", "one row a task")
    width = len(body[0][1])
    matrix = [_parse_row(path, line, row, width) for line, row in body]
    return SchedulingProblem(matrix, name=path.stem)  # type: ignore[arg-type]


def _is_header(row: list[str]) -> bool:
    """Whether no cell of the row is a number."""
    return not any(_number(cell) is not None for cell in row)


def _parse_row(path: Path, line: int, row: list[str], width: int) -> list[float]:
    """Return the numbers of a row."""
    if len(row) != width:
        raise InputError(f"{path} line {line}", f"{len(row)} cells", f"{width} cells")
    numbers = []
    for cell in row:
        value = _number(cell)
        if value is None:
            raise InputError(f"{path} line {line}", cell, "a number")
        numbers.append(value)
    return numbers


def _number(cell: str) -> float | None:
    """Return the cell as a float, or None."""
    try:
        return float(cell)
    except ValueError:
        return None
