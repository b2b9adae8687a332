"""A table as text, before it is HTML or LaTeX."""

from __future__ import annotations

from dataclasses import dataclass


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
