"""Critical-difference diagram (Demsar 2006)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.plots.style import COLOURS
from experiments.report.looks import short
from experiments.statistics.comparison import Comparison
from experiments.statistics.posthoc import EXTRA, nemenyi
from problems.extras import import_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def rank_figure(comparison: Comparison) -> Figure:
    """Draw average ranks, best at the left; bars join solvers that Nemenyi's test does not part.

    Parameters
    ----------
    comparison : Comparison
        Of at least 3 solvers and 2 blocks.

    Raises
    ------
    InputError
        If scikit-posthocs is not installed.
    """
    from matplotlib.figure import Figure

    posthocs = import_extra("scikit_posthocs", EXTRA)
    ranks, p = comparison.ranking["rank"], nemenyi(comparison.blocks)
    names, numbers = [str(name) for name in ranks.index], range(len(ranks))
    figure = Figure(figsize=(6.4, 1.2 + 0.13 * len(ranks)))
    axes = figure.subplots()
    axes.grid(visible=False)
    # by number, since sets of names would be drawn in another order by every process
    drawn = posthocs.critical_difference_diagram(
        ranks.set_axis(numbers),
        p.set_axis(numbers, axis=0).set_axis(numbers, axis=1),
        ax=axes,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        text_h_margin=0.15,
        elbow_props={"color": "#555555", "linewidth": 0.7},
        marker_props={"color": "#222222", "s": 12},
        crossbar_props={"color": COLOURS[0], "linewidth": 2.5},
    )
    for text in drawn["labels"]:
        number = int(text.get_text())
        name, rank = short(names[number]), f"({ranks.iloc[number]:.2f})"
        text.set_text(f"{name} {rank}" if text.get_ha() == "right" else f"{rank} {name}")
    return figure
