"""Execution times in their two forms: a matrix, or work and speed that are never multiplied out."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from problems.errors import FloatArray, InputError, check_array, check_integer

LARGEST_SIZE = 10**9


class WorkSpeed(NamedTuple):
    """Execution times of uniform machines, et_ij = work_i / speed_j (1).

    Parameters
    ----------
    work : ndarray, shape (k,)
        Work of each task in FLOP.
    speed : ndarray, shape (x,)
        Speed of each node in FLOP/s.

    Notes
    -----
    The paper prints Zt^i / F_i, with the speed indexed by the task; a speed belongs to a node.
    """

    work: FloatArray
    speed: FloatArray


def check_times(et: object) -> FloatArray | WorkSpeed:
    """Return `et` validated: finite, >= 0, some entry > 0, with finite loads; speeds > 0.

    Raises
    ------
    InputError
        If a rule is broken; the message names the entry.
    """
    if isinstance(et, WorkSpeed):
        work = check_array("work", et.work, ndim=1, at_least=0)
        speed = check_array("speed", et.speed, ndim=1, above=0)
        _check_some_positive("work", work)
        _check_loads("work", work, len(work) / float(speed.min()))
        return WorkSpeed(work, speed)
    matrix = check_array("et", et, ndim=2, at_least=0)  # type: ignore[arg-type]
    _check_some_positive("et", matrix)
    _check_loads("et", matrix, len(matrix))
    return matrix


def check_size(tasks: int, nodes: int) -> tuple[int, int]:
    """Return (k, x), both at least 1, for a generator; their product is at most 10**9 (8 GB)."""
    k = check_integer("tasks", tasks, at_least=1)
    x = check_integer("nodes", nodes, at_least=1)
    check_integer("tasks * nodes", k * x, at_most=LARGEST_SIZE)
    return k, x


def times_matrix(et: FloatArray | WorkSpeed) -> FloatArray:
    """Return the (k, x) matrix in s; for `WorkSpeed` it is made anew."""
    if isinstance(et, WorkSpeed):
        return et.work[:, None] / et.speed  # (1)
    return et


def times_shape(et: FloatArray | WorkSpeed) -> tuple[int, int]:
    """Return (k, x), the numbers of tasks and nodes."""
    if isinstance(et, WorkSpeed):
        return len(et.work), len(et.speed)
    return et.shape[0], et.shape[1]


def assigned_times(et: FloatArray | WorkSpeed, assignment: NDArray[np.int64]) -> FloatArray:
    """Return the execution time of each task on its node, shape (k,) in s."""
    if isinstance(et, WorkSpeed):
        return et.work / et.speed[assignment]  # (1)
    return np.take_along_axis(et, assignment[:, None], axis=1)[:, 0]


def _check_loads(field: str, values: FloatArray, most: float) -> None:
    """Refuse values whose largest, times `most` (tasks, or tasks / speed), is infinite."""
    if not math.isfinite(float(values.max()) * most):
        raise InputError(field, values.max(), "so small that sums of times are finite")


def _check_some_positive(field: str, values: FloatArray) -> None:
    """Refuse times that are all zero: every schedule would be optimal."""
    if not values.any():
        raise InputError(field, "all entries 0", "positive in at least one entry")
