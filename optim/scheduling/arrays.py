"""A problem's memory, ready and mean times; powers and sums for compiled loops."""

from __future__ import annotations

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem


def memory_arrays(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Return task memory (k,) and node capacity (x,) in byte.

    Where the problem has none, tasks hold 0 byte and nodes have infinite room.
    """
    if problem.task_memory is not None and problem.node_capacity is not None:
        return problem.task_memory, problem.node_capacity
    memory, capacity = np.zeros(problem.tasks), np.full(problem.nodes, np.inf)
    # A problem's own arrays are read-only, and to numba that is another type: made so here, each
    # kernel is compiled once for both cases.
    memory.flags.writeable = capacity.flags.writeable = False
    return memory, capacity


def ready_times(problem: Problem) -> FloatArray:
    """Return when each node can start in s, shape (x,): 0 where the problem does not say."""
    if problem.ready is not None:
        return problem.ready
    ready = np.zeros(problem.nodes)
    ready.flags.writeable = False  # as in `memory_arrays`
    return ready


def mean_times(problem: Problem, axis: int | None = None) -> FloatArray:
    """Return the mean execution time in s of each node (axis 0), of each task (1), or of all.

    Only nodes that can run the task count. A node that can run none has the mean of all.
    """
    times, allowed = problem.matrix, problem.allowed
    if allowed is None:
        return np.asarray(times.mean(axis=axis))
    sums = np.asarray(times.sum(axis=axis, where=allowed))
    counts = np.asarray(allowed.sum(axis=axis))
    of_all = np.full_like(sums, times.mean(where=allowed))
    return np.asarray(np.divide(sums, counts, out=of_all, where=counts > 0))


# The ants raise a number to the same exponent for each node. Exponents are mostly small and whole,
# and a general power costs more than the rest of the choice: hence powers by multiplication.


@jit_lean
def is_small_whole(exponent: float) -> bool:
    """Whether `whole_power` can compute this exponent."""
    return 0.0 <= exponent <= 31.0 and exponent == int(exponent)


@jit_lean
def whole_power(base: float, exponent: int) -> float:
    """Return base ** exponent for 0 <= exponent <= 31, without a loop or a call."""
    # Each bit of the exponent stands for a factor of base ** 1, 2, 4, 8 or 16. The choices below
    # become selections, not branches, and the compiler can compute several nodes at once.
    two = base * base
    four = two * two
    result = base if exponent & 1 else 1.0
    result *= two if exponent & 2 else 1.0
    result *= four if exponent & 4 else 1.0
    if exponent >= 8:
        eight = four * four
        result *= eight if exponent & 8 else 1.0
        result *= eight * eight if exponent & 16 else 1.0
    return result


@jit_lean
def power(base: float, exponent: float) -> float:
    """Return base ** exponent, fast where the exponent is a small whole number."""
    return whole_power(base, int(exponent)) if is_small_whole(exponent) else base**exponent


@jit_lean
def sum_four(values: FloatArray) -> float:
    """Return the sum, in four interleaved parts that the processor adds at once."""
    # The compiler must not reorder a sum of floats. Written like this, the order is fixed, the same
    # on every machine, and still four additions wide.
    a = b = c = d = 0.0
    whole = len(values) - len(values) % 4
    for j in range(0, whole, 4):
        a += values[j]
        b += values[j + 1]
        c += values[j + 2]
        d += values[j + 3]
    for j in range(whole, len(values)):
        a += values[j]
    return (a + b) + (c + d)
