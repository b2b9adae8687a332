"""Figures as parts of the page and as files for a paper."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.plots.style import paper_style
from problems.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[], "Figure"]
# names from users are text, never formulas; on the page the reader's own sans-serif
PLAIN: Any = {"text.parse_math": False}
PAGE: Any = {"font.family": "sans-serif", "svg.fonttype": "none", "svg.hashsalt": "edgeopt"}


def svg_address(draw: Draw) -> str:
    """Return a figure as a ``data:`` address of SVG, which can neither load nor run anything."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with paper_style(), mpl.rc_context(PLAIN | PAGE):
        draw().savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    short = re.sub(rb"(\.\d\d)\d+", rb"\1", buffer.getvalue())  # hundredths of a point do
    return "data:image/svg+xml;base64," + base64.b64encode(short).decode()


def write_pdf(draw: Draw, path: Path) -> Path:
    """Write a figure as PDF without a date, and return the path."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with paper_style(), mpl.rc_context(PLAIN):
        draw().savefig(buffer, format="pdf", metadata={"CreationDate": None})
    write_atomically(path, buffer.getvalue())
    return path
