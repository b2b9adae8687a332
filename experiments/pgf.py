"""Figures as PGF pictures for LaTeX, written where no LaTeX is installed."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.text import latex_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_HEAD = r"""%%%% A PGF picture of edgeopt. In the preamble: \usepackage{pgf}; then \input this file.
\begingroup\makeatletter
\begin{pgfpicture}
\pgfpathrectangle{\pgfpointorigin}{\pgfqpoint{%fin}{%fin}}
\pgfusepath{use as bounding box, clip}
"""

_FOOT = "\\end{pgfpicture}\n\\makeatother\\endgroup\n"


def pgf_picture(figure: Figure) -> str:
    """Return the LaTeX code of a figure; its texts take the document's fonts.

    Matplotlib's own writer asks LaTeX for the size of each text. Here its other renderer measures
    them: the layout is that of the PNG.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_mixed import MixedModeRenderer

    code = io.StringIO()
    size = figure.get_size_inches()
    code.write(_HEAD % tuple(size))
    canvas: Any = FigureCanvasAgg(figure)
    mixed: Any = MixedModeRenderer
    with mpl.rc_context({"pgf.rcfonts": False}):
        renderer = _renderer()(figure, code, canvas.get_renderer())
        figure.draw(mixed(figure, *size, figure.dpi, renderer))
    return code.getvalue() + _FOOT


@cache
def _renderer() -> Any:
    """Return the renderer, made on first use: matplotlib takes long to import."""
    from matplotlib.backends.backend_pgf import RendererPgf

    class Renderer(RendererPgf):
        """Measures texts without LaTeX, and escapes those that are no formulas."""

        def __init__(self, figure: Figure, code: io.StringIO, measure: Any) -> None:
            super().__init__(figure, code)  # type: ignore[no-untyped-call]
            self._measure = measure

        def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
            return self._measure.get_text_width_height_descent(s, prop, ismath)

        def draw_text(
            self,
            gc: Any,
            x: float,
            y: float,
            s: str,
            prop: Any,
            angle: float,
            ismath: Any = False,
            mtext: Any = None,
        ) -> None:
            text = s if ismath else latex_text(s)
            place = (gc, x, y, text, prop, angle, ismath, mtext)
            super().draw_text(*place)  # type: ignore[no-untyped-call]

    return Renderer
