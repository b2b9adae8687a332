"""One look for all figures."""

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


# Okabe and Ito 2008: colours that most colour-blind readers tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

DASHES = ("-", "--", "-.", ":")

SMALLEST = 1e-3  # the smallest gap drawn, in per cent

MARKERS = "osD^v<>pPX*"

SETTINGS: Any = {
    "font.family": "serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "pdf.fonttype": 42,  # text stays text
    "figure.constrained_layout.use": True,
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the one look, without a screen, and leave matplotlib's settings as they were.

    Examples
    --------
    See `save_figure`.
    """
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS):
        yield


def line_styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colour and dash for each label; the colours repeat with other dashes.

    Examples
    --------
    See `save_figure`.
    """
    styles = cycle(
        {"color": colour, "linestyle": dash} for dash, colour in product(DASHES, COLOURS)
    )
    return dict(zip(labels, styles, strict=False))


def mark_styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return a hollow mark with a thin dotted line for each label."""
    look = {"linestyle": ":", "linewidth": 0.9, "markersize": 4.5, "markerfacecolor": "white"}
    styles = cycle(
        {"color": colour, "marker": marker, **look}
        for colour, marker in zip(cycle(COLOURS), MARKERS * len(COLOURS), strict=False)
    )
    return dict(zip(labels, styles, strict=False))


def percent(gaps: ArrayLike) -> FloatArray:
    """Return gaps in per cent, at least `SMALLEST`, as a logarithmic axis knows no 0."""
    return np.maximum(100 * np.asarray(gaps, dtype=np.float64), SMALLEST)


def percent_axis(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis as plain numbers, `SMALLEST` as a limit."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    def text(value: float, _: object) -> str:
        return f"≤ {value:g}" if math.isclose(value, SMALLEST) else f"{value:g}"

    axis.set_major_formatter(FuncFormatter(text))
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
