"""The whole problem as a constraint program, by CP-SAT of OR-Tools.

CP-SAT has integers only. Times are scaled so that the tasks' shortest times, shared evenly by all
nodes, become `_RESOLUTION`, and rounded: this changes the load of a node with n tasks by at most
n / 2 units, 0.0003 % of the makespan for 60 tasks. Memory that is not a whole number of bytes is
scaled too, but rounded up, and capacity down, so that what fits in the model fits on the nodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

_FloatArray = NDArray[np.float64]

_RESOLUTION = 1e7

_LARGEST = 2.0**60  # of a sum; CP-SAT's integers have 64 bits


class Printer(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
    """Hands each better solution to `report`."""

    def __init__(self, shape: tuple[int, int], report: Callable[[NDArray[np.int64]], None]) -> None:
        super().__init__()
        self._shape, self._report = shape, report

    def on_solution_callback(self) -> None:
        """Report the node of each task; the last variable is the makespan."""
        k, x = self._shape
        values = np.fromiter(self.response_proto.solution, np.int64, k * x)
        self._report(values.reshape(k, x).argmax(axis=1))


def minimise_makespan(
    times: _FloatArray,
    memory: _FloatArray,
    capacity: _FloatArray,
    deadline: float,
    seed: int,
    report: Callable[[NDArray[np.int64]], None],
) -> None:
    """Minimise the largest of the loads sum_i et_ij x_ij, with one worker and all defaults.

    Its parameters are those of `run.Minimise`.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    model = _model(times, memory, capacity)
    # what is left after the model was built
    solver.parameters.max_time_in_seconds = max(deadline - time.monotonic(), 0.001)
    solver.solve(model, Printer((len(times), len(capacity)), report))


def _model(times: _FloatArray, memory: _FloatArray, capacity: _FloatArray) -> cp_model.CpModel:
    """Return the model: x_00, x_01, ..., makespan."""
    k, x = times.shape
    runs = np.isfinite(times)
    times = np.where(runs, times, 0.0)
    whole = np.rint(times * _scale(times, runs)).astype(np.int64)
    model = cp_model.CpModel()
    chosen = [[model.new_bool_var("") for _ in range(x)] for _ in range(k)]
    makespan = model.new_int_var(0, int(whole.max(axis=1).sum()), "")
    for row in chosen:
        model.add_exactly_one(row)
    for i, j in np.argwhere(~runs):
        model.add(chosen[i][j] == 0)
    by_node = list(zip(*chosen, strict=True))
    for node, column in zip(by_node, whole.T, strict=True):
        model.add(cp_model.LinearExpr.weighted_sum(node, column.tolist()) <= makespan)
    if np.isfinite(capacity).all():
        held, room = _whole_memory(memory, capacity)
        for node, most in zip(by_node, room, strict=True):
            model.add(cp_model.LinearExpr.weighted_sum(node, held) <= most)
    model.minimize(makespan)
    return model


def _scale(times: _FloatArray, runs: NDArray[np.bool_]) -> float:
    """Return the integer units in a second; `runs` tells which pairs are allowed."""
    shortest = times.min(axis=1, initial=np.inf, where=runs)
    shared = float(shortest.sum()) / times.shape[1] or float(times.max())
    return min(_RESOLUTION / shared, _LARGEST / float(times.max(axis=1).sum()))


def _whole_memory(memory: _FloatArray, capacity: _FloatArray) -> tuple[list[int], list[int]]:
    """Return memory and capacity as integers, exact where memory is whole in byte."""
    room = np.minimum(capacity, memory.sum())
    is_whole = bool((memory == np.rint(memory)).all()) and memory.sum() < _LARGEST
    unit = 1.0 if is_whole else room.max() / _RESOLUTION
    held = np.ceil(memory / unit).astype(np.int64)
    return held.tolist(), np.floor(room / unit).astype(np.int64).tolist()
