"""A stream of tasks: its arrival times and sizes, and generators of such streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    check_integer,
    check_number,
    check_quantities,
    check_quantity,
)

_LATEST_S = 1e10  # the spacing of floats is 2 microseconds there; delays would be lost beyond


@dataclass(frozen=True, eq=False)
class Stream:
    """K tasks in the order of their arrival.

    Parameters
    ----------
    time : array_like, shape (K,)
        Arrival time of each task in s, from 0 to 1e10 and not decreasing; equal times keep their
        order.
    size : array_like, shape (K,)
        Work of each task relative to one sample of the network's profile, > 0.
    name : str
        Name in tables and plots.

    Raises
    ------
    InputError
        If there is no task, a value is not finite or out of range, times decrease or lengths
        differ.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import Stream
    >>> stream = Stream(np.array([0.0, 0.5, 2.0]), np.array([1.0, 4.0, 1.0]), name="camera")
    >>> stream.tasks
    3
    """

    time: FloatArray
    size: FloatArray
    name: str = "stream"

    def __post_init__(self) -> None:
        time = check_quantities("time", self.time, zero=True)
        if time.max() > _LATEST_S:
            rule = f"at most {_LATEST_S:g} s: subtract the first arrival, or check the unit"
            raise InputError("time", time.max(), rule)
        size = check_quantities("size", self.size)
        if len(size) != len(time):
            raise InputError("size.shape", size.shape, f"({len(time)},) to match time")
        falling = np.flatnonzero(np.diff(time) < 0)
        if falling.size:
            index = int(falling[0]) + 1
            raise InputError(f"time[{index}]", time[index], f"at least {time[index - 1]}, sorted")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "size", size)

    @property
    def tasks(self) -> int:
        """Number of tasks K."""
        return len(self.time)

    @property
    def span_s(self) -> float:
        """Time from the first arrival to the last in s."""
        return float(self.time[-1] - self.time[0])


# Sizes: distributions of the work of a task relative to one sample.

Sizes = Callable[[int, np.random.Generator], FloatArray]


def constant(size: float = 1.0) -> Sizes:
    """Return sizes that all equal `size`, > 0."""
    check_quantity("size", size)
    return lambda tasks, rng: np.full(tasks, float(size))


def exponential(mean: float = 1.0) -> Sizes:
    """Return exponential sizes of mean `mean`, > 0."""
    check_quantity("mean", mean)
    # u is a multiple of 2**-53 and may be 0, but no task has the size 0: take half a step instead.
    return lambda tasks, rng: -mean * np.log1p(-np.maximum(rng.random(tasks), 2.0**-54))


def uniform(low: float, high: float) -> Sizes:
    """Return sizes uniform between `low`, > 0, and `high`."""
    check_quantity("low", low)
    check_number("high", high, at_least=low)
    return lambda tasks, rng: rng.uniform(low, high, tasks)


def lognormal(mean: float = 1.0, variation: float = 1.0) -> Sizes:
    """Return log-normal sizes; like the work of real requests they have a heavy tail.

    Parameters
    ----------
    mean : float
        Mean size, > 0.
    variation : float
        Standard deviation over mean, > 0.
    """
    check_quantity("mean", mean)
    check_quantity("variation", variation)
    variance = np.log1p(variation**2)
    location = np.log(mean) - variance / 2.0
    return lambda tasks, rng: rng.lognormal(location, np.sqrt(variance), tasks)


def batches(largest: int) -> Sizes:
    """Return integer sizes uniform in 1..`largest`: each task is a batch of samples."""
    check_integer("largest", largest, at_least=1)
    return lambda tasks, rng: rng.integers(1, largest + 1, tasks).astype(np.float64)


# Generators of arrival times.

_DAY_S = 86400.0


def poisson(
    rate_hz: float,
    *,
    tasks: int | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
    rng: int | np.random.Generator | None = None,
) -> Stream:
    """Return a Poisson stream: tasks arrive independently of one another.

    Parameters
    ----------
    rate_hz : float
        Arrival rate a in 1/s, > 0.
    tasks, seconds : int, float
        Length of the stream: either its number of tasks or its duration in s.
    sizes : Sizes, optional
        Distribution of the sizes, e.g. ``lognormal(2.0)``; by default all tasks have size 1.
    rng : int or Generator, optional
        Seed or source of randomness.

    Raises
    ------
    InputError
        If a value is out of range, or no task arrives within `seconds`.

    Examples
    --------
    >>> from edgeopt import poisson
    >>> stream = poisson(10.0, tasks=4, rng=1)
    >>> stream.time.round(2)
    array([0.11, 0.14, 0.68, 0.71])
    """
    check_quantity("rate_hz", rate_hz)
    _check_length(tasks, seconds, rate_hz)
    generator = np.random.default_rng(rng)
    if tasks is not None:
        time = np.cumsum(generator.exponential(1.0, tasks)) / rate_hz
    else:
        time = _unit_arrivals(rate_hz * float(seconds or 0.0), generator) / rate_hz
    return _sized(time, sizes, f"poisson:{rate_hz:g}", generator)


def markov_modulated(
    rates_hz: ArrayLike,
    dwell_s: ArrayLike,
    *,
    tasks: int | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
    rng: int | np.random.Generator | None = None,
) -> Stream:
    """Return a Markov-modulated Poisson stream: bursty, with states that take turns.

    Parameters
    ----------
    rates_hz : array_like, shape (s,)
        Arrival rate in each state in 1/s, >= 0, not all 0; the stream starts in the first.
    dwell_s : array_like, shape (s,)
        Mean time in each state in s, > 0; the time itself is exponential.
    tasks, seconds, sizes, rng
        As for `edgeopt.problems.arrivals.streams.poisson`, which raises the same errors.

    Notes
    -----
    The mean rate is sum rate * dwell / sum dwell. An arrival of a process of rate 1 becomes the
    time at which the integral of the rate reaches it (time change), which is exact.

    References
    ----------
    Fischer, Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook",
    Performance Evaluation 18, 1993.

    Examples
    --------
    >>> from edgeopt.problems.arrivals import markov_modulated
    >>> markov_modulated([1.0, 100.0], [5.0, 0.5], tasks=4, rng=1).time.round(2)
    array([0.58, 0.58, 0.64, 0.64])
    """
    rates = check_quantities("rates_hz", rates_hz, zero=True)
    dwell = check_quantities("dwell_s", dwell_s)
    if len(dwell) != len(rates):
        raise InputError("dwell_s.shape", dwell.shape, f"({len(rates)},) to match rates_hz")
    if not rates.any():
        raise InputError("rates_hz", rates, "positive in at least one state")
    _check_length(tasks, seconds, float(rates.max()))
    generator = np.random.default_rng(rng)
    if tasks is not None:
        unit = np.cumsum(generator.exponential(1.0, tasks))
        knots, integral = _path(rates, dwell, float(unit[-1]), np.inf, generator)
    else:
        end = float(seconds or 0.0)
        knots, integral = _path(rates, dwell, np.inf, end, generator)
        unit = _unit_arrivals(float(np.interp(end, knots, integral)), generator)
    return _sized(np.interp(unit, integral, knots), sizes, "bursty", generator)


def _path(
    rates: FloatArray, dwell: FloatArray, arrivals: float, end: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the times at which the state changes, and the integral of the rate up to each.

    The path ends once the integral reaches `arrivals` or the time reaches `end`.
    """
    # Enough cycles on average; the loop adds as many again if the draws fall short.
    cycles = 1 + int(min(arrivals / float(rates @ dwell), end / float(dwell.sum())))
    knots, integral = np.zeros(1), np.zeros(1)
    while integral[-1] < arrivals and knots[-1] < end:
        stays = rng.exponential(1.0, (cycles, len(dwell))) * dwell
        knots = np.append(knots, knots[-1] + np.cumsum(stays.ravel()))
        gained = np.cumsum((stays * rates).ravel())
        integral = np.append(integral, integral[-1] + gained)
    return knots, integral


