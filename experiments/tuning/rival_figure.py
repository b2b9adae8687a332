"""Average ranks with the defaults and tuned, a panel a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.experiments.style import solver_styles
from edgeopt.experiments.sweep.figures.canvas import add_legend, drawing, gather_legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_PANEL, _HEIGHT = 1.5, 3.2  # in

_LEGEND = 1.6  # in, on the right


def rank_change_figure(ranks: pd.DataFrame) -> Figure:
    """Draw a line for each solver from its rank with the default to that when all are tuned.

    Parameters
    ----------
    ranks : DataFrame
        From `rank_changes`.
    """
    from matplotlib.figure import Figure

    families = list(ranks["family"].unique())
    styles = solver_styles(ranks["solver"].unique())
    figure = Figure(figsize=(_LEGEND + _PANEL * len(families), _HEIGHT))
    panels = figure.subplots(1, len(families), sharey=True, squeeze=False)[0]
    for family, panel in zip(families, panels, strict=True):
        with drawing(panel) as axes:
            for row in ranks[ranks["family"] == family].to_dict("records"):
                ends = [row["rank_default"], row["rank_tuned"]]
                label = str(row["solver"])
                axes.plot([0, 1], ends, label=label, markersize=4, **styles[label])
            axes.set_xticks([0, 1], ["default", "tuned"])
            axes.set_xlim(-0.2, 1.2)
            axes.set_title(str(family), fontsize="small", parse_math=False)
            add_legend(axes, "", {})
    panels[0].invert_yaxis()
    panels[0].set_ylabel("average rank")
    gather_legends(figure)
    return figure
