"""The area that a front dominates, and a bound on the area that any front can dominate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.problems.errors import FloatArray, IntArray, check_array


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Return the area between points and a reference that is worse than them, exactly.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        Two objectives to be minimised; points beyond the reference add nothing.
    reference : array_like, shape (2,)
        The corner of the area.

    References
    ----------
    Zitzler, Thiele, "Multiobjective evolutionary algorithms: a comparative case study and the
    strength Pareto approach", IEEE Trans. Evolutionary Computation 3, 1999.

    Examples
    --------
    >>> from edgeopt.optim.scheduling.fronts import hypervolume
    >>> hypervolume([[1.0, 3.0], [2.0, 1.0], [2.0, 2.0]], [4.0, 4.0])  # 3 x 1 + 2 x 2
    7.0
    """
    corner = check_array("reference", reference, ndim=1)
    found = check_array("points", points, ndim=2) if np.size(points) else np.empty((0, 2))
    found = found[(found < corner).all(axis=1)]
    area, height = 0.0, corner[1]
    for first, second in found[np.lexsort((found[:, 1], found[:, 0]))]:
        if second < height:
            area += (corner[0] - first) * (height - second)
            height = second
    return float(area)


def hypervolume_bound(lines: FloatArray, least: float, reference: ArrayLike) -> float:
    """Return an area that no front exceeds.

    Parameters
    ----------
    lines : ndarray, shape (m, 3)
        Intercept, slope and end of bounds: a schedule of makespan C <= end has a value of at least
        intercept + slope C.
    least : float
        No schedule has a smaller makespan, in s.
    reference : array_like, shape (2,)
        The corner of the area: makespan in s, and value.

    Notes
    -----
    The largest of the lines is integrated from the least makespan to the reference. A line that
    rises is replaced by its value at the least makespan, so that the largest falls.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.scheduling.fronts import hypervolume_bound
    >>> hypervolume_bound(np.array([[12.0, -2.0, np.inf]]), 1.0, [4.0, 10.0])  # a triangle, 3 x 6
    9.0
    """
    latest, height = check_array("reference", reference, ndim=1)
    if least >= latest:
        return 0.0
    intercept, slope, end = np.vstack([lines.reshape(-1, 3), [[0.0, 0.0, np.inf]]]).T
    intercept = np.where(slope > 0.0, intercept + slope * least, intercept)
    slope = np.minimum(slope, 0.0)
    area, at = 0.0, least
    while at < latest:
        valid = np.flatnonzero(end > at)
        level = intercept[valid] + slope[valid] * at
        # Of the lines that are largest here, the one that is largest next.
        top = valid[np.lexsort((slope[valid], level))[-1]]
        until = min(latest, float(end[top]), _next_crossing(intercept, slope, valid, top, at))
        heights = height - intercept[top] - slope[top] * np.array([at, until])
        area += _positive_part(*heights) * (until - at)
        at = until
    return float(area)


def _next_crossing(
    intercept: FloatArray, slope: FloatArray, valid: IntArray, top: int, at: float
) -> float:
    """Return where a line of the valid ones first exceeds the largest, beyond a makespan."""
    rising = valid[slope[valid] > slope[top]]
    places = (intercept[rising] - intercept[top]) / (slope[top] - slope[rising])
    # One that crosses here is not larger yet by rounding.
    return float(np.maximum(places, math.nextafter(at, math.inf)).min(initial=math.inf))


def _positive_part(first: float, second: float) -> float:
    """Return the mean of what is positive on the way from one height to another."""
    high, low = max(first, second), min(first, second)
    if low >= 0.0:
        return (high + low) / 2
    return high**2 / (2 * (high - low)) if high > 0.0 else 0.0


def largest_line(lines: FloatArray, least: float, makespans: FloatArray) -> FloatArray:
    """Return the largest of the bounds at some makespans, 0 where there is none.

    Parameters
    ----------
    lines, least
        See `hypervolume_bound`.
    makespans : ndarray, shape (n,)
        In s, at least `least`.
    """
    intercept, slope, end = np.vstack([lines.reshape(-1, 3), [[0.0, 0.0, np.inf]]]).T
    # All schedules up to a makespan are meant: a rising line is least at the least makespan.
    at = np.where(slope > 0.0, least, makespans[:, None])
    values = np.where(end >= makespans[:, None], intercept + slope * at, 0.0)
    return np.asarray(values.max(axis=1))
