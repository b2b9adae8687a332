"""A table as text, before it is HTML or LaTeX."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console

from edgeopt.experiments.statistics.ratio import Measured


@dataclass(frozen=True)
class Entry:
    """What stands in one place of a table.

    Attributes
    ----------
    text : str
        As shown; escaped where it is written.
    key : float or None
        What a number sorts by; None sorts by the text.
    """

    text: str
    key: float | None = None


@dataclass(frozen=True)
class Table:
    """Rows under named columns.

    Attributes
    ----------
    name : str
        Identifier in the page, and file name for LaTeX.
    title : str
        One line on what it shows.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of Entry
        As many entries each as there are columns.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


# Where commands print their tables.

UNBROKEN = 1000  # columns; no table is as wide


def table_console() -> Console:
    """Return a console that squeezes tables to the width of a terminal only.

    What goes to a file or a pipe keeps whole numbers and names.
    """
    width = None if Console().is_terminal else UNBROKEN
    return Console(markup=False, highlight=False, width=width)


# Pieces of a Markdown page.

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


# Numbers as text, the same in HTML and LaTeX.

NOTHING, INFINITE = "–", "∞"

_PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def decimal(value: float, places: int = 2) -> str:
    """Return a number with fixed places, ``∞``, or ``–`` where there is none."""
    if math.isnan(value):
        return NOTHING
    return f"{value:.{places}f}" if math.isfinite(value) else INFINITE


def percent(fraction: float, places: int = 2) -> str:
    """Return a fraction in per cent, without the sign."""
    return decimal(100 * fraction, places)


def limits(low: float, high: float, places: int = 2) -> str:
    """Return an interval."""
    return f"[{decimal(low, places)}, {decimal(high, places)}]"


def p_value(p: float) -> str:
    """Return a p-value with three places."""
    return "<0.001" if p < 0.001 else decimal(p, 3)


def p_relation(p: float) -> str:
    """Return ``p = 0.031`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {decimal(p, 3)}"


def seconds(value: float) -> str:
    """Return a time with three digits and a prefix."""
    if not math.isfinite(value):
        return decimal(value)
    scale, unit = next((pair for pair in _PREFIXES if value >= pair[0]), _PREFIXES[-1])
    return f"{value / scale:.3g} {unit}"


def count(value: float) -> str:
    """Return a number of evaluations with groups of thousands."""
    return f"{value:,.0f}" if math.isfinite(value) else decimal(value)


def significant(value: float, digits: int = 5) -> str:
    """Return a number with significant digits."""
    return f"{value:.{digits}g}" if math.isfinite(value) else decimal(value)


# Tables for a paper.

PAGE_ROWS = 40

SYMBOLS = str.maketrans(
    {
        "∞": r"$\infty$",
        "≤": r"$\le$",
        "<": "$<$",
        ">": "$>$",
        "–": "--",
        "µ": r"\textmu{}",
    }
)


def latex_table(table: Table) -> str:
    """Return a table for LaTeX with booktabs, longer than a page also with longtable.

    What users named is escaped.
    """
    import pandas as pd

    texts = [[" ".join(entry.text.split()) for entry in row] for row in table.rows]
    long = len(texts) > PAGE_ROWS
    numbers = [entry.key is not None for entry in table.rows[0]] if table.rows else []
    frame = pd.DataFrame(texts, columns=list(table.columns))
    code: str = frame.to_latex(
        index=False,
        escape=True,
        column_format="".join("r" if number else "l" for number in numbers) or None,
        caption=table.title,
        label=f"tab:{table.name}",
        position=None if long else "tbp",
        longtable=long,
    )
    for sign in "[*":  # at the start of a row they would be an option of the row before
        code = code.replace(f"\n{sign}", f"\n{{}}{sign}")
    return code.translate(SYMBOLS)
