"""The master's simplified model: the queue of the tasks that end there while the cloud sleeps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.framework.plan import Plan
from experiments.framework.setting import Setting
from optim.online.timeline import Timeline
from problems.errors import FloatArray


class Exits(NamedTuple):
    """When the master's model served the tasks, (K,) s; both are `edge_end` for the others."""

    start: FloatArray
    end: FloatArray


def run_exits(setting: Setting, plan: Plan, timeline: Timeline) -> Exits:
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
