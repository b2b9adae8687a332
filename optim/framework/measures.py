"""What a run is judged by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.deployment import deploy
from edgeopt.optim.framework.exits import Exits
from edgeopt.optim.framework.intervals import batch_interval
from edgeopt.optim.framework.plan import Plan
from edgeopt.optim.framework.setting import SplitSystem
from edgeopt.optim.online.resources import Timeline
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.offloading.equations import (
    cmos_dynamic_energy_j,
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)

PERCENTILES = (50, 95, 99)

PARTS = ("terminal", "waiting", "execution", "link", "cloud", "exit")

QUANTILES = np.linspace(0.0, 1.0, 101)

BATCHES = 20

MEASURES = {
    "delay_mean_s": "s",
    **{f"delay_p{q}_s": "s" for q in PERCENTILES},
    **{f"{part}_s": "s" for part in PARTS},
    "delay_batch_half_s": "s",
    "missed": "",
    "energy_j": "J",
    **{f"energy_{part}_j": "J" for part in ("static", "dynamic", "idle", "radio")},
    "upload_bytes": "B",
    "offloaded": "",
    "asleep": "",
    "cut": "layers",
    "accuracy": "",
    "utilisation": "",
    "utilisation_max": "",
    "link_utilisation": "",
    "balance": "",
    "throughput_hz": "1/s",
    "model_bytes": "B",
    "deploy_s": "s",
    "redeploy_bytes": "B",
}
"""Every scalar measure and its unit; see `measure`."""


class SimulatedRun(NamedTuple):
    """A run of one scheme: what was asked and what came of it.

    Examples
    --------
    See `simulate`.
    """

    setting: SplitSystem
    stream: Stream
    conditions: LinkConditions
    plan: Plan
    timeline: Timeline
    exits: Exits


def delay_parts_s(run: SimulatedRun) -> dict[str, FloatArray]:
    """Return the parts of each task's delay by `PARTS`, (K,) s; their sum is `delay_s`.

    ``link`` holds the queue before the uplink, transmission, propagation both ways and the queue
    before the cloud; ``waiting`` the queue before the node and the scheduling.
    """
    timeline = run.timeline
    cloud = timeline.cloud_end - timeline.cloud_start
    return {
        "terminal": run.conditions.terminal_s,
        "waiting": timeline.edge_start - run.stream.time,
        "execution": timeline.edge_end - timeline.edge_start,
        "link": timeline.finish - timeline.edge_end - cloud,
        "cloud": cloud,
        "exit": run.exits.end - timeline.edge_end,
    }


def delay_s(run: SimulatedRun) -> FloatArray:
    """Return the delay of each task from the terminal's first byte to the answer, (K,) s.

    Examples
    --------
    See `simulate`.
    """
    ended = np.maximum(run.timeline.finish, run.exits.end)
    return np.asarray(run.conditions.terminal_s + ended - run.stream.time)


def span_s(run: SimulatedRun) -> float:
    """Return the time from the first arrival to the last answer, s."""
    ended = np.maximum(run.timeline.finish, run.exits.end)
    return float(ended.max() - run.stream.time[0])


def measure(run: SimulatedRun, warm_up: float, transport: str) -> dict[str, float]:
    """Return the scalar measures of a run by `MEASURES`.

    Parameters
    ----------
    run : Run
        The run.
    warm_up : float
        Share of the tasks, the first ones, that are left out of delays and misses, in [0, 1).
    transport : str
        How the model is brought to the nodes.

    Notes
    -----
    ``missed`` is the share of tasks later than the deadline, ``delay_batch_half_s`` half the width
    of the mean delay's interval by batch means (0 for runs shorter than a batch each). Energies
    are those of the nodes during the whole run, per task; ``energy_j`` is what the reading counts:
    static and dynamic, radio if it has any, idle if it says so. ``upload_bytes`` is per task.
    ``utilisation`` is the mean over the nodes, ``balance`` Jain's index of their utilisations,
    1 for equal ones. ``cut`` is the mean number of layers run on the nodes.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """
    kept = delay_s(run)[int(warm_up * run.stream.tasks) :]
    parts = delay_parts_s(run)
    values = {
        "delay_mean_s": kept.mean(),
        **{f"delay_p{q}_s": np.percentile(kept, q) for q in PERCENTILES},
        **{f"{part}_s": parts[part][-len(kept) :].mean() for part in PARTS},
        "delay_batch_half_s": batch_interval(kept, BATCHES).half if len(kept) >= BATCHES else 0.0,
        "missed": (kept > run.setting.system.tasks.deadline_s).mean(),
        **_energy(run),
        **_traffic(run),
        **_load(run),
        **_deployment(run, transport),
    }
    return {name: float(values[name]) for name in MEASURES}


def delay_quantiles_s(run: SimulatedRun, warm_up: float) -> FloatArray:
    """Return the delay's `QUANTILES`, (101,) s."""
    kept = delay_s(run)[int(warm_up * run.stream.tasks) :]
    return np.quantile(kept, QUANTILES)


def use_of(run: SimulatedRun) -> NodeUse:
    """Return how the run used the pool."""
    return node_use(run.setting, run.plan, run.timeline, run.exits, span_s(run))


def node_energy_j(run: SimulatedRun) -> FloatArray:
    """Return the energy of each node that the reading counts, (x,) J in the whole run."""
    use = use_of(run)
    idle = use.idle_j if run.setting.reading.idle_power else 0.0
    return np.asarray(use.static_j + use.dynamic_j + use.radio_j + idle)  # (20)


