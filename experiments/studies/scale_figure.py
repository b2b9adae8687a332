"""How far one master goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.plots.style import COLOURS, line_styles, mark_styles
from experiments.studies.scale import (
    NODES,
    RATES_HZ,
    WINDOW,
    SimulatedRow,
    masters_needed,
    scale_row,
)
from experiments.studies.scheduling_cost import CostRow, SchedulingCost

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def scale_figure(
    costs: Mapping[str, SchedulingCost],
    measured: Sequence[CostRow],
    simulated: Sequence[SimulatedRow],
) -> Figure:
    """Return four panels: cost of a window, limit of one master, masters needed, delay.

    Parameters
    ----------
    costs : mapping
        Fits by solver.
    measured, simulated
        Rows to mark; a cross where the master is overloaded, a triangle for several masters.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.6))
    panels = figure.subplots(2, 2)
    styles, marks = line_styles(costs), mark_styles(costs)
    nodes = np.geomspace(NODES[0], NODES[-1], 60)
    for name, cost in costs.items():
        panels[0, 0].plot(nodes, [1e3 * cost(WINDOW, x) for x in nodes], label=name, **styles[name])
        own = [row for row in measured if row.solver == name and row.tasks == WINDOW]
        look = {**marks[name], "linestyle": ""}
        panels[0, 0].plot([r.nodes for r in own], [1e3 * r.measured_s for r in own], **look)
        panels[0, 1].plot(nodes, [cost.most_hz(WINDOW, x) for x in nodes], **styles[name])
        needed = [masters_needed(cost, NODES[-1], rate) or np.nan for rate in RATES_HZ]
        panels[1, 0].plot(RATES_HZ, needed, **{**marks[name], **styles[name]})
    panels[0, 0].set(xlabel="nodes", ylabel=f"a window of {WINDOW} (ms)")
    panels[0, 0].legend()
    panels[0, 1].set(xlabel="nodes", ylabel="limit of one master (tasks/s)")
    panels[1, 0].set(xlabel="tasks/s", ylabel=f"masters needed, {NODES[-1]:,} nodes")
    _draw_delays(panels[1, 1], costs["mct"], simulated)
    for panel in panels.flat:
        panel.set_xscale("log")
        panel.set_yscale("log")
    return figure


def _draw_delays(panel: Axes, cost: SchedulingCost, simulated: Sequence[SimulatedRow]) -> None:
    """Draw delays beyond the work: of one master by formula, and all that was simulated."""
    rates = np.geomspace(RATES_HZ[0], RATES_HZ[-1], 200)
    for nodes, colour in zip(NODES, COLOURS, strict=False):
        rows = [scale_row("mct", cost, nodes, rate, 1) for rate in rates]
        beyond = [1e3 * (row.delay_s - row.service_s) for row in rows]
        panel.plot(rates, beyond, color=colour, label=f"{nodes:,}")
        for row in simulated:
            if row.nodes == nodes:
                marker = "x" if row.overloaded else "o" if row.masters == 1 else "^"
                (mark,) = panel.plot(row.rate_hz, 1e3 * row.simulated_s, marker, color=colour)
                mark.set_markerfacecolor("white")
    panel.set(xlabel="tasks/s", ylabel="delay beyond the work (ms)")
    panel.legend(title="MCT, nodes")
