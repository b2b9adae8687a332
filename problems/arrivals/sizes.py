"""How large the tasks of a generated stream are: distributions of their relative work."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from problems.errors import FloatArray, InputError, check_number
from problems.quantity import check_quantity

Sizes = Callable[[int, np.random.Generator], FloatArray]


def constant(size: float = 1.0) -> Sizes:
    """Return sizes that are all `size`, > 0."""
    check_quantity("size", size)
    return lambda tasks, rng: np.full(tasks, float(size))


def exponential(mean: float = 1.0) -> Sizes:
    """Return exponential sizes of mean `mean`, > 0."""
    check_quantity("mean", mean)
    # 1 - u lies in (0, 1]: half the smallest step of u stands for the size 0, which no task has
    return lambda tasks, rng: -mean * np.log1p(-np.maximum(rng.random(tasks), 2.0**-54))


def uniform(low: float, high: float) -> Sizes:
    """Return sizes uniform between `low`, > 0, and `high`."""
    check_quantity("low", low)
    check_number("high", high, at_least=low)
    return lambda tasks, rng: rng.uniform(low, high, tasks)


def lognormal(mean: float = 1.0, variation: float = 1.0) -> Sizes:
    """Return log-normal sizes: heavy-tailed, as the work of real requests is.

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
    """Return whole sizes uniform in 1..`largest`: tasks that are batches of samples."""
    if isinstance(largest, bool) or not isinstance(largest, int | np.integer) or largest < 1:
        raise InputError("largest", largest, "an integer >= 1")
    return lambda tasks, rng: rng.integers(1, largest + 1, tasks).astype(np.float64)