def node_utilisation(run: SimulatedRun) -> FloatArray:
    """Return the share of the run in which each node computed, (x,)."""
    return np.asarray(use_of(run).busy_s / max(span_s(run), np.finfo(float).tiny))


def jain_index(values: FloatArray) -> float:
    """Return Jain's fairness index (sum v)^2 / (n sum v^2) in [1/n, 1]; 1 where all are 0.

    Source: Jain, Chiu and Hawe, DEC Research Report TR-301, 1984.
    """
    squares = len(values) * float(values @ values)
    return float(values.sum() ** 2 / squares) if squares > 0 else 1.0


def _energy(run: SimulatedRun) -> dict[str, float]:
    """Return the energies per task."""
    use, tasks = use_of(run), run.stream.tasks
    return {
        "energy_j": node_energy_j(run).sum() / tasks,
        "energy_static_j": use.static_j.sum() / tasks,
        "energy_dynamic_j": use.dynamic_j.sum() / tasks,
        "energy_idle_j": use.idle_j.sum() / tasks,
        "energy_radio_j": use.radio_j.sum() / tasks,
    }


def _traffic(run: SimulatedRun) -> dict[str, float]:
    """Return what crossed the links, and what ended where."""
    plan = run.plan
    bits = plan.stages.upload_bits
    uplink = run.conditions.uplink
    capacity = float(uplink.rate.sum(axis=1).mean()) * span_s(run)
    return {
        "upload_bytes": bits.mean() / 8.0,
        "offloaded": (bits > 0).mean(),
        "asleep": (plan.exit_flop > 0).mean(),
        "cut": plan.cut.mean(),
        "accuracy": plan.accuracy.mean(),
        "link_utilisation": bits.sum() / capacity,
    }


def _load(run: SimulatedRun) -> dict[str, float]:
    """Return how the nodes were used."""
    shares = node_utilisation(run)
    return {
        "utilisation": shares.mean(),
        "utilisation_max": shares.max(),
        "balance": jain_index(shares),
        "throughput_hz": run.stream.tasks / span_s(run),
    }


def _deployment(run: SimulatedRun, transport: str) -> dict[str, float]:
    """Return what it took to bring the model to the nodes."""
    size = run.plan.model_bytes
    return {
        "model_bytes": size,
        "deploy_s": deploy(run.setting, size, transport).seconds,
        "redeploy_bytes": run.plan.redeploy_bytes,
    }


# How the pool was used: busy time and energy of each node.


class NodeUse(NamedTuple):
    """What each of the x nodes did during a run; arrays have the shape (x,).

    Attributes
    ----------
    busy_s : ndarray
        Time in which it computed; of the master its simplified model's time too. A node that
        serves a task with a part of its speed is busy in proportion.
    static_j : ndarray
        Static energy (18) while busy, J.
    dynamic_j : ndarray
        Dynamic energy (19), J.
    idle_j : ndarray
        Static energy while not busy, J; the paper has no such term.
    radio_j : ndarray
        Energy of sending to the cloud, J; the paper has no such term.
    """

    busy_s: FloatArray
    static_j: FloatArray
    dynamic_j: FloatArray
    idle_j: FloatArray
    radio_j: FloatArray


def node_use(
    setting: SplitSystem, plan: Plan, timeline: Timeline, exits: Exits, span_s: float
) -> NodeUse:
    """Return how the nodes were used in the `span_s` seconds of a run.

    Energy of the edge network, of the terminals and of the cloud is not counted.
    """
    node, part = timeline.node, _parts(setting, plan)
    columns = setting.terms.columns
    busy = _sum(setting, (timeline.edge_end - timeline.edge_start) * part, node)
    busy[setting.master] += float((exits.end - exits.start).sum())
    dynamic = _sum(setting, _dynamic_j(setting, plan.flop, node, part), node)
    at_master = _dynamic_j(setting, plan.exit_flop, np.full_like(node, setting.master), 1.0)
    dynamic[setting.master] += float(at_master.sum())
    power = setting.system.pool.per_node("static_power_w")
    return NodeUse(
        busy_s=busy,
        static_j=static_energy_j(power, busy),
        dynamic_j=dynamic,
        idle_j=static_energy_j(power, np.maximum(span_s - busy, 0.0)),
        radio_j=radio_energy_j(
            float(columns.energy_j_bit), _sum(setting, plan.stages.upload_bits, node)
        ),
    )


def _parts(setting: SplitSystem, plan: Plan) -> float | FloatArray:
    """Return which part of its node's speed serves each task."""
    if plan.lanes is None:
        return 1.0
    return np.asarray((plan.lanes.flops / setting.speeds[plan.lanes.node])[plan.lanes.lane])


def _dynamic_j(
    setting: SplitSystem, flop: FloatArray, node: IntArray, part: float | FloatArray
) -> FloatArray:
    """Return (19) of each task, whose node runs at a part of its clock."""
    per_node = setting.system.pool.per_node
    if setting.reading.dynamic == "cmos":
        return cmos_dynamic_energy_j(
            per_node("kappa")[node], flop, per_node("clock_hz")[node] * part
        )
    return printed_dynamic_energy_j(per_node("omega")[node], flop, per_node("flops")[node] * part)


def _sum(setting: SplitSystem, values: FloatArray, node: IntArray) -> FloatArray:
    """Return the sum of the tasks' values on each node."""
    return np.asarray(np.bincount(node, weights=values, minlength=setting.nodes), dtype=np.float64)
