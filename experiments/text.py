"""Numbers and tables as text, for Markdown and LaTeX."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from edgeopt.problems.visible import visible

if TYPE_CHECKING:
    from rich.text import Text


Cell = TypeVar("Cell")

NOTHING, INFINITE = "–", "∞"

_LONGEST = 40  # characters of an entry on one line

_PAGE_ROWS = 40  # of a LaTeX table that still fits on a page

_FILE_NAME = 60  # characters: of three bytes each, with a suffix, still allowed everywhere

_LARGE = 1e6  # from here on numbers have an exponent

_PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "%": r"\%",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "χ": r"$\chi$",
        "·": r"$\cdot$",
        "×": r"$\times$",
        "\N{MINUS SIGN}": r"$-$",
        "∞": r"$\infty$",
        "≤": r"$\le$",
        "<": "$<$",
        ">": "$>$",
        "–": "--",
        "µ": r"\textmu{}",
        "…": r"\ldots{}",
    }
)

_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"

_LOWERED = str.maketrans(_RAISED, "-0123456789")

_SHORT = r"""\begin{table}[tbp]
\centering
%(title)s
\begin{tabular}{%(sides)s}
\toprule
%(head)s\midrule
%(body)s\bottomrule
\end{tabular}
\end{table}
"""

_LONG = r"""\begin{longtable}{%(sides)s}
%(title)s \\
\toprule
%(head)s\midrule
\endfirsthead
\toprule
%(head)s\midrule
\endhead
\bottomrule
\endfoot
%(body)s\end{longtable}
"""


def decimal(value: float, places: int = 2) -> str:
    """Return a number with fixed places, ``∞``, or ``–`` where there is none."""
    return scaled(value, 1.0, f".{places}f")


def percent(fraction: float, places: int = 2) -> str:
    """Return a fraction in per cent, without the sign."""
    return decimal(100 * fraction, places)


def scaled(value: float | None, factor: float = 1.0, form: str = ".4g") -> str:
    """Return a number times a factor in a format; ``–`` for None and NaN, ``∞`` and ``-∞``."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return INFINITE if value > 0 else f"-{INFINITE}"
    return f"{value * factor:{form}}"


def limits(low: float, high: float, places: int = 2) -> str:
    """Return an interval, ``[low, high]``."""
    return f"[{decimal(low, places)}, {decimal(high, places)}]"


def p_value(p: float) -> str:
    """Return a p-value with three places, ``<0.001`` below them."""
    return "<0.001" if p < 0.001 else decimal(p, 3)


def p_relation(p: float) -> str:
    """Return ``p = 0.031`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {decimal(p, 3)}"


def p_digits(p: float) -> str:
    """Return ``p = 0.00012``, with two significant digits, or ``p < 1e-06``."""
    return "p < 1e-06" if p < 1e-6 else f"p = {scaled(p, form='.2g')}"


def seconds(value: float) -> str:
    """Return a time with three digits, in s, ms or µs."""
    if not math.isfinite(value):
        return decimal(value)
    scale, unit = next((pair for pair in _PREFIXES if value >= pair[0]), _PREFIXES[-1])
    return f"{value / scale:.3g} {unit}"


def count(value: float) -> str:
    """Return a whole number with its thousands separated."""
    return scaled(value, form=",.0f")


def significant(value: float, digits: int = 4) -> str:
    """Return a number with significant digits, below 10^6 never with an exponent."""
    # "g" would give numbers of more digits an exponent
    whole = 10 ** (digits - 1) <= abs(value) < _LARGE
    return scaled(value, form=".0f" if whole else f".{digits}g")


def file_names(names: Iterable[str]) -> list[str]:
    """Return a name for a file of each name, all different on every file system.

    Letters of any script stay, other signs become hyphens, and a number is added to what would be
    the same, in upper or lower case. The ending ``.csv`` of an instance's file is left out.
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = unicodedata.normalize("NFC", name.removesuffix(".csv"))
        slug = re.sub(r"[^\w.]+", "-", plain).strip("-.")[:_FILE_NAME] or "unnamed"
        number, unique = 1, slug
        while unique.casefold() in taken:
            number += 1
            unique = f"{slug}-{number}"
        taken.add(unique.casefold())
        found.append(unique)
    return found


# Tables and lists.


