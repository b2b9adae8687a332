"""What the links are like while the tasks run: the same for every scheme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from experiments.framework.setting import Setting
from optim.online.resources import Uplink
from problems.arrivals.stream import Stream
from problems.errors import FloatArray, InputError
from problems.offloading.link import node_rate_bit_s
from problems.quantity import LARGEST, check_quantities, check_quantity


@dataclass(frozen=True, eq=False)
class LinkTrace:
    """Measured states of the link to the cloud, one after another, each for `step_s` seconds.

    Parameters
    ----------
    round_trip_s : array_like, shape (n,)
        Round trips, s, >= 0.
    bandwidth_bit_s : array_like, shape (n,)
        Rates, bit/s, > 0.
    step_s : float
        How long a state lasts, s, > 0. A trace of half-hourly tests is usually played faster.

    Raises
    ------
    InputError
        If a value is out of range, or the lengths differ.
    """

    round_trip_s: FloatArray
    bandwidth_bit_s: FloatArray
    step_s: float

    def __post_init__(self) -> None:
        trips = check_quantities("link.round_trip_s", self.round_trip_s, zero=True)
        rates = check_quantities("link.bandwidth_bit_s", self.bandwidth_bit_s)
        check_quantity("link.step_s", self.step_s)
        if trips.shape != rates.shape:
            raise InputError("link.bandwidth_bit_s.shape", rates.shape, str(trips.shape))
        object.__setattr__(self, "round_trip_s", trips)
        object.__setattr__(self, "bandwidth_bit_s", rates)


class Conditions(NamedTuple):
    """What each of the K tasks meets.

    Attributes
    ----------
    terminal_s : ndarray, shape (K,)
        Upload from the terminal to the edge T_cp (16), s; it is over when the task arrives.
    round_trip_s : ndarray, shape (K,)
        Propagation to the cloud and back at the task's arrival, s.
    rate_bit_s : ndarray, shape (K,)
        Rate at which a task alone reaches the cloud at its arrival, bit/s: of the slowest node.
    uplink : Uplink
        The same rates for the engine, over time.
    """

    terminal_s: FloatArray
    round_trip_s: FloatArray
    rate_bit_s: FloatArray
    uplink: Uplink


def draw_conditions(
    setting: Setting, stream: Stream, trace: LinkTrace | None, rng: np.random.Generator
) -> Conditions:
    """Draw what the tasks meet.

    Parameters
    ----------
    setting : Setting
        Its system says what is constant. Terminals have one of the measured rates (16) each;
        where the reading does not count T_cp it is 0.
    stream : Stream
        The tasks.
    trace : LinkTrace or None
        The link to the cloud over time, from a random state on and round again; None: the system's
        round trip and bandwidth. As printed (15) has no round trip, and none is added without a
        trace.
    rng : Generator
        Source of randomness.
    """
    size_bits = 8.0 * float(setting.terms.columns.size_bytes) * stream.size
    terminal = size_bits / rng.choice(setting.system.uplink.rates_bit_s, stream.tasks)  # (16)
    if not setting.reading.uplink_counts:
        terminal = np.zeros(stream.tasks)
    if trace is None:
        trace = _constant(setting)
    states = _states(trace, float(stream.time[-1]), rng)
    now = (stream.time // trace.step_s).astype(np.int64)
    rates = _rates(setting, trace.bandwidth_bit_s[states])
    return Conditions(
        terminal_s=terminal,
        round_trip_s=trace.round_trip_s[states][now],
        rate_bit_s=rates.min(axis=1)[now],
        uplink=Uplink(rate=rates, start=trace.step_s * np.arange(float(len(states)))),
    )


def _constant(setting: Setting) -> LinkTrace:
    """Return a link that stays as the system has it."""
    trips = np.array([float(setting.terms.columns.round_trip_s)])
    bandwidth = np.array([setting.system.link.bandwidth_bit_s])
    return LinkTrace(trips, bandwidth, step_s=LARGEST)


def _states(trace: LinkTrace, end_s: float, rng: np.random.Generator) -> np.ndarray:
    """Return the trace's rows in the order in which they are met until `end_s`."""
    steps = int(end_s // trace.step_s) + 1
    return (rng.integers(len(trace.round_trip_s)) + np.arange(steps)) % len(trace.round_trip_s)


def _rates(setting: Setting, bandwidth: FloatArray) -> FloatArray:
    """Return the rates of the nodes in each state (15), (states, x), or the shared (states, 1)."""
    if setting.uplink == "shared":
        return bandwidth[:, np.newaxis]
    own = setting.system.pool.per_node("throughput_bit_s")
    shared = setting.reading.shares_link
    return np.asarray(node_rate_bit_s(bandwidth[:, np.newaxis], own, setting.nodes, shared=shared))
