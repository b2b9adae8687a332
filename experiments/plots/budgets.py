"""Median gap over problems against the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.plots.style import line_styles, percent, percent_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LABELS = {"seconds": "budget (s)", "evaluations": "budget (evaluations)"}


def budgets_figure(gaps: pd.DataFrame, axis: str) -> Figure:
    """Return the figure of one sweep.

    Parameters
    ----------
    gaps : DataFrame
        See `experiments.statistics.budgets.gaps_at_budgets`.
    axis : str
        ``evaluations`` or ``seconds``.

    Notes
    -----
    Lines are medians over problems, bands the inter-quartile range; a line starts where more than
    half of the problems have a schedule.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.4))
    panel = figure.subplots()
    budgets = gaps.columns.unique(level=0).to_numpy(dtype=np.float64)
    styles = line_styles(gaps.columns.unique(level=1))
    for solver, style in styles.items():
        own = gaps.xs(solver, axis=1, level=1).to_numpy()
        low, middle, high = np.quantile(own, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
        panel.plot(budgets, percent(middle), label=solver, marker="o", markersize=2.5, **style)
        shown = np.isfinite(high).tolist()
        panel.fill_between(
            budgets,
            percent(low),
            percent(high),
            where=shown,
            color=style["color"],
            alpha=0.12,
            lw=0,
        )
    panel.set(xscale="log", yscale="log", xlabel=LABELS[axis], ylabel="gap to lower bound (%)")
    percent_axis(panel.yaxis)
    figure.legend(loc="outside right center")
    return figure
