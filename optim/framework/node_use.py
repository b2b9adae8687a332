"""Busy time and energy (18-20) of each node during a run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.framework.exits import Exits
from edgeopt.optim.framework.plan import Plan
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Timeline
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.offloading.equations import (
    cmos_dynamic_energy_j,
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)


class NodeUse(NamedTuple):
    """Busy time and energy of each of the x nodes in a run; arrays have shape (x,).

    Attributes
    ----------
    busy_s : ndarray
        Time during which it computed, s, including the simplified model on the master. A node
        that serves a task with a part of its speed is busy in proportion.
    static_j : ndarray
        Static energy (18) while busy, J.
    dynamic_j : ndarray
        Dynamic energy (19), J.
    idle_j : ndarray
        Static energy while idle, J; the paper has no such term.
    radio_j : ndarray
        Energy of the uploads to the cloud, J; the paper has no such term.
    """

    busy_s: FloatArray
    static_j: FloatArray
    dynamic_j: FloatArray
    idle_j: FloatArray
    radio_j: FloatArray


def node_use(
    split: SplitSystem, plan: Plan, timeline: Timeline, exits: Exits, span_s: float
) -> NodeUse:
    """Return busy time and energy of the nodes in the `span_s` seconds of a run.

    The energy of edge network, terminals and cloud is not counted, as in the paper.
    """
    node, part = timeline.node, _parts(split, plan)
    columns = split.terms.columns
    busy = _sum(split, (timeline.edge_end - timeline.edge_start) * part, node)
    # The simplified model works on the master, whichever node ran the layers before.
    busy[split.master] += float((exits.end - exits.start).sum())
    dynamic = _sum(split, _dynamic_j(split, plan.flop, node, part, plan.cut), node)
    # With part 1: the simplified model runs at the full speed of the master.
    master, end = np.full_like(node, split.master), np.full_like(plan.cut, split.depth)
    at_master = _dynamic_j(split, plan.exit_flop, master, 1.0, end)
    dynamic[split.master] += float(at_master.sum())
    power = split.system.pool.per_node("static_power_w")
    return NodeUse(
        busy_s=busy,
        static_j=static_energy_j(power, busy),  # (18)
        dynamic_j=dynamic,  # (19)
        idle_j=static_energy_j(power, np.maximum(span_s - busy, 0.0)),
        radio_j=radio_energy_j(
            float(columns.energy_j_bit), _sum(split, plan.stages.upload_bits, node)
        ),
    )


def _parts(split: SplitSystem, plan: Plan) -> float | FloatArray:
    """Return the part of its node's speed that serves each task."""
    if plan.lanes is None:
        return 1.0
    return np.asarray((plan.lanes.flops / split.speeds[plan.lanes.node])[plan.lanes.lane])


def _dynamic_j(
    split: SplitSystem, flop: FloatArray, node: IntArray, part: float | FloatArray, cut: IntArray
) -> FloatArray:
    """Return the dynamic energy (19) of each task, with its node at a part of its clock."""
    modelled = _modelled_j(split, flop, node, part)
    measured = split.terms.columns.measured_s
    if measured is None:
        return modelled
    kind = split.kinds[node]
    # The energy of the layers before the cut, for as much work as the task has.
    share = np.divide(flop, split.flop[cut], out=np.zeros(flop.size), where=split.flop[cut] > 0)
    timed = split.terms.dynamic_j[kind, cut] * share
    scale = part**2 if split.reading.dynamic == "cmos" else part
    return np.where(np.isnan(measured[kind, 0]), modelled, timed * scale)


def _modelled_j(
    split: SplitSystem, flop: FloatArray, node: IntArray, part: float | FloatArray
) -> FloatArray:
    """Return the dynamic energy (19) of speeds and clocks."""
    per_node = split.system.pool.per_node
    if split.reading.dynamic == "cmos":
        return cmos_dynamic_energy_j(
            per_node("kappa")[node], flop, per_node("clock_hz")[node] * part
        )
    return printed_dynamic_energy_j(per_node("omega")[node], flop, per_node("flops")[node] * part)


def _sum(split: SplitSystem, values: FloatArray, node: IntArray) -> FloatArray:
    """Return the sum of the tasks' values on each node."""
    return np.asarray(np.bincount(node, weights=values, minlength=split.nodes), dtype=np.float64)
