"""The LP relaxation of scheduling, solved to a vertex over the pairs that matter."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers, ascend
from edgeopt.optim.scheduling.bounds.rounding import whole_memory
from edgeopt.optim.scheduling.run_time import is_over, leave_off, time_left
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

if TYPE_CHECKING:
    from scipy.sparse import coo_array

_PAIRS_PER_TASK = 4  # in the first LP

_ROUNDS = 20  # of pricing; after them the LP is solved over all pairs

_SECONDS_PER_PAIR = 5e-6  # for less, HiGHS is not worth starting: it does not end earlier

_LIMIT_REACHED = 1  # scipy's status, of time or iterations

_SECONDS_TO_READ = 1e-6  # a pair, which HiGHS's clock does not count

_TOLERANCE = 1e-9  # of the makespan: a reduced cost above minus this counts as >= 0


class AssignmentLP(NamedTuple):
    """The LP's numbers; `program_of` takes them from a problem.

    Attributes
    ----------
    times : ndarray, shape (k, x)
        In s.
    memory, number : ndarray, shape (k,)
        Memory in byte; number of tasks of the kind, 1 unless tasks are grouped.
    capacity : ndarray, shape (x,)
        In byte, infinite where the problem has no memory.
    """

    times: FloatArray
    memory: FloatArray
    number: FloatArray
    capacity: FloatArray


class Vertex(NamedTuple):
    """A basic solution of the relaxation.

    Attributes
    ----------
    makespan : float
        Its objective in s; infinite where the pairs given admit no solution.
    task, node : ndarray, shape (n,)
        The pairs that may be used.
    share : ndarray, shape (n,)
        The part of the task that runs on the node.
    multipliers : Multipliers
        Of the node rows, clipped and normalised.
    """

    makespan: float
    task: IntArray
    node: IntArray
    share: FloatArray
    multipliers: Multipliers


def solve_relaxation(
    problem: Problem,
    allowed: NDArray[np.bool_] | None = None,
    multipliers: Multipliers | None = None,
) -> Vertex:
    """Return an optimal vertex of the LP relaxation.

    Minimise C subject to sum_j x_ij = 1, sum_i et_ij x_ij <= C, sum_i memory_i x_ij <=
    capacity_j, x >= 0, where capacities are rounded down to the memory's unit.

    Parameters
    ----------
    problem : Problem
        Its matrix is made.
    allowed : ndarray of bool, shape (k, x), optional
        The pairs that may be used; all pairs with enough memory if not given. Pairs of infinite
        time are left out.
    multipliers : Multipliers, optional
        Those of a similar LP; those of `ascend` if not given.

    Notes
    -----
    Column generation: the LP is solved over the four pairs of each task that cost least at the
    multipliers given, then again with the pairs that its own multipliers price below those, until
    there are none. This gives the optimum over all pairs in a fraction of the time.

    Where the LP is not solved, as it has no solution, the time of the run is up, or HiGHS fails,
    the vertex has an infinite makespan and the multipliers that the LP began with.
    """
    program = program_of(problem)
    legal = program.memory[:, None] <= program.capacity if allowed is None else allowed
    if problem.allowed is not None:
        legal = legal & problem.allowed
    multipliers = multipliers or ascend(problem)
    pairs = _cheapest(_costs(program, multipliers, legal))
    for _ in range(_ROUNDS):
        vertex = solve_pairs(program, pairs)
        if np.isinf(vertex.makespan):
            break
        costs = _costs(program, vertex.multipliers, legal)
        least = np.where(pairs, costs, np.inf).min(axis=1, keepdims=True)
        missing = (costs < least - _TOLERANCE * vertex.makespan) & ~pairs
        if not missing.any():
            return vertex
        pairs |= missing
    vertex = solve_pairs(program, legal)
    # Any multipliers give a valid bound, and these a better one than equal prices.
    unsolved = np.isinf(vertex.makespan)
    return vertex._replace(multipliers=multipliers) if unsolved else vertex


def program_of(problem: Problem) -> AssignmentLP:
    """Return the LP's numbers, with capacities rounded down to the memory's unit."""
    memory, capacity = whole_memory(problem)
    return AssignmentLP(problem.matrix, memory, np.ones(problem.tasks), capacity)


def _costs(program: AssignmentLP, multipliers: Multipliers, legal: NDArray[np.bool_]) -> FloatArray:
    """Return u_j et_ij + v_j memory_i in s, shape (k, x); infinite where not legal."""
    times = np.where(legal, program.times, 0.0)  # zero times infinity is no number
    costs = times * multipliers.u + program.memory[:, None] * multipliers.v
    costs[~legal] = np.inf
    return costs


def _cheapest(costs: FloatArray) -> NDArray[np.bool_]:
    """Return the pairs, shape (k, x), that are among the cheapest of their task."""
    # All pairs as cheap as the fourth are taken: ties are no reason to prefer a node.
    few = min(_PAIRS_PER_TASK, costs.shape[1])
    limit = np.partition(costs, few - 1, axis=1)[:, few - 1 : few]
    return (costs <= limit) & np.isfinite(costs)


def solve_pairs(program: AssignmentLP, pairs: NDArray[np.bool_]) -> Vertex:
    """Return an optimal vertex of the LP over the pairs given, by HiGHS's dual simplex."""
    from scipy.optimize import linprog  # takes long to import
    from scipy.sparse import csr_array, vstack

    (k, x), (task, node) = pairs.shape, np.nonzero(pairs)
    if time_left() < _SECONDS_PER_PAIR * len(task):
        leave_off()
    if is_over():
        return _unsolved(task, node, x)
    n, columns = len(task), np.arange(len(task))
    # The tolerances of HiGHS are absolute: makespan and memory are scaled to about 1.
    best = program.times.min(axis=1)
    scale = max(float(best.max()), float(best @ program.number) / x)
    scale = scale or float(program.times[np.isfinite(program.times)].max())
    with np.errstate(over="ignore"):  # a time beyond the largest float is too long anyway
        times = np.minimum(program.times[task, node] / scale, np.finfo(np.float64).max)
    rows = [_node_rows(times, node, x, -1.0)]
    room, size = np.zeros(x), 1.0
    if np.isfinite(program.capacity).all():
        size = float(program.capacity.max()) or 1.0
        rows.append(_node_rows(program.memory[task] / size, node, x, 0.0))
        room = np.concatenate([room, program.capacity / size])
    answer = linprog(  # type: ignore[call-overload]  # the stubs know no sparse matrices
        np.append(np.zeros(n), 1.0),
        A_ub=vstack(rows, format="csr"),
        b_ub=room,
        A_eq=csr_array((np.ones(n), (task, columns)), shape=(k, n + 1)),
        b_eq=program.number,
        method="highs-ds",
        options=_limits(n),
    )
    if answer.status:
        if answer.status == _LIMIT_REACHED:
            leave_off()
        is_over()  # notes the end of the time
        return _unsolved(task, node, x)
    multipliers = _normalised(-answer.ineqlin.marginals, x, scale / size)
    return Vertex(answer.fun * scale, task, node, answer.x[:n], multipliers)


