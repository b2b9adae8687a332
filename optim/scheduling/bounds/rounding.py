"""Rounding: units of which times or memory are multiples, and sums rounded down to be safe."""

from __future__ import annotations

import math

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_DECIMALS = 6

_EXACT = 2.0**53  # above, floats are not all the whole numbers

ROUNDING = 1e-12  # relative: what exceeds a limit by less does so by rounding only


def whole_memory(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Return task memory (k,) and node capacity (x,) in byte, as `memory_arrays` does.

    Capacities are rounded down to multiples of the tasks' unit: tasks can never use more.
    """
    memory, capacity = memory_arrays(problem)
    if problem.task_memory is not None:
        capacity = largest_multiple(capacity, unit_of(memory))
        capacity.flags.writeable = False  # one type for the compiler
    return memory, capacity


def time_units(problem: Problem) -> FloatArray:
    """Return, for each node, a unit of which its times are multiples, or 0; shape (x,) in s.

    Tasks that the node cannot run do not count.
    """
    if isinstance(problem.et, UniformTimes):
        return unit_of(problem.et.work) / problem.et.speed
    columns = (column[np.isfinite(column)] for column in problem.et.T)
    return np.array([unit_of(column) if column.size else 0.0 for column in columns])


def unit_of(values: FloatArray) -> float:
    """Return the largest unit of which all values are multiples, 0 where there is none.

    Decimal numbers of at most six places count as exact, although their floats are rounded.
    """
    for places in range(_DECIMALS + 1):
        scaled = values * 10.0**places
        whole = np.rint(scaled)
        if scaled.max() >= _EXACT:
            return 0.0
        if np.all(np.abs(scaled - whole) <= 4 * np.finfo(float).eps * scaled):
            return float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**places
    return 0.0


def rounded_down(value: float, terms: int, size: float | None = None) -> float:
    """Return `value`, a sum of floats, less what rounding can have added to it.

    Parameters
    ----------
    value : float
        The sum, >= 0.
    terms : int
        How many floats were added or multiplied, in `value` and in the loads that it bounds.
    size : float, optional
        The sum of the terms' absolute values; `value` if not given.
    """
    # An addition or product changes the sum by at most half an eps of it. Four times that for each
    # term covers the rounding of `value` and of the loads that it bounds.
    lost = 2 * float(np.finfo(np.float64).eps) * terms * (value if size is None else size)
    return max(0.0, math.nextafter(value - lost, 0.0))


def largest_multiple(most: float | FloatArray, units: float | FloatArray) -> FloatArray:
    """Return the largest multiple of the unit that is at most `most`; `most` where it is 0."""
    # A quotient just below a whole number is one: the multiple may only be too large, which makes a
    # bound weaker but never wrong.
    units = np.asarray(units)
    safe = np.where(units > 0.0, units, 1.0)
    return np.where(units > 0.0, np.floor(most / safe * (1 + ROUNDING)) * safe, most)


def lifted_to_units(problem: Problem, bound: float, makespan: float) -> float:
    """Return the least makespan from `bound` on that times which are multiples of a unit allow.

    Parameters
    ----------
    problem : Problem
        If the times of a node have no unit, its loads can be any.
    bound, makespan : float
        A lower bound and the best makespan known, in s.
    """
    ready, matrix = ready_times(problem), problem.matrix
    least = math.inf
    for j in range(problem.nodes):
        times = matrix[np.isfinite(matrix[:, j]), j]
        if not times.size or ready[j] + times.min() >= makespan:
            continue  # no better schedule uses this node
        unit = unit_of(times)
        steps = math.ceil((bound - ready[j]) / unit * (1 - ROUNDING)) if unit > 0.0 else 0
        end = ready[j] + steps * unit if steps > 0 else bound
        least = min(least, max(end, bound))
    return max(bound, rounded_down(least, problem.tasks)) if least < math.inf else bound


def raised_to_units(problem: Problem, bound: float) -> float:
    """Return the least makespan from `bound` on in s, exact where all times are whole numbers.

    Parameters
    ----------
    problem : Problem
        Sums of its times, if whole, are exact: the whole number above the bound is no less a bound.
    bound : float
        A lower bound in s.
    """
    lifted, ready = lifted_to_units(problem, bound, math.inf), ready_times(problem)
    times = problem.matrix[np.isfinite(problem.matrix)]
    most = float(ready.max()) + problem.tasks * float(times.max())
    whole = most < _EXACT and bool((times % 1 == 0).all() and (ready % 1 == 0).all())
    return float(math.ceil(lifted * (1 - ROUNDING))) if whole else lifted


def makespan_unit(problem: Problem) -> float:
    """Return the largest unit in s of which all times and ready times are multiples, 0 if none."""
    times = problem.matrix[np.isfinite(problem.matrix)]
    return unit_of(np.append(times, ready_times(problem)))


def next_makespan(problem: Problem, deadline: float) -> float:
    """Return a bound in s on the makespans beyond a deadline: the next multiple of the unit."""
    unit = makespan_unit(problem)
    if not unit > 0.0 or deadline / unit * ROUNDING >= 0.1:
        return deadline
    # Sums of whole numbers are exact; those of decimal numbers are rounded.
    end = unit * (math.floor(deadline / unit * (1 + ROUNDING)) + 1)
    return max(deadline, end if unit % 1 == 0 else rounded_down(end, problem.tasks))
