"""The cut against the total memory of the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.table1_cuts import MIB, MemoryRange, Table1
from experiments.plots.style import line_styles
from problems.offloading.memory import edge_memory_bytes
from problems.offloading.reading import CORRECTED
from problems.offloading.system_file import load_system

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def cut_figure(table: Table1, fits: MemoryRange) -> Figure:
    """Draw the deepest cut that fits, for each pool size; the range that fits all is shaded."""
    from matplotlib.figure import Figure

    share = load_system(table.system).pool.memory_share
    needed = edge_memory_bytes(table.profile, CORRECTED) / MIB / share
    total = np.linspace(0.0, 2.0 * fits.high, 2001)
    styles = line_styles(f"{nodes} nodes" for nodes in table.nodes)
    figure = Figure(figsize=(6.3, 3.0))
    axes = figure.subplots()
    for nodes, cut, (label, style) in zip(table.nodes, table.cuts, styles.items(), strict=True):
        depth = np.searchsorted(nodes * needed, total, side="right") - 1
        axes.plot(total, depth, label=label, **style)
        axes.plot(fits.low, cut, "o", color=style["color"])
    axes.axvspan(*fits, color="#DDDDDD", label="all three cuts of the paper (dots)")
    axes.set_xlabel("total memory of the pool, shared equally [MiB]")
    axes.set_ylabel("layers on the edge")
    figure.legend(loc="outside upper center", ncols=4)
    return figure
