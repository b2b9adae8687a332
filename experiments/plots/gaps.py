"""Box plots of the final gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.plots.style import COLOURS, percent, percent_axis
from experiments.sweep.summary import short_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def gap_figure(cells: pd.DataFrame, problems: list[str], solvers: list[str]) -> Figure:
    """Draw a box plot of each solver's final gap over repetitions, one panel a problem.

    Boxes span the quartiles, whiskers 1.5 times that range; every solver keeps its place, the
    best median of all at the top.
    """
    from matplotlib.figure import Figure

    medians = 100 * cells.groupby("solver")["gap"].median()
    order = [solver for solver in medians.sort_values(ascending=False).index if solver in solvers]
    columns = min(len(problems), 3)
    rows = -(-len(problems) // columns)
    height = 0.6 + rows * (0.55 + 0.2 * len(order))
    figure = Figure(figsize=(1.4 + 2.1 * columns, height))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for panel in panels[len(problems) :]:
        panel.set_visible(False)
    for panel, (problem, name) in zip(panels, short_names(problems).items(), strict=False):
        here = cells[cells["problem"] == problem]
        gaps = [percent(here.loc[here["solver"] == solver, "gap"]) for solver in order]
        panel.boxplot(
            gaps,
            orientation="horizontal",
            manage_ticks=False,  # it would write the labels once for each panel
            widths=0.6,
            flierprops={"markersize": 2},
            medianprops={"color": COLOURS[1], "linewidth": 1.5},
        )
        panel.set(xscale="log", xlabel="gap to lower bound (%)")
        percent_axis(panel.xaxis)
        panel.set_title(name, fontsize=9)
    panels[0].set_yticks(range(1, len(order) + 1), order)
    panels[0].set_ylim(0.5, len(order) + 0.5)
    return figure
