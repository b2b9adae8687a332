"""CSV tables for people: what a spreadsheet would run as a formula is text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_MARK = "'"

# signs with which formulas begin, also after such a mark, so that it can be taken off again
_FORMULA = re.compile(f"{_MARK}*[=+\\-@\t\r\n＝＋－＠]")


def guarded(cell: Any) -> Any:
    """Return a cell with an apostrophe before a text that may be a formula.

    Numbers stay, also as texts. `unguarded` takes the apostrophe off.
    """
    if not isinstance(cell, str) or not _FORMULA.match(cell) or _is_number(cell):
        return cell
    return f"{_MARK}{cell}"


def unguarded(cell: str) -> str:
    """Return the text that `guarded` was given."""
    return cell[1:] if cell.startswith(_MARK) and _FORMULA.match(cell) else cell


def _is_number(text: str) -> bool:
    """Whether a text is a number, without blanks around it."""
    if text != text.strip():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def csv_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows, the headings first, as CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return _encoded(text.getvalue())


def csv_table(table: pd.DataFrame, float_format: str | None = None) -> bytes:
    """Return a table as CSV in UTF-8, without its index."""
    shown = table.rename(columns=guarded)
    for place, kind in enumerate(table.dtypes):
        if getattr(kind, "kind", "O") not in "biuf":
            shown.isetitem(place, [guarded(cell) for cell in table.iloc[:, place]])
    return _encoded(shown.to_csv(index=False, float_format=float_format, lineterminator="\n"))


def _encoded(text: str) -> bytes:
    """Return a text in UTF-8; bytes of names that are no UTF-8 are escaped."""
    return text.encode(errors="backslashreplace")
