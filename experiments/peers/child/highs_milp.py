"""The whole problem as one mixed-integer program, by HiGHS."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

_FloatArray = NDArray[np.float64]

_LARGEST = np.finfo(np.float64).max  # HiGHS refuses the model long before

_TOLERANCE = 1e-6  # the default of HiGHS for rows, columns and whole numbers


def minimise_makespan(
    times: _FloatArray,
    memory: _FloatArray,
    capacity: _FloatArray,
    ready: _FloatArray,
    deadline: float,
    seed: int,
    report: Callable[[NDArray[np.int64]], None],
) -> float:
    """Minimise C subject to sum_j x_ij = 1, ready_j y_j + sum_i et_ij x_ij <= C, x_ij <= y_j.

    x and y are binary, and memory limits are rows, too. HiGHS runs on one thread until its gap is
    0 or time is up; all else is its default. Its bound holds up to its tolerances: what these can
    add, by all rows and columns together, is subtracted.

    Parameters and the bound returned are those of `run.Minimise`.
    """
    highs: Any = highspy.Highs()
    # Its tolerances are absolute: seconds and bytes become numbers near 1.
    longest = times.min(axis=1).max() or 1.0
    size = capacity.max() if np.isfinite(capacity).all() and capacity.any() else 1.0
    scaled = np.where(np.isfinite(times), np.minimum(times / longest, _LARGEST), np.inf)
    program = _model(scaled, memory / size, capacity / size, ready / longest)
    highs.passModel(program)
    options = {"output_flag": False, "threads": 1, "random_seed": seed, "mip_rel_gap": 0.0}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.cbMipImprovingSolution.subscribe(
        lambda event: report(_assignment(event.data_out.mip_solution, times.shape))
    )
    highs.setOptionValue("time_limit", max(deadline - time.monotonic(), 0.0))
    highs.run()
    ends = highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit
    if highs.getModelStatus() not in ends:
        return 0.0
    lost = _TOLERANCE * (program.num_row_ + program.num_col_)
    return float(max(0.0, highs.getInfo().mip_dual_bound - lost) * longest)


def _assignment(solution: Any, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return the node of each task, of which the first k x variables say it."""
    pairs = np.asarray(solution)[: shape[0] * shape[1]]
    chosen: NDArray[np.int64] = pairs.reshape(shape).argmax(axis=1)
    return chosen


def _model(
    times: _FloatArray, memory: _FloatArray, capacity: _FloatArray, ready: _FloatArray
) -> Any:
    """Return the program: variables x_00, x_01, ..., C, y_j; rows of nodes, memory, tasks, y."""
    k, x = times.shape
    limited = x if np.isfinite(capacity).all() else 0
    late = np.flatnonzero(ready)
    n, y = k * x + 1, len(late)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = n + y, x + limited + k + y
    program.col_cost_ = np.where(np.arange(n + y) == n - 1, 1.0, 0.0)
    program.col_lower_ = np.zeros(n + y)
    # A pair of infinite time is forbidden: x_ij = 0, and its time does not matter.
    program.col_upper_ = np.concatenate([np.isfinite(times).ravel(), [np.inf], np.ones(y)])
    whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    program.integrality_ = [whole] * (k * x) + [real] + [whole] * y
    program.row_lower_ = np.concatenate(
        [np.full(x + limited, -np.inf), np.ones(k), np.full(y, -np.inf)]
    )
    program.row_upper_ = np.concatenate([np.zeros(x), capacity[:limited], np.ones(k), np.zeros(y)])
    entries = _entries(np.where(np.isfinite(times), times, 0.0), memory, limited)
    # On a late node: ready_j y_j in its row of loads, and sum_i x_ij - k y_j <= 0.
    switch, first = np.arange(y), x + limited + k
    entries += [(late, n + switch, ready[late]), (first + switch, n + switch, np.full(y, -k))]
    for row, node in enumerate(late):
        entries.append((np.full(k, first + row), np.arange(k) * x + node, np.ones(k)))
    rows, columns, values = map(np.concatenate, zip(*entries, strict=True))
    order = np.lexsort((rows, columns))
    matrix = program.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = np.append(0, np.bincount(columns, minlength=n + y).cumsum())
    matrix.index_, matrix.value_ = rows[order].astype(np.int32), values[order].astype(float)
    return program


def _entries(
    times: _FloatArray, memory: _FloatArray, limited: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], _FloatArray]]:
    """Return rows, columns and values of the loads, the memory and the tasks."""
    k, x = times.shape
    node, task, pair = np.tile(np.arange(x), k), np.repeat(np.arange(k), x), np.arange(k * x)
    entries = [(node, pair, times.ravel()), (task + x + limited, pair, np.ones(k * x))]
    entries.append((np.arange(x), np.full(x, k * x), np.full(x, -1.0)))
    if limited:
        entries.append((node + x, pair, np.repeat(memory, x)))
    return entries
