"""The tasks of a run: how large each is, and which link it meets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.framework.conditions import Conditions, LinkTrace, draw_conditions
from experiments.framework.setting import Setting
from experiments.learning.training import Training
from optim.solver import IntArray
from problems.arrivals.stream import Stream
from problems.errors import FloatArray


class Tasks(NamedTuple):
    """All K tasks of a run, or those of a period.

    Attributes
    ----------
    size : ndarray of int64, shape (K,)
        Examples of each mini-batch.
    round_trip_s : ndarray, shape (K,)
        Round trip to the cloud that each meets, s.
    rate_bit_s : ndarray, shape (K, x)
        Rate between each node and the cloud, either way, bit/s.
    """

    size: IntArray
    round_trip_s: FloatArray
    rate_bit_s: FloatArray

    def of_period(self, period: int, window: int) -> Tasks:
        """Return the tasks of one period."""
        part = slice(period * window, (period + 1) * window)
        return Tasks(self.size[part], self.round_trip_s[part], self.rate_bit_s[part])


def draw_tasks(
    setting: Setting, training: Training, link: LinkTrace | None, rng: np.random.Generator
) -> tuple[Tasks, Conditions]:
    """Draw the tasks of a run; all schemes of a repetition meet the same.

    They meet the link as tasks of the running framework that arrive one after another at the
    system's rate: the state of the link is a task's own and does not depend on how long
    the tasks before it take.
    """
    sizes = _sizes(training, rng)
    arrival = np.arange(len(sizes)) / setting.system.tasks.arrival_hz
    stream = Stream(arrival, sizes.astype(np.float64))
    conditions = draw_conditions(setting, stream, link, rng)
    uplink = conditions.uplink
    state = np.searchsorted(uplink.start, arrival, side="right") - 1
    return Tasks(sizes, conditions.round_trip_s, uplink.rate[state]), conditions


def _sizes(training: Training, rng: np.random.Generator) -> IntArray:
    """Draw the mini-batches' sizes; batch norm needs two examples."""
    reach = training.batch * training.spread
    low, high = round(training.batch - reach), round(training.batch + reach)
    return np.maximum(rng.integers(low, high + 1, training.tasks), 2)
