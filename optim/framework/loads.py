"""Warnings of nodes, links or a cloud that are nearly always busy in a simulation."""

from __future__ import annotations

import warnings

import numpy as np

from edgeopt.optim.framework.plan import Lanes
from edgeopt.optim.online.resources import Resources, Stages, demands, link_bits
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.offloading.waiting import BUSY


class BusyWarning(UserWarning):
    """A part of the system is so busy that delays depend strongly on its load."""


def warn_of_busy_parts(
    time: FloatArray, stages: Stages, node: IntArray, resources: Resources, *, in_turn: bool
) -> None:
    """Issue a `BusyWarning` that names what has a load above 80 %.

    Where each node has a link of its own, that of the busiest link counts, and where the tasks go
    to the nodes in turn, that of the busiest node. Parts that are overloaded as a whole are left
    to the `OverloadWarning` of the engine.

    Parameters
    ----------
    time, stages, node
        Arrivals, demands and nodes of the tasks.
    resources : Resources
        Nodes, links and cloud.
    in_turn : bool
        Whether the tasks went to the nodes in turn.
    """
    parts = {part: need / able for part, need, able in demands(time, stages, resources)}
    if not parts:
        return
    loads = {part: load for part, load in parts.items() if load <= 1.0}
    if in_turn and "edge nodes" in loads:
        loads["edge nodes"] = _busiest(node, stages.edge, resources.flops * (time[-1] - time[0]))
    if resources.uplink.count > 1 and "uplink" in loads:
        able = link_bits(resources.uplink, time)
        loads["uplink"] = _busiest(node, stages.upload_bits, able)
    _warn(loads)


def warn_of_busy_lanes(time: FloatArray, stages: Stages, lanes: Lanes) -> None:
    """Issue a `BusyWarning` if the busiest of the servers has a load of 80 to 100 %."""
    parts = demands(time, stages, Resources(np.ones(1)))
    if parts:
        able = np.maximum(lanes.flops, np.finfo(float).tiny) * (time[-1] - time[0])
        load = _busiest(lanes.lane, stages.edge, able)
        _warn({"edge nodes": load} if load <= 1.0 else {})


def _busiest(place: IntArray, work: FloatArray, able: FloatArray) -> float:
    """Return the highest load of any place, given the place of each task."""
    done = np.bincount(place, weights=work, minlength=len(able))
    return float((done / able).max())


def _warn(loads: dict[str, float]) -> None:
    """Issue the warning, if there is something to say."""
    words = [f"{part} {load:.0%}" for part, load in loads.items() if load > BUSY]
    if words:
        text = f"load of {', '.join(words)}: delays depend strongly on the load"
        warnings.warn(text, BusyWarning, stacklevel=4)
