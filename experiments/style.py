"""One look for all figures: colours, lines, marks, logarithmic axes, files."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import cycle, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.experiments.pgf import pgf_picture
from edgeopt.problems.errors import FloatArray, check_choice
from edgeopt.problems.files import write_atomically
from edgeopt.problems.visible import visible_lines

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


# Okabe and Ito 2008: colours that colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_DASHES = ("-", "--", "-.", ":")

SMALLEST = 1e-3  # in per cent; a logarithmic axis has no place for smaller gaps

MARKERS = "osD^v<>pPX*"

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_EASTERN = (  # fonts of Linux, Windows and macOS
    *("Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei"),
    *("SimSun", "Microsoft YaHei", "Songti SC", "Arial Unicode MS"),
)

_SETTINGS: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,  # the grid below marks and bars
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text stays text, which can be searched and copied
    "figure.constrained_layout.use": True,
}


@contextmanager
def paper_style(font_size: float = 9) -> Iterator[None]:
    """Draw in this style; matplotlib's own settings come back afterwards.

    Parameters
    ----------
    font_size : float
        In points; legends are a little smaller.

    Examples
    --------
    See `save_figure`.
    """
    import matplotlib as mpl

    sizes = {"font.size": font_size, "legend.fontsize": font_size * 8 / 9}
    with mpl.rc_context(_SETTINGS | sizes | {"font.family": _families()}):
        yield


@cache
def _families() -> list[str]:
    """Return the font, and one for names in Chinese, Japanese or Korean if there is any."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return ["serif", *[name for name in _EASTERN if name in installed][:1]]


def solver_styles(solvers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colour, dash and marker for each solver of a sweep, fixed by its place in it.

    Parameters
    ----------
    solvers : iterable of str
        All solvers of the sweep, in its order; a figure that shows some of them takes theirs.

    Notes
    -----
    There are 7 colours, 4 dashes and 11 markers. No two of these numbers have a common divisor:
    308 styles differ, and of the first 44 no two have the same dash and marker, so that they can
    be told apart without colour.

    Examples
    --------
    >>> from edgeopt.experiments import solver_styles
    >>> solver_styles(["ATSA", "PSO"])["PSO"]
    {'color': '#D55E00', 'linestyle': '--', 'marker': 's'}
    """
    looks = zip(cycle(COLOURS), cycle(_DASHES), cycle(MARKERS), strict=False)
    return {
        solver: {"color": colour, "linestyle": dash, "marker": marker}
        for solver, (colour, dash, marker) in zip(solvers, looks, strict=False)
    }


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


def number_text(value: float) -> str:
    """Return a number for an axis: plain where that is short, else a power of ten."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:g}"
    digits, exponent = f"{value:.0e}".split("e")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if digits == "1" else f"{digits}·{power}"


def percent_axis(axis: Axis) -> None:
    """Label a logarithmic axis of `drawn_percent` with plain numbers, `SMALLEST` as a limit."""
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _: object) -> str:
        number = number_text(value)
        return f"≤ {number}" if math.isclose(value, SMALLEST) else number

    log_ticks(axis)
    axis.set_major_formatter(FuncFormatter(text))


