"""What is printed: texts without control characters, in signs that the terminal has."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from edgeopt.problems.visible import visible, visible_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text


_UNBROKEN = 1000  # characters; no table is wider

_HANDLER = "edgeopt.plain"

_PLAIN = {
    **dict.fromkeys("–—−‐‑", "-"),
    **dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True)),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("•·", "*"),
    **{"∞": "inf", "≤": "<=", "≥": ">=", "±": "+-", "×": "x", "µ": "u", "μ": "u", "…": "..."},
    **{"→": "->", "▲": "^", "▼": "v", "χ": "chi", "²": "2", "³": "3", "\xa0": " "},
}

_BRAILLE = range(0x2800, 0x2900)  # the dots of a spinner


def prepare_streams() -> None:
    """Have output replace the signs that the encoding of a terminal or a pipe lacks."""
    codecs.register_error(_HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        # a stream that stands in for one, as in notebooks, takes any text
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for signs that cannot be encoded, and the place after them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(map(_plain, signs)), error.end


def _plain(sign: str) -> str:
    """Return a sign in ASCII, escaped if none is like it."""
    if ord(sign) in _BRAILLE:
        return "*"
    return _PLAIN.get(sign, ascii(sign)[1:-1])


def say(*lines: object, error: bool = False) -> None:
    """Print lines, on standard error if `error`; control characters in them are escaped."""
    for line in lines:
        print(visible(str(line)), file=sys.stderr if error else sys.stdout, flush=error)


# Tables, colours and bars.


def make_console(*, error: bool = False, width: int | None = None) -> Console:
    """Return a console of rich that escapes control characters in whatever it prints.

    Parameters
    ----------
    error : bool
        Print on standard error.
    width : int, optional
        Characters of a line; by default those of the terminal.
    """
    from rich.console import Console

    console = Console(stderr=error, width=width, markup=False, highlight=False)
    console.push_render_hook(_hook())
    return console


@cache
def _hook() -> Any:
    """Return the hook of `make_console`, made on first use: rich takes long to import."""
    from rich.console import ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
    from rich.segment import Segment

    class Escaped:
        """What is printed, with its texts escaped; the console's own codes stay."""

        def __init__(self, inner: ConsoleRenderable) -> None:
            self.inner = inner

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            for segment in console.render(self.inner, options):
                text, style, control = segment
                yield segment if control else Segment(visible_lines(text), style)

    class Hook(RenderHook):
        """Escapes all that a console prints."""

        def process_renderables(
            self, renderables: list[ConsoleRenderable]
        ) -> list[ConsoleRenderable]:
            return [Escaped(each) for each in renderables]

    return Hook()


def table_console() -> Console:
    """Return a console that fits tables to the width of a terminal.

    In a file or a pipe, numbers and names stay whole.
    """
    console = make_console()
    return console if console.is_terminal else make_console(width=_UNBROKEN)


def terminal_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    title: str | None = None,
    align: str = "lr",
    gap: int = 2,
) -> Table:
    """Return a table for `table_console`.

    Parameters
    ----------
    columns : sequence of str
        Headings; if all are empty, there is no line of headings.
    rows : iterable of sequence of str or Text
        As many cells each as there are columns.
    title : str, optional
        Printed above the table.
    align : str
        ``l`` or ``r`` for each column; the last letter holds for all columns after it.
    gap : int
        Spaces between columns.
    """
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        show_header=any(columns),
        box=None,
        padding=(0, gap, 0, 0),
        pad_edge=False,
    )
    sides = align[: len(columns)].ljust(len(columns), align[-1])
    for place, (name, side) in enumerate(zip(columns, sides, strict=True)):
        table.add_column(
            visible(name),
            justify="right" if side == "r" else "left",
            no_wrap=place == 0,  # other headings wrap before a name does
            overflow="ellipsis" if place == 0 else "fold",
        )
    for row in rows:
        # before the width of a column is known
        table.add_row(*(visible(cell) if isinstance(cell, str) else cell for cell in row))
    return table
