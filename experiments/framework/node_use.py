"""How the pool was used: busy time and energy of each node."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.framework.exit_queue import Exits
from experiments.framework.plan import Plan
from experiments.framework.setting import Setting
from optim.online.timeline import Timeline
from optim.solver import IntArray
from problems.errors import FloatArray
from problems.offloading.energy import (
    cmos_dynamic_energy_j,
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)


class NodeUse(NamedTuple):
    """What each server did during a run; servers are the nodes, or a scheme's lanes.

    Attributes
    ----------
    busy_s : ndarray, shape (s,)
        Time in which it computed; of the master its simplified model's time too.
    nodes : ndarray, shape (s,)
        How many nodes' worth of the pool each server is: 1 each but for lanes.
    static_j : ndarray, shape (s,)
        Static energy (18) while busy, J.
    dynamic_j : ndarray, shape (s,)
        Dynamic energy (19), J.
    idle_j : ndarray, shape (s,)
        Static energy while not busy, J; the paper has no such term.
    radio_j : ndarray, shape (s,)
        Energy of sending to the cloud, J; the paper has no such term.
    """

    busy_s: FloatArray
    nodes: FloatArray
    static_j: FloatArray
    dynamic_j: FloatArray
    idle_j: FloatArray
    radio_j: FloatArray


def node_use(
    setting: Setting, plan: Plan, timeline: Timeline, exits: Exits, span_s: float
) -> NodeUse:
    """Return how the servers were used in the `span_s` seconds of a run.

    Lanes share the static power of the pool by their speed; the node's dynamic power is that of
    the lane's speed spread over all nodes, see `masm.Masm`. Energy of the edge network, of the
    terminals and of the cloud is not counted.
    """
    server, count = _servers(setting, plan, timeline)
    busy = _sum(timeline.edge_end - timeline.edge_start, server, count)
    flop = _sum(plan.flop, server, count)
    if plan.exit_flop.any():
        busy[setting.master] += float((exits.end - exits.start).sum())
        flop[setting.master] += float(plan.exit_flop.sum())
    if plan.lanes is None:
        nodes, power, clock = np.ones(count), _column(setting, "static_power_w"), 1.0
    else:
        nodes = plan.lanes.flops / plan.lanes.flops.sum() * setting.nodes
        power = np.full(count, float(_column(setting, "static_power_w").mean()))
        clock = plan.lanes.flops / setting.speeds.sum()
    idle = np.maximum(span_s - busy, 0.0)
    return NodeUse(
        busy_s=busy,
        nodes=nodes,
        static_j=static_energy_j(power * nodes, busy),
        dynamic_j=_dynamic_j(setting, flop, clock),
        idle_j=static_energy_j(power * nodes, idle),
        radio_j=radio_energy_j(
            float(setting.terms.columns.energy_j_bit),
            _sum(plan.stages.upload_bits, server, count),
        ),
    )


def _servers(setting: Setting, plan: Plan, timeline: Timeline) -> tuple[IntArray, int]:
    """Return each task's server and the number of servers."""
    if plan.lanes is None:
        return timeline.node, setting.nodes
    return plan.lanes.lane, len(plan.lanes.flops)


def _dynamic_j(setting: Setting, flop: FloatArray, clock: float | FloatArray) -> FloatArray:
    """Return (19) of the servers, whose nodes run at the share `clock` of their speed."""
    own = flop.shape == (setting.nodes,) and isinstance(clock, float)

    def column(name: str) -> FloatArray:
        values = _column(setting, name)
        return values if own else np.full(len(flop), values.mean())

    if setting.reading.dynamic == "cmos":
        return cmos_dynamic_energy_j(column("kappa"), flop, column("clock_hz") * clock)
    return printed_dynamic_energy_j(column("omega"), flop, column("flops") * clock)


def _column(setting: Setting, name: str) -> FloatArray:
    """Return a field of every node, (x,)."""
    return setting.system.pool.per_node(name)


def _sum(values: FloatArray, server: IntArray, count: int) -> FloatArray:
    """Return the sum of the tasks' values on each server."""
    return np.bincount(server, weights=values, minlength=count)
