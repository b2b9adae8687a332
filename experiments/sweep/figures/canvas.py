"""Where a figure is drawn, and its legend."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.style import paper_style
from edgeopt.problems.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


SIZE = (4.6, 3.3)  # in, which a phone can show and a column of a paper can hold

# names come from users and are text, never formulas
PLAIN: Any = {"text.parse_math": False}

_NAME = 26  # characters of a name

_SIGNS = 120  # of a line of 1 in in letters of 1 pt; on average, with a margin

_SAMPLE = 10  # characters that are as wide as a line's sample and the space between columns

_UNNAMED = ("_child", "_nolegend_")  # labels that matplotlib gives

_BESIDE = 32  # characters of a legend's heading on the right of a figure

WIDE = 6.0  # in, of a figure that has room for a legend on its right


@contextmanager
def drawing(ax: Axes | None, size: tuple[float, float] = SIZE) -> Iterator[Axes]:
    """Give the axes to draw in, or those of a new figure of pyplot in the style of papers."""
    import matplotlib as mpl

    with ExitStack() as stack:
        if ax is None:
            stack.enter_context(paper_style())
            from matplotlib import pyplot  # takes long to import

            figure, new = pyplot.subplots(figsize=size)
        stack.enter_context(mpl.rc_context(PLAIN))
        yield new if ax is None else ax
        if ax is None and new.get_legend() is not None:
            gather_legends(figure)


def short_label(name: str) -> str:
    """Return a name, cut if it is too long for a figure."""
    shown = visible(name)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"


def add_legend(ax: Axes, note: str, absent: Mapping[str, str]) -> None:
    """Add a legend to the axes, headed by a note and by what has no line, with its reason.

    Parameters
    ----------
    ax : Axes
        With labelled lines.
    note : str
        What lines and bands are.
    absent : mapping of str
        Reason by name.
    """
    reasons = ", ".join(f"{short_label(name)} ({why})" for name, why in absent.items())
    title = "\n".join(part for part in (note, reasons and f"no line: {reasons}") if part)
    entries = _entries(ax)
    size: Any = "small"  # within the axes; outside them there is more room
    ax.legend(
        entries.values(),
        [short_label(name) for name in entries],
        title=title,
        fontsize=size,
        title_fontsize=size,
    )


def _entries(ax: Axes) -> dict[str, Line2D]:
    """Return the labelled lines; matplotlib itself leaves out labels that begin with "_"."""
    named = {str(line.get_label()): line for line in ax.get_lines()}
    return {name: line for name, line in named.items() if not name.startswith(_UNNAMED)}


def gather_legends(figure: Figure) -> None:
    """Replace the legends of a figure's axes by one outside: below, or on the right of a wide one.

    The axes share their lines' styles, so that each name is listed once.
    """
    import matplotlib as mpl

    entries: dict[str, Line2D] = {}
    titles: dict[str, None] = {}
    for ax in figure.axes:
        legend = ax.get_legend()
        if legend is not None:
            entries |= _entries(ax)
            titles |= dict.fromkeys(legend.get_title().get_text().split("\n"))
            legend.remove()
    if titles:
        with mpl.rc_context(PLAIN):
            _outside(figure, entries, [title for title in titles if title])


def _outside(figure: Figure, entries: dict[str, Line2D], titles: list[str]) -> None:
    """Add the one legend."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties

    width = figure.get_figwidth()
    size = FontProperties(size=mpl.rcParams["legend.fontsize"]).get_size_in_points()
    beside = width >= WIDE
    room = int(width * _SIGNS / size)
    names = [short_label(name) for name in entries]
    columns = room // (max(map(len, names), default=0) + _SAMPLE)
    wrapped = [textwrap.fill(title, _BESIDE if beside else room) for title in titles]
    figure.legend(
        list(entries.values()),
        names,
        loc="outside right center" if beside else "outside lower center",
        ncols=1 if beside else max(1, min(columns, 4)),
        title="\n".join(wrapped),
        title_fontsize=size,
        handlelength=2.6,  # shows a dash and a half of the longest pattern
        alignment="left",
    )
