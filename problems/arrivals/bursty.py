"""Bursty arrivals: a Poisson process whose rate jumps between states."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from problems.arrivals.length import check_length
from problems.arrivals.poisson import sized, unit_arrivals
from problems.arrivals.sizes import Sizes
from problems.arrivals.stream import Stream
from problems.errors import FloatArray, InputError
from problems.quantity import check_quantities


def markov_modulated(
    rates_hz: ArrayLike,
    dwell_s: ArrayLike,
    *,
    tasks: int | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
    rng: int | np.random.Generator | None = None,
) -> Stream:
    """Return a Markov-modulated Poisson stream: states follow one another in turn.

    Parameters
    ----------
    rates_hz : array_like, shape (s,)
        Arrival rate in each state in 1/s, >= 0, not all 0; the stream starts in the first.
    dwell_s : array_like, shape (s,)
        Mean time in each state in s, > 0; it is exponential.
    tasks, seconds, sizes, rng
        As for `problems.arrivals.poisson.poisson`.

    Raises
    ------
    InputError
        If a value is out of range, or no task falls within `seconds`.

    Notes
    -----
    The mean rate is sum rate * dwell / sum dwell. Arrivals of a process of rate 1 are placed where
    the integral of the rate reaches them (time change), which is exact.

    References
    ----------
    Fischer, Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook",
    Performance Evaluation 18, 1993.
    """
    rates = check_quantities("rates_hz", rates_hz, zero=True)
    dwell = check_quantities("dwell_s", dwell_s)
    if len(dwell) != len(rates):
        raise InputError("dwell_s.shape", dwell.shape, f"({len(rates)},) to match rates_hz")
    if not rates.any():
        raise InputError("rates_hz", rates, "positive in at least one state")
    check_length(tasks, seconds, float(rates.max()))
    generator = np.random.default_rng(rng)
    if tasks is not None:
        unit = np.cumsum(generator.exponential(1.0, tasks))
        knots, integral = _path(rates, dwell, float(unit[-1]), np.inf, generator)
    else:
        end = float(seconds or 0.0)
        knots, integral = _path(rates, dwell, np.inf, end, generator)
        unit = unit_arrivals(float(np.interp(end, knots, integral)), generator)
    return sized(np.interp(unit, integral, knots), sizes, "bursty", generator)


def _path(
    rates: FloatArray, dwell: FloatArray, arrivals: float, end: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the times at which the state changes, and the rate's integral up to each.

    As far as the integral passes `arrivals` or the time passes `end`, whichever is first.
    """
    cycles = 1 + int(min(arrivals / float(rates @ dwell), end / float(dwell.sum())))
    knots, integral = np.zeros(1), np.zeros(1)
    while integral[-1] < arrivals and knots[-1] < end:
        stays = rng.exponential(1.0, (cycles, len(dwell))) * dwell
        knots = np.append(knots, knots[-1] + np.cumsum(stays.ravel()))
        gained = np.cumsum((stays * rates).ravel())
        integral = np.append(integral, integral[-1] + gained)
    return knots, integral
