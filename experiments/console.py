"""Where commands print their tables."""

from __future__ import annotations

from rich.console import Console

UNBROKEN = 1000  # columns; no table is as wide


def table_console() -> Console:
    """Return a console that squeezes tables to the width of a terminal only.

    What goes to a file or a pipe keeps whole numbers and names.
    """
    width = None if Console().is_terminal else UNBROKEN
    return Console(markup=False, highlight=False, width=width)
