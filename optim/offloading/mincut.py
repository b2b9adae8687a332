"""The fastest split of a branching network: a minimum s-t cut of its layer graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.offloading.terms import terms_of
from edgeopt.problems.systems.system import System

Inputs = Sequence[tuple[int, ...]]

Mask = NDArray[np.bool_]

_UNITS = 2**29  # what the upper bound of the flow is scaled to

_INFINITE = 2**30  # more than any minimum cut; residuals stay below 2**31


@dataclass(frozen=True, eq=False)
class SplitCosts:
    """Additive costs of a split of n layers; any unit, here seconds of one task.

    Parameters
    ----------
    edge, cloud : (n,) float64 arrays
        Cost of each layer on the edge and in the cloud, >= 0.
    send : (n + 1,) float64 array
        Cost of sending each tensor to the cloud, >= 0; entry 0 is the network's input, entry
        i + 1 the output of layer i. A tensor with several readers is sent once.
    inputs : sequence of tuple of int
        Producers of each layer, -1 for the network's input, in topological order.
    """

    edge: FloatArray
    cloud: FloatArray
    send: FloatArray
    inputs: Inputs


def split_cost(costs: SplitCosts, on_edge: Mask) -> float:
    """Return the cost of the split with the layers `on_edge` on the edge.

    Returns infinity if a layer on the edge reads a tensor of the cloud.
    """
    holders = np.concatenate([[True], on_edge])
    is_sent = np.zeros(holders.size, dtype=bool)
    for layer, sources in enumerate(costs.inputs):
        tensors = np.array(sources) + 1
        if on_edge[layer] and not holders[tensors].all():
            return np.inf
        is_sent[tensors] |= not on_edge[layer]
    layers = np.where(on_edge, costs.edge, costs.cloud).sum()
    return float(layers + costs.send[holders & is_sent].sum())


def min_cut(costs: SplitCosts) -> Mask:
    """Return the cheapest split as a mask of the layers on the edge, shape (n,).

    After Hu et al. (DADS, INFOCOM 2019): the source is the edge, the sink the cloud; a layer is
    cut from the source if it runs in the cloud and from the sink if it runs on the edge; a node
    for each tensor charges its upload once; infinite reverse arcs keep data from flowing back to
    the edge. scipy's Dinic is used since scipy is a dependency anyway and compiled, some 100 times
    faster than networkx. It takes 32-bit integers: capacities are scaled so that the better of
    all-edge and all-cloud, an upper bound of the flow, is 2**29 units. A split within 3 n + 1
    units of the optimum, 2e-9 of that bound each, may be returned for it.
    """
    size = len(costs.inputs)
    all_edge, all_cloud = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    upper = min(split_cost(costs, all_edge), split_cost(costs, all_cloud))
    if upper == 0.0:
        cheaper = split_cost(costs, all_edge) <= split_cost(costs, all_cloud)
        return all_edge if cheaper else all_cloud
    graph = _graph(costs, _UNITS / upper)
    source, sink = graph.shape[0] - 2, graph.shape[0] - 1
    residual = graph - maximum_flow(graph, source, sink).flow
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, source, return_predecessors=False)
    return np.isin(np.arange(size), reached)


def _graph(costs: SplitCosts, scale: float) -> csr_array:
    """Return the capacities: nodes are layers, then tensors, then source and sink."""
    size = len(costs.inputs)
    source, sink = 2 * size + 1, 2 * size + 2
    arcs = [(source, layer, costs.cloud[layer]) for layer in range(size)]
    arcs += [(layer, sink, costs.edge[layer]) for layer in range(size)]
    arcs += [(layer, size + layer + 1, costs.send[layer + 1]) for layer in range(size)]
    arcs.append((source, size, costs.send[0]))
    for layer, sources in enumerate(costs.inputs):
        arcs += [(size + producer + 1, layer, np.inf) for producer in set(sources)]
        arcs += [(layer, producer, np.inf) for producer in set(sources) - {-1}]
    tails, heads, weights = np.array(arcs).T
    units = np.minimum(np.rint(weights * scale), _INFINITE).astype(np.int32)
    places = (tails.astype(np.int32), heads.astype(np.int32))
    return coo_array((units, places), shape=(2 * size + 3, 2 * size + 3)).tocsr()


# Minimum-cut split of a network on a system, beside the best of the paper's cuts.


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
    Waiting (12), the round trip and the constraints C1 and C3 are not; T_te (16) is the same for
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
