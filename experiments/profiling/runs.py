"""Repeated runs of a network, whole and layer by layer in turn, and their statistics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgeopt.problems.errors import FloatArray

AGREEMENT = 0.1
"""Largest difference of the layers' sum from the time of the whole network, as a share of it."""


Clock = Callable[[], float]


def clock_of(threads: int) -> Clock:
    """Return the clock: processor time, which other programs do not lengthen, of one thread.

    With several threads it would add them up, and time that passes is measured.
    """
    return time.thread_time if threads == 1 else time.perf_counter


class Runner(Protocol):
    """A network ready to run on this machine."""

    def run_whole(self) -> float:
        """Run it as it is used and return the time, s."""

    def run_layers(self) -> None:
        """Run it once more, and note the time of each layer."""

    def layer_seconds(self) -> FloatArray:
        """Return the times noted, (runs, n) s, and end."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Times of the layers and of the whole network, s.

    Parameters
    ----------
    seconds, spread : (n,) arrays
        Median of each layer, and the range of the middle half.
    whole_s, whole_spread_s : float
        The same of the whole network.
    """

    seconds: FloatArray
    spread: FloatArray
    whole_s: float
    whole_spread_s: float

    @property
    def ratio(self) -> float:
        """Sum of the layers over the whole."""
        return float(self.seconds.sum() / self.whole_s)


def measure(runner: Runner, *, warm_up: int, repetitions: int) -> Statistics:
    """Run a network whole and by layers in turn, so that both meet the same load.

    The first `warm_up` runs do not count.
    """
    whole = []
    for _ in range(warm_up + repetitions):
        whole.append(runner.run_whole())
        runner.run_layers()
    low, middle, high = np.quantile(runner.layer_seconds()[warm_up:], [0.25, 0.5, 0.75], axis=0)
    ends = np.quantile(whole[warm_up:], [0.25, 0.5, 0.75])
    return Statistics(middle, high - low, float(ends[1]), float(ends[2] - ends[0]))