def diurnal(
    mean_hz: float,
    amplitude: float = 0.8,
    period_s: float = _DAY_S,
    *,
    tasks: int | None = None,
    seconds: float | None = None,
    sizes: Sizes | None = None,
    rng: int | np.random.Generator | None = None,
) -> Stream:
    """Return a Poisson stream of rate mean (1 - amplitude cos(2 pi t / period)), lowest at t = 0.

    Parameters
    ----------
    mean_hz : float
        Mean rate over a period in 1/s, > 0.
    amplitude : float
        Amplitude of the rate as a fraction of its mean, 0 to 1.
    period_s : float
        Period in s, > 0.
    tasks, seconds, sizes, rng
        As for `edgeopt.problems.arrivals.streams.poisson`, which raises the same errors.

    References
    ----------
    Lewis, Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research
    Logistics Quarterly 26, 1979.

    Examples
    --------
    >>> from edgeopt.problems.arrivals import diurnal
    >>> stream = diurnal(10.0, period_s=60.0, seconds=60.0, rng=1)
    >>> bool((stream.time < 10).sum() < ((stream.time > 25) & (stream.time < 35)).sum())
    True
    """
    check_quantity("mean_hz", mean_hz)
    check_number("amplitude", amplitude, at_least=0, at_most=1)
    check_quantity("period_s", period_s)
    peak_hz = mean_hz * (1.0 + amplitude)
    _check_length(tasks, seconds, peak_hz)
    generator = np.random.default_rng(rng)
    span = float(seconds) if seconds is not None else float(tasks or 0) / mean_hz
    time, end = np.zeros(0), 0.0
    # A span has about as many tasks as are wanted; if it has fewer, the next one is added.
    while end == 0.0 or len(time) < (tasks or 0):
        more = end + _unit_arrivals(peak_hz * span, generator) / peak_hz
        time = np.append(time, _thinned(more, amplitude, period_s, generator))
        end += span
    return _sized(time[:tasks], sizes, f"diurnal:{mean_hz:g}", generator)


