"""Bars of the parameters' importance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def importance_figure(shares: dict[str, float]) -> Figure:
    """Draw a bar for each parameter, the most important at the top."""
    from matplotlib.figure import Figure

    names = list(shares)[::-1]
    figure = Figure(figsize=(4.6, 0.7 + 0.24 * len(names)))
    axes = figure.subplots()
    bars = axes.barh(names, [100 * shares[name] for name in names], color=COLOURS[0], height=0.6)
    axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
    axes.set(xlabel="importance (%, PED-ANOVA)")
    axes.grid(visible=False, axis="y")
    axes.set_axisbelow(True)
    axes.margins(x=0.12)
    return figure
