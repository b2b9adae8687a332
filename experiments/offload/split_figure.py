"""The figure of the best split: what every layer's output weighs, and which tensors cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.style import COLOURS
from edgeopt.optim.offloading.splits import NetworkSplit
from edgeopt.problems.offloading.program import CutProgram

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_BLUE, _VERMILION, _GREEN, *_ = COLOURS


def draw_split(program: CutProgram, split: NetworkSplit, axes: Axes) -> None:
    """Draw the size of each layer's output in the order of the layers, by where it is computed.

    Parameters
    ----------
    program : CutProgram
        The program that was solved.
    split : NetworkSplit
        Its best split.
    axes : matplotlib Axes
        Where to draw.
    """
    layers, edge = program.profile.layers, set(split.edge_layers)
    sizes = np.array([layer.elements for layer in layers]) * program.reading.bits_per_element / 8.0
    on_edge = np.array([layer.name in edge for layer in layers])
    crossing = {tensor.name: tensor.bytes for tensor in split.crossing}
    sent = np.array([layer.name in crossing for layer in layers])
    places = np.arange(1, len(layers) + 1)
    for chosen, colour, label in (
        (on_edge & ~sent, _BLUE, "on the edge"),
        (~on_edge, _GREEN, "in the cloud"),
        (sent, _VERMILION, "crosses"),
    ):
        if chosen.any():
            axes.bar(places[chosen], sizes[chosen] / 2**10, 0.8, color=colour, label=label)
    if "input" in crossing:
        axes.bar(0, crossing["input"] / 2**10, 0.8, color=_VERMILION, label="crosses")
    axes.set_yscale("log")
    axes.set_xlabel("layer of the graph (0: the task itself)")
    axes.set_ylabel("output [KiB]")
    unit = program.objective.unit
    axes.set_title(
        f"{program.profile.name} on {program.system.name}: {len(edge)} of {len(layers)} layers "
        f"on the edge, {split.objective} {split.value:.4g} {unit}",
        fontsize=9,
        loc="left",
    )
    axes.legend(loc="best")
