"""Rows of numbers as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from problems.atomic import write_atomically


def write_rows(path: Path, rows: Sequence[Any]) -> None:
    """Write named tuples of one kind, at least one, with their names above; numbers in 6 digits.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0]._fields)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_atomically(path, text.getvalue().encode())


def _cell(value: Any) -> str:
    """Return a value as text."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
