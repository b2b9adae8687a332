"""Early exits by entropy: accuracy, and how many answers leave, against the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.plots.style import line_styles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]


def exit_figure(early: list[Row]) -> Figure:
    """Draw accuracy against threshold and against the share that leaves early.

    Lines are means of the runs, bands go from the smallest to the largest.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.3, 2.9))
    left, right = figure.subplots(1, 2, sharey=True)
    schemes = list(dict.fromkeys(row["scheme"] for row in early))
    for scheme, style in line_styles(schemes).items():
        rows = [row for row in early if row["scheme"] == scheme]
        thresholds = sorted({row["threshold"] for row in rows if row["threshold"] > 0})
        at = [[row for row in rows if row["threshold"] == threshold] for threshold in thresholds]
        accuracy = [100 * (1 - np.array([row["error"] for row in group])) for group in at]
        means = [values.mean() for values in accuracy]
        share = [100 * np.mean([row["share"] for row in group]) for group in at]
        left.plot(thresholds, means, label=scheme, **style)
        right.plot(share, means, **style)
        for panel, across in ((left, thresholds), (right, share)):
            ends = ([values.min() for values in accuracy], [values.max() for values in accuracy])
            panel.fill_between(across, *ends, color=style["color"], alpha=0.15, lw=0)
    left.set_xscale("log")
    left.set_xlabel("entropy threshold (nat)")
    right.set_xlabel("answers that leave early (%)")
    left.set_ylabel("test accuracy (%)")
    figure.legend(loc="outside upper center", ncols=min(len(schemes), 5))
    return figure
