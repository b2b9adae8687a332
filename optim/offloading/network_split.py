"""Minimum-cut split of a network on a system, beside the best of the paper's cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim.offloading.mincut import Mask, SplitCosts, min_cut, split_cost
from problems.offloading.profile import Profile
from problems.offloading.reading import CORRECTED, Reading
from problems.offloading.system import System
from problems.offloading.terms import terms_of


@dataclass(frozen=True, eq=False)
class NetworkSplit:
    """The fastest split of the layer graph.

    Parameters
    ----------
    edge_layers : tuple of str
        Names of the layers on the edge.
    cut : int
        The deepest of the cuts 0..N whose layers are all on the edge.
    seconds : float
        Execution and upload of one task.
    best_cut : int
        The fastest of the cuts 0..N by the same measure.
    best_cut_seconds : float
        Its time, >= `seconds`.
    """

    edge_layers: tuple[str, ...]
    cut: int
    seconds: float
    best_cut: int
    best_cut_seconds: float


def split_network(
    profile: Profile, system: System, *, reading: Reading = CORRECTED
) -> NetworkSplit:
    """Return the split with the least execution and upload time on the slowest node.

    Only additive terms can be part of a minimum cut: execution (11, 14) and transfer (15).
    Waiting (12), the round trip and the constraints C1 and C3 are not; T_cp (16) is the same for
    every split. Unlike the cuts 0..N a split may part branches, or keep a pooling with the edge.
    """
    costs = split_costs(profile, system, reading)
    on_edge = min_cut(costs)
    prefixes = [prefix_mask(profile, j) for j in range(profile.depth + 1)]
    seconds = [split_cost(costs, mask) for mask in prefixes]
    best = int(np.argmin(seconds))
    inside = [j for j, mask in enumerate(prefixes) if not (mask & ~on_edge).any()]
    return NetworkSplit(
        edge_layers=tuple(profile.layers[i].name for i in np.flatnonzero(on_edge)),
        cut=max(inside),
        seconds=split_cost(costs, on_edge),
        best_cut=best,
        best_cut_seconds=seconds[best],
    )


def split_costs(profile: Profile, system: System, reading: Reading) -> SplitCosts:
    """Return the costs of each layer and tensor in seconds.

    The node has the lowest speed, memory bandwidth (roofline, layer by layer) and rate of the pool.
    """
    terms = terms_of(profile, system, reading)
    columns = terms.columns
    layers = profile.layers
    flop = np.array([layer.macs * float(reading.flop_per_mac) for layer in layers])
    elements = np.array([float(layer.elements) for layer in layers])
    written = np.array([0.0 if layer.is_in_place else layer.elements for layer in layers])
    read = np.array([float(layer.parameters) for layer in layers])
    memory_s = (read + written) * reading.element_bytes / columns.memory_bandwidth_byte_s.min()
    bits = np.concatenate([terms.crossing_bits[:1], elements * reading.bits_per_element])
    return SplitCosts(
        edge=np.maximum(flop / columns.flops.min(), memory_s),  # (11)
        cloud=flop / columns.cloud_flops,  # (14)
        send=bits / columns.rate_bit_s.min(),  # (15)
        inputs=[layer.inputs for layer in layers],
    )


def prefix_mask(profile: Profile, cut: int) -> Mask:
    """Return which layers are on the edge at `cut`, shape (layers,)."""
    end = (0, *profile.cut_ends)[cut]
    return np.arange(len(profile.layers)) < end
