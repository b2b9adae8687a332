"""Arrivals that rise and fall with the time of day."""

from __future__ import annotations

import numpy as np

from problems.arrivals.length import check_length
from problems.arrivals.poisson import sized, unit_arrivals
from problems.arrivals.sizes import Sizes
from problems.arrivals.stream import Stream
from problems.errors import FloatArray, check_number
from problems.quantity import check_quantity

DAY_S = 86400.0


def diurnal(
    mean_hz: float,
    amplitude: float = 0.8,
    period_s: float = DAY_S,
    *,
    tasks: int | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
    rng: int | np.random.Generator | None = None,
) -> Stream:
    """Return Poisson arrivals of rate mean (1 - amplitude cos(2 pi t / period)): least at t = 0.

    Parameters
    ----------
    mean_hz : float
        Mean rate over a period in 1/s, > 0.
    amplitude : float
        Swing of the rate as a part of its mean, 0 to 1.
    period_s : float
        Period in s, > 0.
    tasks, seconds, sizes, rng
        As for `problems.arrivals.poisson.poisson`.

    Raises
    ------
    InputError
        If a value is out of range, or no task falls within `seconds`.

    References
    ----------
    Lewis, Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research
    Logistics Quarterly 26, 1979.
    """
    check_quantity("mean_hz", mean_hz)
    check_number("amplitude", amplitude, at_least=0, at_most=1)
    check_quantity("period_s", period_s)
    peak_hz = mean_hz * (1.0 + amplitude)
    check_length(tasks, seconds, peak_hz)
    generator = np.random.default_rng(rng)
    span = float(seconds) if seconds is not None else float(tasks or 0) / mean_hz
    time, end = np.zeros(0), 0.0
    while end == 0.0 or len(time) < (tasks or 0):
        more = end + unit_arrivals(peak_hz * span, generator) / peak_hz
        time = np.append(time, _thinned(more, amplitude, period_s, generator))
        end += span
    return sized(time[:tasks], sizes, f"diurnal:{mean_hz:g}", generator)


def _thinned(
    time: FloatArray, amplitude: float, period_s: float, rng: np.random.Generator
) -> FloatArray:
    """Keep each arrival at the peak rate with the probability rate(t) / peak rate."""
    rate = 1.0 - amplitude * np.cos(2.0 * np.pi * time / period_s)
    return time[rng.random(len(time)) * (1.0 + amplitude) < rate]
