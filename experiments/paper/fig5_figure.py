"""Memory by layer, with the limits of the pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.memory_growth import MIB, dense_layers, memory_mib
from experiments.plots.style import COLOURS
from problems.offloading.profile import Profile
from problems.offloading.reading import CORRECTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def memory_figure(profile: Profile, limits: dict[int, float]) -> Figure:
    """Draw memory by layer, maps and parameters apart, with the limit of each pool size in MiB."""
    from matplotlib.figure import Figure

    memory = memory_mib(profile)
    parameters = profile.edge_parameters * CORRECTED.element_bytes / MIB
    cuts = np.arange(profile.depth + 1)
    figure = Figure(figsize=(6.3, 3.0))
    axes = figure.subplots()
    axes.bar(cuts, parameters, 0.8, color=COLOURS[0], label="parameters")
    maps = memory - parameters
    axes.bar(cuts, maps, 0.8, parameters, color=COLOURS[5], label="feature maps")
    dense = np.flatnonzero(np.r_[False, dense_layers(profile)])
    axes.plot(dense, memory[dense] + 4.0, "v", color=COLOURS[6], label="fully connected")
    for nodes, limit in limits.items():
        axes.axhline(limit, color=COLOURS[1], lw=1.0)
        place = axes.get_yaxis_transform()
        text = axes.text(1.01, limit, f"{nodes} nodes", transform=place, va="center")
        text.set(color=COLOURS[1], fontsize=8)
    axes.grid(visible=False, axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel("layers on the edge")
    axes.set_ylabel("memory [MiB]")
    figure.legend(loc="outside upper center", ncols=3)
    return figure
