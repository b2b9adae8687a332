"""Small tables of HTML, as which notebooks show objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from html import escape
from typing import Any

from edgeopt.problems.visible import visible_lines


def escaped(text: str) -> str:
    """Return a text for HTML, in which marks of direction and control characters are visible."""
    return escape(visible_lines(text))


def html_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; every text is escaped."""
    return f"<table>{_row('th', head)}{''.join(_row('td', row) for row in rows)}</table>"


def _row(tag: str, cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"<tr>{''.join(f'<{tag}>{escaped(cell)}</{tag}>' for cell in cells)}</tr>"


def parameters_html(solver: Any) -> str:
    """Return class and parameters of a dataclass: values, defaults where they differ, meanings."""
    rows = []
    for each in fields(solver):
        value = getattr(solver, each.name)
        default = "" if value == each.default else str(each.default)
        rows.append((each.name, str(value), default, each.metadata.get("meaning", "")))
    table = html_table(("parameter", "value", "default", "meaning"), rows)
    return f"<p>{escaped(type(solver).__name__)}</p>{table}"
