"""Measures of a simulated run: delays, misses, energy, traffic, load, deployment; intervals."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.deployment import deploy
from edgeopt.optim.framework.exits import Exits
from edgeopt.optim.framework.node_use import NodeUse, node_use
from edgeopt.optim.framework.plan import Plan
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Timeline
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import FloatArray, InputError

_PERCENTILES = (50, 95, 99)

DELAY_PARTS = ("terminal", "waiting", "execution", "link", "cloud", "exit")
"""The parts of a task's delay, in the order in which it passes them."""

QUANTILES = np.linspace(0.0, 1.0, 101)
"""The quantiles of the delay that are kept of each run."""

_BATCHES = 20  # of the interval by batch means

MEASURES = {
    "delay_mean_s": "s",
    **{f"delay_p{q}_s": "s" for q in _PERCENTILES},
    **{f"{part}_s": "s" for part in DELAY_PARTS},
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
    """A run of one scheme: its inputs, the scheme's plan, and when each task was served.

    Examples
    --------
    See `simulate`.
    """

    split: SplitSystem
    stream: Stream
    conditions: LinkConditions
    plan: Plan
    timeline: Timeline
    exits: Exits


def task_delay_parts_s(run: SimulatedRun) -> dict[str, FloatArray]:
    """Return the parts of each task's delay by `DELAY_PARTS`, (K,) s; their sum is `delay_s`.

    ``waiting`` is scheduling and the queue before the node; ``link`` is the queue before the
    uplink, transmission, propagation both ways, and the queue before the cloud.
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
    run : SimulatedRun
        The run.
    warm_up : float
        Share of the tasks, in [0, 1): the first ones are left out of delays and misses.
    transport : str
        How the model is distributed to the nodes, see `deploy`.

    Notes
    -----
    ``missed`` is the share of tasks later than the deadline, ``delay_batch_half_s`` half the width
    of the mean delay's confidence interval by batch means (0 for runs of fewer tasks than
    batches). Energies are those of the nodes during the whole run, per task; ``energy_j`` is what
    the reading counts: static, dynamic and radio, and idle if it says so. ``upload_bytes`` is per
    task. ``utilisation`` is the mean over the nodes, ``balance`` Jain's index of the nodes'
    utilisations. ``cut`` is the mean number of layers run on the nodes.

    Examples
    --------
    See ``examples/own_scheme.py``.
    """
    kept = delay_s(run)[int(warm_up * run.stream.tasks) :]
    parts = task_delay_parts_s(run)
    values = {
        "delay_mean_s": kept.mean(),
        **{f"delay_p{q}_s": np.percentile(kept, q) for q in _PERCENTILES},
        **{f"{part}_s": parts[part][-len(kept) :].mean() for part in DELAY_PARTS},
        "delay_batch_half_s": batch_interval(kept, _BATCHES).half if len(kept) >= _BATCHES else 0.0,
        "missed": (kept > run.split.system.tasks.deadline_s).mean(),
        **_energy(run),
        **_traffic(run),
        **_load(run),
        **_deployment(run, transport),
    }
    return {name: float(values[name]) for name in MEASURES}


def delay_quantiles_s(run: SimulatedRun, warm_up: float) -> FloatArray:
    """Return the `QUANTILES` of the delay, (101,) s."""
    kept = delay_s(run)[int(warm_up * run.stream.tasks) :]
    return np.quantile(kept, QUANTILES)


def use_of(run: SimulatedRun) -> NodeUse:
    """Return busy time and energy of each node in the run."""
    return node_use(run.split, run.plan, run.timeline, run.exits, span_s(run))


def node_energy_j(run: SimulatedRun) -> FloatArray:
    """Return the energy of each node in the whole run, as far as the reading counts it, (x,) J."""
    use = use_of(run)
    # The paper counts static energy during computation only (18).
    idle = use.idle_j if run.split.reading.idle_power else 0.0
    return np.asarray(use.static_j + use.dynamic_j + use.radio_j + idle)  # (20)


def node_utilisation(run: SimulatedRun) -> FloatArray:
    """Return the share of the run during which each node computed, (x,)."""
    return np.asarray(use_of(run).busy_s / max(span_s(run), np.finfo(float).tiny))


def jain_index(values: FloatArray) -> float:
    """Return Jain's fairness index (sum v)^2 / (n sum v^2) in [1/n, 1]; 1 if all are 0.

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
    """Return the traffic on the link, and the shares of tasks by where they ended."""
    plan = run.plan
    bits = plan.stages.upload_bits
    uplink = run.conditions.uplink
    # The plain mean over the states of the link, since each lasts as long.
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
    """Return how much and how evenly the nodes were used."""
    shares = node_utilisation(run)
    return {
        "utilisation": shares.mean(),
        "utilisation_max": shares.max(),
        "balance": jain_index(shares),
        "throughput_hz": run.stream.tasks / span_s(run),
    }


def _deployment(run: SimulatedRun, transport: str) -> dict[str, float]:
    """Return the cost of distributing the model to the nodes."""
    size = run.plan.model_bytes
    return {
        "model_bytes": size,
        "deploy_s": deploy(run.split, size, transport).seconds,
        "redeploy_bytes": run.plan.redeploy_bytes,
    }


# Confidence intervals of a mean: over replications, and over one long run by batch means.

_CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean and half the width of its confidence interval, infinite for a single value."""

    mean: float
    half: float


def replication_interval(values: FloatArray, confidence: float = _CONFIDENCE) -> Interval:
    """Return Student's interval of independent replications, shape (n,)."""
    from scipy.stats import t

    mean, n = float(np.mean(values)), len(values)
    if n == 1:
        return Interval(mean, math.inf)
    width = t.ppf(0.5 + confidence / 2.0, n - 1)
    return Interval(mean, float(width * np.std(values, ddof=1) / math.sqrt(n)))


def batch_interval(
    values: FloatArray, batches: int = 20, confidence: float = _CONFIDENCE
) -> Interval:
    """Return the interval of the mean of one run's successive values by batch means.

    Successive values of a run are correlated, which makes Student's interval over them too narrow;
    the means of long batches are nearly independent. Source: Law, "Simulation modeling and
    analysis", 5th ed., section 9.5.3. Values that fill no batch are left out at the start.

    Raises
    ------
    InputError
        If there are fewer than 2 batches, or fewer values than batches.
    """
    if batches < 2 or len(values) < batches:
        raise InputError("batches", batches, f"2 to the number of values, {len(values)}")
    length = len(values) // batches
    means = values[len(values) - length * batches :].reshape(batches, length).mean(axis=1)
    return replication_interval(means, confidence)
