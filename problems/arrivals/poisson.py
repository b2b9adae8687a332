"""Poisson arrivals, and the stream of unit rate from which others are made."""

from __future__ import annotations

import numpy as np

from problems.arrivals.length import check_length
from problems.arrivals.sizes import Sizes, constant
from problems.arrivals.stream import Stream
from problems.errors import FloatArray, InputError
from problems.quantity import check_quantity


def poisson(
    rate_hz: float,
    *,
    tasks: int | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
    rng: int | np.random.Generator | None = None,
) -> Stream:
    """Return tasks that arrive independently of one another.

    Parameters
    ----------
    rate_hz : float
        Arrival rate a in 1/s, > 0.
    tasks, seconds : int, float
        Length of the stream: a number of tasks, or a time in s; one of the two.
    sizes : Sizes, optional
        See `problems.arrivals.sizes`; without it all tasks have size 1.
    rng : int or Generator, optional
        Seed or source of randomness.

    Raises
    ------
    InputError
        If a value is out of range, or no task falls within `seconds`.
    """
    check_quantity("rate_hz", rate_hz)
    check_length(tasks, seconds, rate_hz)
    generator = np.random.default_rng(rng)
    if tasks is not None:
        time = np.cumsum(generator.exponential(1.0, tasks)) / rate_hz
    else:
        time = unit_arrivals(rate_hz * float(seconds or 0.0), generator) / rate_hz
    return sized(time, sizes, f"poisson:{rate_hz:g}", generator)


def unit_arrivals(end: float, rng: np.random.Generator) -> FloatArray:
    """Return the arrivals of a Poisson process of rate 1 on [0, `end`)."""
    return np.sort(rng.uniform(0.0, end, rng.poisson(end)))


def sized(time: FloatArray, sizes: Sizes | None, name: str, rng: np.random.Generator) -> Stream:
    """Return the stream of some arrival times, with sizes drawn.

    Raises
    ------
    InputError
        If there is no arrival.
    """
    if not len(time):
        raise InputError("seconds", "no task", "long enough for at least one task")
    return Stream(time, (sizes or constant())(len(time), rng), name=name)