def number_axis(axis: Axis) -> None:
    """Label an axis, logarithmic or not, with plain numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if axis.get_scale() == "log":
        log_ticks(axis)
    else:
        axis.set_major_locator(
            MaxNLocator(min(5, max(axis.get_tick_space(), 2)), steps=[1, 2, 2.5, 5, 10])
        )
    axis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))


def log_ticks(axis: Axis) -> None:
    """Put ticks on a logarithmic axis: at as many decades as it has room for, or also between."""
    from matplotlib.ticker import Locator, NullLocator

    class LogTicks(Locator):
        """Ticks that follow the range, which may change after this call."""

        def __call__(self) -> list[float]:
            return self.tick_values(*axis.get_view_interval())

        def tick_values(self, vmin: float, vmax: float) -> list[float]:
            room = max(axis.get_tick_space(), 2)
            return list(map(float, _log_places(min(vmin, vmax), max(vmin, vmax), room)))

    axis.set_major_locator(LogTicks())
    axis.set_minor_locator(NullLocator())


def _log_places(low: float, high: float, room: int) -> FloatArray:
    """Return the places of ticks within a positive range."""
    from matplotlib.ticker import MaxNLocator

    if low <= 0:
        return np.empty(0)
    if high > 1e3 * low:
        decades = _at_steps(low, high, (1.0,))
        # from the lowest on, which is the limit of gaps and must not go without its label
        return decades[:: -(-decades.size // room)]
    if high > 5 * low:  # decades alone would be three labels at most
        for steps in ((1.0, 2.0, 5.0), (1.0, 3.0)):
            places = _at_steps(low, high, steps)
            if 2 <= places.size <= min(room, 6):
                return places
    return np.asarray(MaxNLocator(min(4, room), min_n_ticks=3).tick_values(low, high))


def _at_steps(low: float, high: float, steps: tuple[float, ...]) -> FloatArray:
    """Return the steps of each decade that lie within the range."""
    decades = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = np.outer(decades, steps).ravel()
    slack = 1e-9  # an end that is a tick itself may be rounded
    return places[(places >= low * (1 - slack)) & (places <= high * (1 + slack))]


def plain_ticks(axis: Axis) -> None:
    """Put ticks at 1, 2 and 5 of each decade of a logarithmic axis, as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


@contextmanager
def one_font_warning() -> Iterator[None]:
    """Warn once of all letters that no font has, instead of once for each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="Glyph .* missing from font")
        yield
    missing: dict[str, None] = {}
    for warning in caught:
        glyph = re.match(r"Glyph (\d+) ", str(warning.message))
        if glyph:
            missing[chr(int(glyph[1]))] = None
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    if missing:
        letters = "".join(missing)
        warnings.warn(
            f"no installed font has {letters}: they are boxes; Noto Sans CJK has most", stacklevel=5
        )


def plain_names(figure: Figure) -> None:
    """Have all texts of a figure drawn as they are: names come from users and are no formulas.

    Labels of ticks that are numbers stay formulas where the axis makes them such.
    """
    from matplotlib.text import Text
    from matplotlib.ticker import FuncFormatter

    # not the ticks: they take their labels from the axis whenever they are drawn
    formulas: set[int] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, FuncFormatter):  # ours, or one for names
                axis.set_major_formatter(_shown_by(formatter.func))
            else:
                formulas |= {id(label) for label in axis.get_ticklabels()}
            formulas.add(id(axis.get_offset_text()))
    for text in figure.findobj(Text):
        if isinstance(text, Text) and id(text) not in formulas:
            text.set_parse_math(False)
            text.set_text(visible_lines(text.get_text()))


def _shown_by(label: Any) -> Callable[[float, float], str]:
    """Return a formatter of ticks whose labels have no hidden signs."""
    return lambda value, place: visible_lines(label(value, place))


FORMATS: dict[str, dict[str, Any]] = {  # without dates, so that files repeat to the byte
    "png": {"dpi": 200, "metadata": {"Software": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "svg": {"metadata": {"Date": None}},
    "pgf": {},
}


def save_figure(
    figure: Figure, folder: str | Path, name: str, formats: Iterable[str] = ("png", "pdf")
) -> list[Path]:
    r"""Write the figure in each format, atomically and without a date; return the paths.

    Parameters
    ----------
    figure : Figure
        What is drawn.
    folder : str or Path
        An existing folder.
    name : str
        Of the file, without a suffix.
    formats : iterable of str
        ``png``, ``pdf``, ``svg`` or ``pgf``, for ``\input`` in LaTeX; none needs LaTeX here.

    Raises
    ------
    InputError
        If a format is unknown or a file cannot be written.

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
    import matplotlib as mpl

    paths = []
    for kind in formats:
        check_choice("format", kind, FORMATS)
        buffer = io.BytesIO()
        # the salt makes the identifiers of SVG repeat
        with mpl.rc_context({"svg.hashsalt": "edgeopt"}), one_font_warning():
            if kind == "pgf":
                buffer.write(pgf_picture(figure).encode())
            else:
                figure.savefig(buffer, format=kind, **FORMATS[kind])
        paths.append(Path(folder, f"{name}.{kind}"))
        write_atomically(paths[-1], buffer.getvalue())
    return paths
