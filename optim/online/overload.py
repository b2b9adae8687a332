"""Overload: more work arrives than can be done, and queues grow as long as the stream lasts."""

from __future__ import annotations

import warnings

import numpy as np

from edgeopt.optim.online.resources import Resources, Stages, Uplink
from edgeopt.problems.errors import FloatArray

_ENOUGH_TASKS = 100  # fewer tell little about rates


class OverloadWarning(UserWarning):
    """Delays grow with the length of the stream and are no property of the system."""


def overloads(time: FloatArray, stages: Stages, resources: Resources) -> tuple[str, ...]:
    """Return a sentence for each part of the system whose load exceeds its capacity.

    The work that arrives is compared with the capacity between the first and the last arrival;
    fewer than 100 tasks, or tasks that all arrive at once, have no rate.
    """
    span = float(time[-1] - time[0])
    if span == 0 or len(time) < _ENOUGH_TASKS:
        return ()
    sent = stages.upload_bits > 0
    # Each part by itself, as if the parts before it held nothing back.
    demands = [
        ("edge nodes", stages.edge.sum(), resources.flops.sum() * span),
        ("uplink", stages.upload_bits.sum(), _bits(resources.uplink, time[0], time[-1])),
        ("cloud", stages.cloud[sent].sum(), (resources.cloud_servers or np.inf) * span),
    ]
    return tuple(
        f"{part}: the load is {_percent(need, able)} of what can be done; queues grow"
        for part, need, able in demands
        if need > able
    )


def warn_of_overload(time: FloatArray, stages: Stages, resources: Resources) -> None:
    """Issue an `OverloadWarning` that names the overloaded parts, if any."""
    sentences = overloads(time, stages, resources)
    if sentences:
        warnings.warn("; ".join(sentences), OverloadWarning, stacklevel=3)


def warn_of_slow_scheduler(time: FloatArray, seconds: float) -> None:
    """Issue an `OverloadWarning` if scheduling takes longer than the stream lasts."""
    span = float(time[-1] - time[0])
    if len(time) >= _ENOUGH_TASKS and seconds > span > 0:
        sentence = f"scheduler: the load is {_percent(seconds, span)} of what can be done"
        warnings.warn(f"{sentence}; windows queue", OverloadWarning, stacklevel=3)


def _percent(need: float, able: float) -> str:
    """Return the ratio in per cent, as text."""
    return f"{100 * need / able:.4g} %" if able > 0 else "infinitely many per cent"


def _bits(uplink: Uplink, begin: float, end: float) -> float:
    """Return how much all uplinks can send between two times, bit."""
    # Pieces outside the interval get the length 0, and their rates may be infinite.
    edges = np.clip(np.append(uplink.start, np.inf), begin, end)
    seconds = np.diff(edges)
    return float((uplink.rate[seconds > 0].sum(axis=1) * seconds[seconds > 0]).sum())