def markdown_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], align: str = "l"
) -> list[str]:
    """Return the lines of a table; bars in cells are escaped, line breaks become spaces.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence of str
        As many cells each as there are columns.
    align : str
        ``l`` or ``r`` for each column; the last letter holds for all columns after it.
    """
    rules = ["---:" if side == "r" else "---" for side in _sides(align, len(columns))]
    lines = [_markdown_row(cells) for cells in (columns, *rows)]
    return [lines[0], f"|{'|'.join(rules)}|", *lines[1:]]


def _markdown_row(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    texts = (visible(" ".join(cell.split("\n"))).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(texts)} |"


def _sides(align: str, size: int) -> str:
    """Return one letter for each column."""
    return align[:size].ljust(size, align[-1])


def markdown_list(items: Iterable[str]) -> list[str]:
    """Return the lines of a list."""
    return [f"- {item}" for item in items]


def joined(names: Sequence[str]) -> str:
    """Return names as ``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


# Tables that are sorted on a page and set in LaTeX.


@dataclass(frozen=True)
class Entry:
    """One cell of a table.

    Attributes
    ----------
    text : str
        As shown; whoever writes it escapes it.
    key : float or None
        What a number sorts by; None to sort by the text.
    best : bool
        Whether it is shown in bold.
    """

    text: str
    key: float | None = None
    best: bool = False


@dataclass(frozen=True)
class ReportTable:
    """Rows under named columns, before they become HTML or LaTeX.

    Attributes
    ----------
    name : str
        Identifier on the page and name of the LaTeX file.
    title : str
        What it shows, in one line.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of Entry
        As many entries each as there are columns.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


def latex_text(text: str) -> str:
    """Return a text for LaTeX: what it would read as a command is escaped, on one line."""
    line = visible(" ".join(text.split()))
    return re.sub(f"[{_RAISED}]+|.", _latex_sign, line)


def _latex_sign(found: re.Match[str]) -> str:
    """Return raised digits as an exponent, any other sign escaped."""
    signs = found[0]
    if signs[0] in _RAISED:
        return f"$^{{{signs.translate(_LOWERED)}}}$"
    return signs.translate(_LATEX)


def table_width(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> int:
    """Return the characters of a line of a table, with two spaces between columns."""
    texts = [columns, *rows]
    return sum(max(len(row[place]) for row in texts) + 2 for place in range(len(columns))) - 2


def turned(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], cell: Callable[[str], Cell]
) -> list[tuple[Cell, ...]]:
    """Return a row for each column but the first, led by its heading, which `cell` makes a cell."""
    return [(cell(columns[n]), *(row[n] for row in rows)) for n in range(1, len(columns))]


def choose_columns(table: ReportTable, columns: Sequence[str]) -> ReportTable:
    """Return the table with the given columns in their order, or whole if it has fewer than two."""
    places = [table.columns.index(name) for name in columns if name in table.columns]
    if len(places) < 2:
        return table
    rows = tuple(tuple(row[place] for place in places) for row in table.rows)
    return replace(table, columns=tuple(table.columns[place] for place in places), rows=rows)


def latex_table(table: ReportTable) -> str:
    """Return a table for LaTeX with booktabs, and with longtable if it is longer than a page.

    It is centred, has a caption and a label, and its best entries are bold. All texts are escaped.
    """
    sides = "".join(_latex_side(table, place) for place in range(len(table.columns)))
    head = _latex_row([Entry(column) for column in table.columns])
    body = "".join(_latex_row(row) for row in table.rows)
    title = f"\\caption{{{latex_text(table.title)}}}\n\\label{{tab:{table.name}}}"
    if len(table.rows) > _PAGE_ROWS:
        return _LONG % {"sides": sides, "title": title, "head": head, "body": body}
    return _SHORT % {"sides": sides, "title": title, "head": head, "body": body}


def _latex_side(table: ReportTable, place: int) -> str:
    """Return the alignment of a column: numbers right, names left, long texts in lines."""
    entries = [row[place] for row in table.rows]
    if entries and entries[0].key is not None:
        return "r"
    long = max((len(entry.text) for entry in entries), default=0) > _LONGEST
    return r"p{0.35\linewidth}" if long else "l"


def _latex_row(entries: Sequence[Entry]) -> str:
    """Return a line of a table."""
    texts = [latex_text(entry.text) for entry in entries]
    bold = [
        f"\\textbf{{{t}}}" if entry.best else t for t, entry in zip(texts, entries, strict=True)
    ]
    # at the start of a row these would be read as an option of the row before
    guard = "{}" if bold and bold[0][:1] in ("[", "*") else ""
    return f"{guard}{' & '.join(bold)} \\\\\n"
