"""Heat map: the largest ratio of each solver to each rival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.sweep.figures.canvas import drawing, short_label
from edgeopt.experiments.sweep.figures.heat import draw_cells
from edgeopt.problems.errors import check_choice

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMN, _ROW = 0.5, 0.24  # in, of a cell with its number


def plot_adversary(
    summary: Sequence[Row], ax: Axes | None = None, *, solvers: Sequence[str] | None = None
) -> Axes:
    """Draw the worst ratio of each solver (a row) to each rival (a column) as colour and number.

    Parameters
    ----------
    summary : sequence of dict
        From `summarize_adversary`.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    solvers : sequence of str, optional
        Names in their order; by default the solver that loses least is at the top.

    Returns
    -------
    Axes
        A cell is empty where no search has finished.

    Examples
    --------
    See `adversary`, whose result draws it.
    """
    table = ratio_matrix(summary, solvers)
    names = list(table.index)
    with drawing(ax, _size(len(names))) as axes:
        draw_cells(axes, table.to_numpy(), "makespan / rival's", is_log=True)
        places, labels = np.arange(len(names)) + 0.5, list(map(short_label, names))
        turned: Any = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        axes.set_yticks(places, labels, parse_math=False)
        axes.set_xticks(places, labels, parse_math=False, **turned)
        axes.set_ylabel("solver")
        axes.set_xlabel("rival")
        axes.set_title("worst instance found for each pair", fontsize="small", loc="left")
    return axes


def adversary_figure(summary: Sequence[Row]) -> Figure:
    """Return the heat map as a figure for a file."""
    from matplotlib.figure import Figure

    names = {row[side] for row in summary for side in ("solver", "rival")}
    figure = Figure(figsize=_size(len(names)))
    plot_adversary(summary, figure.subplots())
    return figure


def _size(solvers: int) -> tuple[float, float]:
    """Return width and height of a figure in in."""
    return 2.6 + _COLUMN * solvers, 1.5 + _ROW * solvers


def ratio_matrix(summary: Sequence[Row], solvers: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the ratios, a row a solver and a column a rival; NaN where there is none.

    Parameters
    ----------
    summary : sequence of dict
        From `summarize_adversary`.
    solvers : sequence of str, optional
        Names in their order; by default the solver whose largest ratio is least comes first.
    """
    import pandas as pd

    rows = pd.DataFrame(
        [{name: row[name] for name in ("solver", "rival", "ratio")} for row in summary]
    )
    table = rows.assign(ratio=rows["ratio"].astype(float)).pivot(
        index="solver", columns="rival", values="ratio"
    )
    names = list(dict.fromkeys([*rows["solver"], *rows["rival"]]))
    table = table.reindex(index=names, columns=names)
    if solvers is None:
        order = table.max(axis=1).sort_values(kind="stable").index
    else:
        for name in solvers:
            check_choice("solvers", name, names)
        order = pd.Index(solvers)
    return table.loc[order, order].rename_axis(index="solver", columns="rival")
