"""Pieces of a Markdown page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from experiments.paper.outcome import Measured

_LEAST_P = 1e-6
_LARGE = 1e6


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, and an empty one behind it."""
    rules = ["---"] * len(columns)
    return [*(_line(cells) for cells in (columns, rules, *rows)), ""]


def list_lines(items: Iterable[str]) -> list[str]:
    """Return the lines of a list, and an empty one behind it."""
    lines = [f"- {item}" for item in items]
    return [*lines, ""] if lines else []


def number_text(value: float) -> str:
    """Return a number with about four significant digits, whole numbers below 10^6 in full."""
    if not math.isfinite(value):
        return f"{value:g}"
    if value == round(value) and abs(value) < _LARGE:
        return f"{value:.0f}"
    return f"{value:.0f}" if 1e3 <= abs(value) < _LARGE else f"{value:.4g}"


def measured_text(measured: Measured) -> str:
    """Return a number with its unit, interval and test as one text."""
    unit = f" {measured.unit}" if measured.unit else ""
    text = f"{number_text(measured.value)}{unit}"
    low, high = (number_text(end) for end in measured.limits)
    if low != high:
        text += f" [{low}, {high}]"
    details = [measured.test] if measured.test else []
    if measured.p is not None:
        details.append(f"p < {_LEAST_P:g}" if measured.p < _LEAST_P else f"p = {measured.p:.2g}")
    return f"{text} ({', '.join(details)})" if details else text


def _line(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
