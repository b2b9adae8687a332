"""Heat map: the median gap of each solver on each problem."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.style import SMALLEST, number_axis, percent_axis
from edgeopt.experiments.sweep.figures.canvas import drawing, short_label
from edgeopt.experiments.sweep.figures.choice import Choice, choose_runs, runs_text
from edgeopt.experiments.sweep.figures.values import VALUES, final_values, scale_of
from edgeopt.problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


_MAP = "cividis_r"  # its lightness falls evenly: it can be read in grey, and colour-blind

_FEW_ROWS = 8

_COLUMN, _ROW = 0.42, 0.2  # in, of a cell with its number


def plot_heatmap(
    data: pd.DataFrame,
    ax: Axes | None = None,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    y: str = "gap",
    y_scale: str | None = None,
    best: Mapping[str, float] | None = None,
) -> Axes:
    """Draw the median over repetitions of each solver on each problem as a colour and a number.

    Parameters
    ----------
    data : DataFrame
        Rows of a sweep; a run that failed counts as one without a schedule.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    solvers, problems, names : optional
        See `choose_runs`; without `solvers`, the best median is at the top.
    y : str
        ``gap`` to the lower bound in per cent, or ``ratio`` to the best known.
    y_scale : str, optional
        ``linear`` or ``log`` of the colours; logarithmic for gaps unless given.
    best : mapping of float, optional
        Best makespans in s known by problem, besides those of the runs.

    Returns
    -------
    Axes
        A cell is empty where less than half of the runs have a schedule.

    Raises
    ------
    InputError
        If an option is unknown, or does not fit the data.

    Examples
    --------
    See `choose_runs`, which makes such a table.
    """
    choice, scale = (
        choose_runs(data, solvers=solvers, problems=problems, names=names),
        scale_of(y, y_scale),
    )
    table = _medians(choice, y, best)
    if solvers is None:
        table = table.loc[table.median(axis=1).sort_values(kind="stable").index]
    rows, columns = table.shape
    with drawing(ax, (2.2 + _COLUMN * columns, 1.2 + _ROW * rows)) as axes:
        in_percent = (y, scale) == ("gap", "log")
        is_log = scale == "log"
        draw_cells(axes, table.to_numpy(), VALUES[y], is_log=is_log, in_percent=in_percent)
        axes.set_yticks(
            np.arange(rows) + 0.5, list(map(short_label, table.index)), parse_math=False
        )
        turned: Any = {
            "rotation": 45,
            "ha": "right",
            "rotation_mode": "anchor",
            "parse_math": False,
        }
        axes.set_xticks(np.arange(columns) + 0.5, list(map(short_label, table.columns)), **turned)
        axes.set_title(f"median of {runs_text(choice)}", fontsize="small", loc="left")
    return axes


def heatmap_table(
    data: pd.DataFrame,
    *,
    solvers: str | Sequence[str] | None = None,
    problems: str | Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    y: str = "gap",
    best: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the medians that `plot_heatmap` draws: solver, and a column a problem."""
    choice = choose_runs(data, solvers=solvers, problems=problems, names=names)
    return _medians(choice, y, best).rename_axis("solver").reset_index()


def _medians(choice: Choice, y: str, best: Mapping[str, float] | None) -> pd.DataFrame:
    """Return the median values, solvers by problems; NaN where there are no runs."""
    values = choice.runs.assign(value=final_values(choice, y, best))
    table = values.pivot_table(index="solver", columns="problem", values="value", aggfunc="median")
    table = table.reindex(index=list(choice.solvers), columns=list(choice.problems))
    return table.rename(columns=choice.problems).rename_axis(columns=None)


def draw_cells(
    axes: Axes, values: FloatArray, label: str, *, is_log: bool, in_percent: bool = False
) -> None:
    """Draw colours, numbers and the bar of colours.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    values : ndarray, shape (rows, columns)
        NaN and infinity have no colour.
    label : str
        What the values are.
    is_log : bool
        Whether the colours are logarithmic.
    in_percent : bool
        Whether the bar has ticks as gaps in per cent have them.
    """
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    shown = np.ma.masked_invalid(np.maximum(values, SMALLEST) if is_log else values)
    low, high = (shown.min(), shown.max()) if shown.count() else (1.0, 1.0)
    norm = (LogNorm if is_log else Normalize)(low, high if high > low else low * 1.1 + 1e-9)
    # cells are paths, not an image, which PGF would put into a file of its own
    mesh = axes.pcolormesh(shown, norm=norm, cmap=_MAP, edgecolors="white", linewidth=0.5)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.tick_params(length=0)
    columns = values.shape[1]
    size = axes.get_window_extent().width / axes.figure.dpi / columns
    if size > 0.3:
        for (row, column), value in np.ndenumerate(values):
            text = _number(value)
            shade = colormaps[_MAP](norm(value)) if np.isfinite(value) else (1, 1, 1, 1)
            ink = "white" if np.dot(shade[:3], (0.2126, 0.7152, 0.0722)) < 0.5 else "black"
            style = {"ha": "center", "va": "center", "fontsize": "x-small", "color": ink}
            axes.text(column + 0.5, row + 0.5, text, style)
    # beside few rows there is no room for a long line
    label = label if values.shape[0] > _FEW_ROWS else textwrap.fill(label, 16)
    bar = axes.figure.colorbar(mesh, ax=axes, label=label, pad=0.02)
    (percent_axis if in_percent else number_axis)(bar.ax.yaxis)
    if bar.solids is not None:
        bar.solids.set_rasterized(False)  # PGF has no images
    bar.outline.set_visible(False)


def _number(value: float) -> str:
    """Return a number for a cell: three digits, none of them below `SMALLEST`."""
    if not np.isfinite(value):
        return "–"
    return "0" if abs(value) < 1e-9 else f"{value:.3g}" if abs(value) >= SMALLEST else "<0.001"
