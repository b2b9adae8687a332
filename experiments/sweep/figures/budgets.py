"""Gaps at several budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.style import drawn_percent, number_axis, percent_axis, solver_styles
from edgeopt.experiments.sweep.figures.canvas import add_legend, drawing, gather_legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


_LABELS = {"seconds": "budget (s)", "evaluations": "budget (evaluations)"}


def budgets_figure(
    gaps: pd.DataFrame,
    axis: str,
    styles: Mapping[str, dict[str, Any]] | None = None,
    *,
    bands: bool = True,
) -> Figure:
    """Draw the median gap of each solver over problems against the budget.

    Parameters
    ----------
    gaps : DataFrame
        See `edgeopt.experiments.statistics.anytime.gaps_at_budgets`.
    axis : str
        ``evaluations`` or ``seconds``.
    styles : mapping, optional
        Style of each solver of the sweep, see `solver_styles`.
    bands : bool
        Whether to draw the inter-quartile ranges, which hide each other where problems differ.

    Notes
    -----
    Lines are medians over problems; a line starts where more than half of them have a schedule.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.4))
    budgets = gaps.columns.unique(level=0).to_numpy(dtype=np.float64)
    solvers = gaps.columns.unique(level=1)
    absent = {}
    with drawing(figure.subplots()) as panel:
        for solver, style in (styles or solver_styles(solvers)).items():
            if solver not in solvers:
                continue
            own = gaps.xs(solver, axis=1, level=1).to_numpy()
            low, middle, high = np.quantile(own, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
            if not np.isfinite(middle).any():
                absent[str(solver)] = "no schedule"
                continue
            panel.plot(budgets, drawn_percent(middle), label=solver, markersize=3, **style)
            if not bands:
                continue
            shown = np.isfinite(high).tolist()
            ends = drawn_percent(low), drawn_percent(high)
            colour = style["color"]
            panel.fill_between(budgets, *ends, where=shown, color=colour, alpha=0.12, lw=0)
        labels = {"xlabel": _LABELS[axis], "ylabel": "gap to lower bound (%)"}
        panel.set(xscale="log", yscale="log", **labels)
        number_axis(panel.xaxis)
        percent_axis(panel.yaxis)
        add_legend(panel, f"median{' and IQR' * bands} of {len(gaps)} problems", absent)
        gather_legends(figure)
    return figure
