"""Confidence intervals of a mean: over replications, and over one long run by batch means."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError

_CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean and half the width of its confidence interval, infinite for a single value."""

    mean: float
    half: float


def replication_interval(values: FloatArray, confidence: float = _CONFIDENCE) -> Interval:
    """Return Student's interval of independent replications, shape (n,)."""
    from scipy.stats import t

    mean, n = float(np.mean(values)), len(values)
    if n == 1:
        return Interval(mean, math.inf)
    width = t.ppf(0.5 + confidence / 2.0, n - 1)
    return Interval(mean, float(width * np.std(values, ddof=1) / math.sqrt(n)))


def batch_interval(
    values: FloatArray, batches: int = 20, confidence: float = _CONFIDENCE
) -> Interval:
    """Return the interval of the mean of one run's successive values by batch means.

    Successive values of a run are correlated, which makes Student's interval over them too narrow;
    the means of long batches are nearly independent. Source: Law, "Simulation modeling and
    analysis", 5th ed., section 9.5.3. Values that fill no batch are left out at the start.

    Raises
    ------
    InputError
        If there are fewer than 2 batches, or fewer values than batches.
    """
    if batches < 2 or len(values) < batches:
        raise InputError("batches", batches, f"2 to the number of values, {len(values)}")
    length = len(values) // batches
    means = values[len(values) - length * batches :].reshape(batches, length).mean(axis=1)
    return replication_interval(means, confidence)
