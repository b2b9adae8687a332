"""The side branch that ends a network early: the exits of B-Net and the master's simple model."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgeopt.optim.framework.plan import Plan
from edgeopt.optim.framework.setting import SplitSystem
from edgeopt.optim.online.resources import Timeline
from edgeopt.problems.errors import FloatArray


class Branch(NamedTuple):
    """What a branch costs: its work in FLOP (MAC as printed), and its size in byte."""

    flop: float
    bytes: float


def exit_branch(setting: SplitSystem, cut: int) -> Branch:
    """Return the branch behind the layers 1..cut, which reads their last map.

    A 3 x 3 convolution of stride 2 that keeps the channels c, a mean over the map, and a fully
    connected layer, as the branches of Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016,
    have convolutions and one fully connected layer; theirs differ from network to network. A map
    without area gets the fully connected layer alone. Behind the last layer there is no branch.
    """
    if cut == setting.depth:
        return Branch(0.0, 0.0)
    layers, reading = setting.profile.layers, setting.reading
    classes = layers[-1].elements
    channels, *area = layers[setting.profile.cut_ends[cut - 1] - 1].output_shape
    kernel = 9 * channels**2 if area else 0
    macs = kernel * math.prod(-(-side // 2) for side in area) + channels * classes  # (8), (9)
    parameters = kernel + channels * classes
    return Branch(float(macs * reading.flop_per_mac), float(parameters * reading.element_bytes))


# The master's simplified model: the queue of the tasks that end there while the cloud sleeps.


class Exits(NamedTuple):
    """When the master's model served the tasks, (K,) s; both are `edge_end` for the others."""

    start: FloatArray
    end: FloatArray


def run_exits(setting: SplitSystem, plan: Plan, timeline: Timeline) -> Exits:
    """Return when the master serves the tasks that end on its simplified model.

    They come from their nodes over the edge network, whose time is counted and whose load is not,
    and are served one after another in the order in which they come, at the master's speed. The
    model runs beside the master's own part of the pool's work: a master may be asked for more than
    it has, which its utilisation shows.
    """
    tasks = np.flatnonzero(plan.exit_flop)
    bits = setting.upload_bits[plan.cut[tasks]] * plan.size[tasks]
    away = timeline.node[tasks] != setting.master
    arrival = timeline.edge_end[tasks] + np.where(away, bits / setting.lan_bit_s, 0.0)
    order = np.argsort(arrival, kind="stable")
    tasks, arrival = tasks[order], arrival[order]
    service = plan.exit_flop[tasks] / setting.speeds[setting.master]
    start, end = timeline.edge_end.copy(), timeline.edge_end.copy()
    end[tasks] = single_server(arrival, service)
    start[tasks] = end[tasks] - service
    return Exits(start, end)


def single_server(arrival: FloatArray, service: FloatArray) -> FloatArray:
    """Return when one server ends each task, first come first served, (n,) s.

    Lindley's recursion end_i = max(arrival_i, end_{i-1}) + service_i, unrolled.
    """
    total = np.cumsum(service)
    return np.asarray(total + np.maximum.accumulate(arrival - (total - service)))
