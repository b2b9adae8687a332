"""The whole problem as a constraint program, by CP-SAT of OR-Tools.

CP-SAT has integers only. Times are scaled so that the tasks' shortest times, shared evenly by all
nodes, become `_RESOLUTION` units, and rounded: this changes the load of a node with n tasks by at
most n / 2 units, 0.0003 % of the makespan for 60 tasks. What CP-SAT proves is thus proved of the
rounded times; the bound returned is lowered by all that rounding up has added. Memory that is not
a whole number of bytes is scaled too, but rounded up, and capacity down, so that what fits in the
model fits on the nodes; then there is no bound, as more may fit on the nodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

_FloatArray = NDArray[np.float64]

_IntArray = NDArray[np.int64]

_RESOLUTION = 1e7

_LARGEST = 2.0**60  # of a sum; CP-SAT's integers have 64 bits


class Printer(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
    """Hands each better solution to `report`."""

    def __init__(self, shape: tuple[int, int], report: Callable[[_IntArray], None]) -> None:
        super().__init__()
        self._shape, self._report = shape, report

    def on_solution_callback(self) -> None:
        """Report the node of each task; the first k x variables say it."""
        k, x = self._shape
        values = np.fromiter(self.response_proto.solution, np.int64, k * x)
        self._report(values.reshape(k, x).argmax(axis=1))


def minimise_makespan(
    times: _FloatArray,
    memory: _FloatArray,
    capacity: _FloatArray,
    ready: _FloatArray,
    deadline: float,
    seed: int,
    report: Callable[[_IntArray], None],
) -> float:
    """Minimise the latest end ready_j + sum_i et_ij x_ij, with one worker and all defaults.

    Parameters and the bound returned are those of `run.Minimise`.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    units = whole_times(times, ready)
    held, room, is_whole = _whole_memory(memory, capacity)
    model = _model(units, np.isfinite(times), held, room)
    # what is left after the model was built
    solver.parameters.max_time_in_seconds = max(deadline - time.monotonic(), 0.001)
    status = solver.solve(model, Printer(times.shape, report))
    known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.UNKNOWN)
    return units.bound(solver.best_objective_bound) if known and is_whole else 0.0


class WholeTimes(NamedTuple):
    """Times as integers.

    Attributes
    ----------
    times : ndarray of int, shape (k, x)
        Execution times in units, 0 for pairs that are not allowed.
    ready : ndarray of int, shape (x,)
        Ready times in units.
    unit : float
        In s.
    added : float
        Units by which rounding can have made a makespan longer.
    """

    times: _IntArray
    ready: _IntArray
    unit: float
    added: float

    def bound(self, proved: float) -> float:
        """Return a bound in s for the given times, from one in units for the rounded ones."""
        # the last factor is for the rounding of the product
        return max(0.0, proved - self.added) * self.unit * (1 - 1e-12)


def whole_times(times: _FloatArray, ready: _FloatArray) -> WholeTimes:
    """Return times as integers, by the nearest one.

    Parameters
    ----------
    times : ndarray, shape (k, x)
        In s, infinite for pairs that are not allowed.
    ready : ndarray, shape (x,)
        In s.
    """
    runs = np.isfinite(times)
    times = np.where(runs, times, 0.0)
    shortest = times.min(axis=1, initial=np.inf, where=runs)
    shared = float(shortest.sum()) / times.shape[1] or float(times.max())
    longest = float(times.max(axis=1).sum()) + float(ready.max())
    unit = max(shared / _RESOLUTION, longest / _LARGEST)
    whole, late = np.rint(times / unit), np.rint(ready / unit)
    more = np.maximum(whole - times / unit, 0.0).max(axis=1).sum()
    more += np.maximum(late - ready / unit, 0.0).max()
    more += 4 * np.finfo(np.float64).eps * longest / unit  # of the divisions themselves
    return WholeTimes(whole.astype(np.int64), late.astype(np.int64), unit, float(more))


def _model(
    units: WholeTimes, runs: NDArray[np.bool_], held: list[int], room: list[int]
) -> cp_model.CpModel:
    """Return the model: x_00, x_01, ..., the makespan, and which late nodes get a task."""
    k, x = runs.shape
    model = cp_model.CpModel()
    chosen = [[model.new_bool_var("") for _ in range(x)] for _ in range(k)]
    most = int(units.times.max(axis=1).sum()) + int(units.ready.max())
    makespan = model.new_int_var(0, most, "")
    for row in chosen:
        model.add_exactly_one(row)
    for i, j in np.argwhere(~runs):
        model.add(chosen[i][j] == 0)
    by_node = list(zip(*chosen, strict=True))
    late = units.ready.tolist()
    for node, column, start in zip(by_node, units.times.T, late, strict=True):
        load = cp_model.LinearExpr.weighted_sum(node, column.tolist())
        if start:
            used = model.new_bool_var("")
            model.add_max_equality(used, node)
            load += start * used
        model.add(load <= makespan)
    for node, space in zip(by_node, room, strict=bool(room)):
        model.add(cp_model.LinearExpr.weighted_sum(node, held) <= space)
    model.minimize(makespan)
    return model


def _whole_memory(memory: _FloatArray, capacity: _FloatArray) -> tuple[list[int], list[int], bool]:
    """Return memory and capacity as integers, and whether they are exact; none without limits."""
    if not np.isfinite(capacity).all():
        return [], [], True
    room = np.minimum(capacity, memory.sum())
    is_whole = bool((memory == np.rint(memory)).all()) and memory.sum() < _LARGEST
    unit = 1.0 if is_whole else room.max() / _RESOLUTION
    held = np.ceil(memory / unit).astype(np.int64)
    return held.tolist(), np.floor(room / unit).astype(np.int64).tolist(), is_whole
