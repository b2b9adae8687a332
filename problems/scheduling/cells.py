"""Cells of tables: numbers with a decimal point or comma, and marks of what is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# What pandas, R, NumPy and Excel write for a missing or infinite number; in small letters.
_MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "<na>", "null", "none", "inf", "+inf", "infinity", "+infinity")
)

_POINT, _COMMA = "point", "comma"

_SPACES = "' \u00a0\u202f"  # of Swiss and international thousands; narrow and no-break spaces


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """Return the form of a number; the same sign separates all thousands."""
    grouped = rf"[1-9]\d{{0,2}}(?P<t>[{thousands}{_SPACES}])\d{{3}}(?:(?P=t)\d{{3}})*"
    whole = rf"(?:{grouped}|\d+)"
    sign = re.escape(decimal)
    return re.compile(rf"[+-]?(?:{whole}(?:{sign}\d*)?|{sign}\d+)(?:[eE][+-]?\d+)?", flags=re.ASCII)


_PATTERNS = {_POINT: _pattern(".", ","), _COMMA: _pattern(",", ".")}

_INTEGER = re.compile(r"[+-]?\d+", flags=re.ASCII)


def parse_cell(text: str, decimal: str) -> float:
    """Return the number in a cell: infinite if it is missing, NaN if the cell is another text.

    Parameters
    ----------
    text : str
        The cell.
    decimal : str
        ``point`` or ``comma``. The other sign separates thousands, where it is in their places.

    Raises
    ------
    OverflowError
        If the number is too large for a float.
    """
    text = text.strip()
    if text.lower() in _MISSING:
        return math.inf
    if not (form := _PATTERNS[decimal].fullmatch(text)):
        return math.nan
    if form["t"]:
        text = text.replace(form["t"], "")
    number = float(text if decimal == _POINT else text.replace(",", "."))
    if math.isinf(number):
        raise OverflowError(text)
    return number


def parse_row(cells: Sequence[str], decimal: str) -> list[float]:
    """Return the numbers in the cells of a row, see `parse_cell`."""
    numbers = _plain_numbers(cells, decimal)
    if numbers is None and cells:
        rest = _plain_numbers(cells[1:], decimal)  # the first cell is often a name
        if rest is not None:
            return [parse_cell(cells[0], decimal), *rest]
    return [parse_cell(cell, decimal) for cell in cells] if numbers is None else numbers


def _plain_numbers(cells: Sequence[str], decimal: str) -> list[float] | None:
    """Return the numbers if Python can read all cells, which is fast; else None."""
    text = "".join(cells)
    # Python also reads 1_000, other digits than 0-9, and too large numbers as infinite.
    if not text.isascii() or "_" in text or (decimal == _COMMA and "." in text):
        return None
    if decimal == _COMMA:
        cells = [cell.replace(",", ".") for cell in cells]
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def is_text(cell: str, decimal: str) -> bool:
    """Whether a cell is neither a number of any size nor missing."""
    text = cell.strip()
    return text.lower() not in _MISSING and not _PATTERNS[decimal].fullmatch(text)


def is_integer(text: str) -> bool:
    """Whether a cell is written as an integer, without a decimal sign or thousands."""
    return bool(_INTEGER.fullmatch(text.strip()))
