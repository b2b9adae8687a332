"""When the cloud sleeps: the round trip T_rd against T_0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.framework.conditions import Conditions
from experiments.framework.setting import Setting
from problems.errors import FloatArray


def mean_limit_s(round_trip_s: FloatArray) -> FloatArray:
    """Return T_0 as printed, the "average delay": the mean of the round trips before, (K,) s.

    A link is slower than its own mean about half the time, whatever its speed: so often the cloud
    sleeps. Infinite for the first task, which has nothing to compare with.
    """
    before = np.arange(len(round_trip_s))
    sums = np.cumsum(round_trip_s) - round_trip_s
    with np.errstate(invalid="ignore"):
        return np.where(before > 0, sums / before, np.inf)


def slack_limit_s(
    setting: Setting, conditions: Conditions, size: FloatArray, cut: int
) -> FloatArray:
    """Return T_0 as the deadline's slack, the round trip that a task can afford, (K,) s.

    T_max - (T_te + T_es + T_cp): what is left of the deadline after terminal, waiting (12),
    execution (11) on the slowest node, transmission (15) and cloud (14) without queues.
    """
    terms = setting.terms
    edge_s = float(terms.execution_s[:, cut].max())
    waiting_s = float(terms.waiting_s[:, cut].max())
    link_s = setting.upload_bits[cut] / conditions.rate_bit_s
    known_s = conditions.terminal_s + (edge_s + link_s + setting.cloud_s[cut]) * size + waiting_s
    return np.asarray(setting.system.tasks.deadline_s - known_s)


def sleeps(
    round_trip_s: FloatArray, limit_s: FloatArray, hysteresis: float = 0.0
) -> NDArray[np.bool_]:
    """Return for which tasks the cloud sleeps, (K,).

    Parameters
    ----------
    round_trip_s, limit_s : (K,) arrays
        T_rd and T_0 when each task arrives, s.
    hysteresis : float
        h in [0, 1): the cloud falls asleep at T_rd > T_0 (1 + h), wakes at T_rd < T_0 (1 - h) and
        stays as it is in between. 0: it sleeps exactly while T_rd > T_0. It is awake at first.
    """
    if hysteresis == 0:
        return np.asarray(round_trip_s > limit_s)
    above, below = 1.0 + hysteresis, 1.0 - hysteresis
    falls = round_trip_s > limit_s * np.where(limit_s > 0, above, below)
    wakes = round_trip_s < limit_s * np.where(limit_s > 0, below, above)
    changes = np.where(falls | wakes, np.arange(len(falls)), -1)
    last = np.maximum.accumulate(changes)
    return np.asarray(falls[last] & (last >= 0))