def _thinned(
    time: FloatArray, amplitude: float, period_s: float, rng: np.random.Generator
) -> FloatArray:
    """Keep each arrival of the peak rate with probability rate(t) / peak rate."""
    rate = 1.0 - amplitude * np.cos(2.0 * np.pi * time / period_s)
    return time[rng.random(len(time)) * (1.0 + amplitude) < rate]


# Pieces that the generators share.

_MOST_TASKS = 10**8  # 1.6 GB of times and sizes


def _check_length(tasks: int | None, seconds: float | None, peak_hz: float) -> None:
    """Raise `InputError` unless exactly one of `tasks` and `seconds` is given and in range.

    Parameters
    ----------
    tasks : int or None
        Number of tasks, 1 to 10**8.
    seconds : float or None
        Duration in s, > 0, in which at most 10**8 tasks are expected.
    peak_hz : float
        The largest arrival rate, 1/s.
    """
    if (tasks is None) == (seconds is None):
        raise InputError("tasks, seconds", (tasks, seconds), "given one of the two")
    if tasks is not None:
        check_integer("tasks", tasks, at_least=1, at_most=_MOST_TASKS)
    if seconds is not None:
        check_number("seconds", seconds, above=0, at_most=_MOST_TASKS / peak_hz)


def _unit_arrivals(end: float, rng: np.random.Generator) -> FloatArray:
    """Return the arrivals of a Poisson process of rate 1 on [0, `end`)."""
    # Given their number, the arrivals of a Poisson process are independent and uniform.
    return np.sort(rng.uniform(0.0, end, rng.poisson(end)))


def _sized(time: FloatArray, sizes: Sizes | None, name: str, rng: np.random.Generator) -> Stream:
    """Return the stream with these arrival times, its sizes drawn after them.

    Raises
    ------
    InputError
        If there is no arrival.
    """
    if not len(time):
        raise InputError("seconds", "no task", "long enough for at least one task")
    return Stream(time, (sizes or constant())(len(time), rng), name=name)
