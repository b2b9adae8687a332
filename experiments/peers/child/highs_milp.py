"""The whole problem as one mixed-integer program, by HiGHS."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

_FloatArray = NDArray[np.float64]


def minimise_makespan(
    times: _FloatArray,
    memory: _FloatArray,
    capacity: _FloatArray,
    deadline: float,
    seed: int,
    report: Callable[[NDArray[np.int64]], None],
) -> None:
    """Minimise C subject to sum_j x_ij = 1, sum_i et_ij x_ij <= C, and memory; x binary.

    HiGHS runs on one thread until its gap is 0 or time is up; all else is its default.

    Its parameters are those of `run.Minimise`.
    """
    highs: Any = highspy.Highs()
    # Its tolerances are absolute: seconds and bytes become numbers near 1.
    longest = times.min(axis=1).max() or 1.0
    size = capacity.max() if np.isfinite(capacity).all() and capacity.any() else 1.0
    highs.passModel(_model(times / longest, memory / size, capacity / size))
    options = {"output_flag": False, "threads": 1, "random_seed": seed, "mip_rel_gap": 0.0}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.cbMipImprovingSolution.subscribe(
        lambda event: report(_assignment(event.data_out.mip_solution, times.shape))
    )
    highs.setOptionValue("time_limit", max(deadline - time.monotonic(), 0.0))
    highs.run()


def _assignment(solution: Any, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return the node of each task; the last variable is C."""
    chosen: NDArray[np.int64] = np.asarray(solution)[:-1].reshape(shape).argmax(axis=1)
    return chosen


def _model(times: _FloatArray, memory: _FloatArray, capacity: _FloatArray) -> Any:
    """Return the program: variables x_00, x_01, ..., C; rows of nodes, memory, tasks."""
    k, x = times.shape
    limited = x if np.isfinite(capacity).all() else 0
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = k * x + 1, x + limited + k
    program.col_cost_ = np.append(np.zeros(k * x), 1.0)
    program.col_lower_ = np.zeros(k * x + 1)
    # A pair of infinite time is forbidden: x_ij = 0, and its time does not matter.
    program.col_upper_ = np.append(np.isfinite(times).ravel(), np.inf)
    program.integrality_ = [highspy.HighsVarType.kInteger] * (k * x)
    program.integrality_ += [highspy.HighsVarType.kContinuous]
    program.row_lower_ = np.concatenate([np.full(x + limited, -np.inf), np.ones(k)])
    program.row_upper_ = np.concatenate([np.zeros(x), capacity[:limited], np.ones(k)])
    rows, values = _columns(np.where(np.isfinite(times), times, 0.0), memory, limited)
    # column-wise, as all columns but C have the same number of entries
    matrix = program.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = np.append(np.arange(k * x + 1) * rows.shape[1], rows.size + x)
    matrix.index_ = np.concatenate([rows.ravel(), np.arange(x)]).astype(np.int32)
    matrix.value_ = np.concatenate([values.ravel(), np.full(x, -1.0)])
    return program


def _columns(
    times: _FloatArray, memory: _FloatArray, limited: int
) -> tuple[NDArray[np.int64], _FloatArray]:
    """Return row numbers and values of each x_ij's entries, shape (k x, 2 or 3)."""
    k, x = times.shape
    node, task = np.tile(np.arange(x), k), np.repeat(np.arange(k), x)
    rows, values = [node, task + x + limited], [times.ravel(), np.ones(k * x)]
    if limited:
        rows.insert(1, node + x)
        values.insert(1, np.repeat(memory, x))
    return np.column_stack(rows), np.column_stack(values)
