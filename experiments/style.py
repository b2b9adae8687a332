"""One look for all figures: colours, lines, logarithmic axes, files."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import cycle, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


# Okabe and Ito 2008: colours that colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_DASHES = ("-", "--", "-.", ":")

SMALLEST = 1e-3  # in per cent; a logarithmic axis has no place for smaller gaps

MARKERS = "osD^v<>pPX*"

_SETTINGS: Any = {
    "font.family": "serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,  # the grid below marks and bars
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "pdf.fonttype": 42,  # text stays text, which can be searched and copied
    "figure.constrained_layout.use": True,
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in this style; matplotlib's own settings come back afterwards.

    Examples
    --------
    See `save_figure`.
    """
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        yield


def line_styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colour and dash for each label; colours repeat with another dash.

    Examples
    --------
    See `save_figure`.
    """
    styles = cycle(
        {"color": colour, "linestyle": dash} for dash, colour in product(_DASHES, COLOURS)
    )
    return dict(zip(labels, styles, strict=False))


def mark_styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return a hollow mark on a thin dotted line for each label."""
    look = {"linestyle": ":", "linewidth": 0.9, "markersize": 4.5, "markerfacecolor": "white"}
    styles = cycle(
        {"color": colour, "marker": marker, **look}
        for colour, marker in zip(cycle(COLOURS), MARKERS * len(COLOURS), strict=False)
    )
    return dict(zip(labels, styles, strict=False))


def drawn_percent(gaps: ArrayLike) -> FloatArray:
    """Return gaps in per cent for a logarithmic axis: at least `SMALLEST`."""
    return np.maximum(100 * np.asarray(gaps, dtype=np.float64), SMALLEST)


def percent_axis(axis: Axis) -> None:
    """Label a logarithmic axis of `drawn_percent` with plain numbers, `SMALLEST` as a limit.

    To be called when all is drawn, as the ticks depend on the range.
    """
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _: object) -> str:
        return f"≤ {value:g}" if math.isclose(value, SMALLEST) else f"{value:g}"

    log_ticks(axis)
    axis.set_major_formatter(FuncFormatter(text))


def log_ticks(axis: Axis) -> None:
    """Put ticks on a logarithmic axis: at as many decades as it has room for, or also between.

    To be called when all is drawn, as the ticks depend on the range.
    """
    from matplotlib.ticker import FixedLocator, Locator, LogLocator, MaxNLocator, NullLocator

    low, high = axis.get_view_interval()
    locator: Locator
    if high > 1e3 * low:
        decades = np.arange(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        stride = -(-decades.size // max(axis.get_tick_space(), 2))
        # from the lowest on, which is the limit of gaps and must not go without its label
        locator = FixedLocator((10.0 ** decades[::stride]).tolist())
    elif high > 5 * low:  # decades alone would be three labels at most
        steps = (1.0, 3.0) if high > 1e2 * low else (1.0, 2.0, 5.0)
        locator = LogLocator(subs=steps, numticks=10)
    else:
        locator = MaxNLocator(4, min_n_ticks=3)
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())


def plain_ticks(axis: Axis) -> None:
    """Put ticks at 1, 2 and 5 of each decade of a logarithmic axis, as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write the figure as PNG and PDF, atomically and without a date; return the paths.

    Examples
    --------
    >>> from pathlib import Path
    >>> from matplotlib.figure import Figure
    >>> from edgeopt.experiments import line_styles, paper_style, save_figure
    >>> with paper_style():
    ...     figure = Figure(figsize=(3, 2))
    ...     axes = figure.subplots()
    ...     for name, style in line_styles(["ATSA", "PSO"]).items():
    ...         _ = axes.plot([0, 1], label=name, **style)
    ...     paths = save_figure(figure, Path(), "lines")
    >>> [path.name for path in paths]
    ['lines.png', 'lines.pdf']
    """
    paths = []
    for suffix, metadata in ((".png", {"Software": None}), (".pdf", {"CreationDate": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix[1:], dpi=200, metadata=metadata)
        path = folder / f"{name}{suffix}"
        write_atomically(path, buffer.getvalue())
        paths.append(path)
    return paths
