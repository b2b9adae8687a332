"""Early ends of a network: the branch of an exit, the queue of the master's simplified model."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgeopt.optim.framework.plan import Plan
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Timeline
from edgeopt.problems.errors import FloatArray


class Branch(NamedTuple):
    """The cost of a branch: work in FLOP (MAC as printed) and size in byte."""

    flop: float
    bytes: float


def exit_branch(split: SplitSystem, cut: int) -> Branch:
    """Return the branch after the layers 1..cut, which reads their last map.

    A 3 x 3 convolution of stride 2 that keeps the channels, a mean over the map, and a fully
    connected layer. The branches of Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016,
    also have convolutions and one fully connected layer, but differ between networks. A map
    without area gets the fully connected layer only. After the last layer there is no branch.
    """
    if cut == split.depth:
        return Branch(0.0, 0.0)
    layers, reading = split.profile.layers, split.reading
    classes = layers[-1].elements
    channels, *area = layers[split.profile.cut_ends[cut - 1] - 1].output_shape
    kernel = 9 * channels**2 if area else 0
    macs = kernel * math.prod(-(-side // 2) for side in area) + channels * classes  # (8), (9)
    parameters = kernel + channels * classes
    return Branch(float(macs * reading.flop_per_mac), float(parameters * reading.element_bytes))


# The queue before the master's simplified model, where tasks end while the cloud sleeps.


class Exits(NamedTuple):
    """When the master's model served each task, (K,) s; both are `edge_end` for other tasks."""

    start: FloatArray
    end: FloatArray


def run_exits(split: SplitSystem, plan: Plan, timeline: Timeline) -> Exits:
    """Return when the master serves the tasks that end on its simplified model.

    They come from their nodes over the edge network, which takes time but has no queue, and are
    served in order of arrival at the master's speed. The model runs besides the master's own share
    of the pool's work: a master may be loaded beyond its capacity, which its utilisation shows.
    """
    tasks = np.flatnonzero(plan.exit_flop)
    bits = split.upload_bits[plan.cut[tasks]] * plan.size[tasks]
    away = timeline.node[tasks] != split.master
    arrival = timeline.edge_end[tasks] + np.where(away, bits / split.lan_bit_s, 0.0)
    order = np.argsort(arrival, kind="stable")
    # Lindley's recursion wants the order of arrival, stable so that ties go by index.
    tasks, arrival = tasks[order], arrival[order]
    service = plan.exit_flop[tasks] / split.speeds[split.master]
    # The others have no exit: an interval of length 0 adds nothing to delay and load.
    start, end = timeline.edge_end.copy(), timeline.edge_end.copy()
    end[tasks] = single_server(arrival, service)
    start[tasks] = end[tasks] - service
    return Exits(start, end)


def single_server(arrival: FloatArray, service: FloatArray) -> FloatArray:
    """Return when one server finishes each task, first come first served, (n,) s.

    Lindley's recursion end_i = max(arrival_i, end_{i-1}) + service_i in closed form.
    """
    total = np.cumsum(service)
    return np.asarray(total + np.maximum.accumulate(arrival - (total - service)))