def _limits(pairs: int) -> dict[str, float]:
    """Return HiGHS's time limit for an LP over so many pairs, where there is one."""
    left = time_left()
    return {"time_limit": max(0.0, left - _SECONDS_TO_READ * pairs)} if left < np.inf else {}


def _unsolved(task: IntArray, node: IntArray, x: int) -> Vertex:
    """Return what stands for no solution, a failure of HiGHS, or the end of the time."""
    # Any multipliers give a valid bound.
    equal = Multipliers(np.full(x, 1 / x), np.zeros(x))
    return Vertex(np.inf, task, node, np.zeros(len(task)), equal)


def _node_rows(values: FloatArray, node: IntArray, x: int, makespan: float) -> coo_array:
    """Return the matrix, shape (x, n + 1), whose row j sums the values on j and makespan C."""
    from scipy.sparse import coo_array

    n = len(values)
    rows, columns = np.append(node, np.arange(x)), np.append(np.arange(n), np.full(x, n))
    return coo_array((np.append(values, np.full(x, makespan)), (rows, columns)), shape=(x, n + 1))


def _normalised(duals: FloatArray, x: int, unit: float) -> Multipliers:
    """Return the duals of the load rows and of the memory rows, if any, clipped and scaled."""
    # Clipped and of sum 1, rounded duals are multipliers of a valid bound all the same.
    duals = np.maximum(duals, 0.0)
    total = float(duals[:x].sum())
    if total == 0.0:
        return Multipliers(np.full(x, 1 / x), np.zeros(x))
    v = duals[x:] * (unit / total) if len(duals) > x else np.zeros(x)
    return Multipliers(duals[:x] / total, v)


# The solver HiGHS, silent and on one thread.

_STANDARD_OUTPUT = 1


def silent_highs(**options: float | str | bool) -> Any:
    """Return a `highspy.Highs` that prints nothing, with `options` of HiGHS's own set."""
    import highspy  # takes long to import

    _print_banner_nowhere()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def has_solved(highs: Any) -> bool:
    """Run a program; return whether there was time for it."""
    left = time_left()
    highs.setOptionValue("time_limit", highs.getRunTime() + left)  # it counts that of all its runs
    highs.run()
    return left == np.inf or not is_over()


@cache
def _print_banner_nowhere() -> None:
    """Create the first object of the process, which prints its version whatever the options."""
    import highspy

    # The banner is written by C++ code, below Python's `sys.stdout`: only exchanging the file
    # descriptor keeps it out of a user's output.
    sys.stdout.flush()
    kept = os.dup(_STANDARD_OUTPUT)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), _STANDARD_OUTPUT)
        try:
            highspy.Highs()
            with contextlib.suppress(TypeError, OSError):  # the C library has a buffer of its own
                ctypes.CDLL(None).fflush(None)
        finally:
            os.dup2(kept, _STANDARD_OUTPUT)
            os.close(kept)
