"""Rounding: units of which times or memory are multiples, and sums rounded down to be safe."""

from __future__ import annotations

import math

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_DECIMALS = 6

_SAMPLE = 64  # values looked at before all others

_EXACT = 2.0**53  # above, floats are not all the whole numbers

ROUNDING = 1e-12  # relative: what exceeds a limit by less does so by rounding only

_EPS = float(np.finfo(np.float64).eps)

_FEW = 8  # operations beside those of a sum


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
        if not _are_whole(values[:_SAMPLE] * 10.0**places):
            continue  # most values without a unit end here
        scaled = values * 10.0**places
        if scaled.max() >= _EXACT:
            return 0.0
        if _are_whole(scaled):
            return float(np.gcd.reduce(np.rint(scaled).astype(np.int64))) / 10.0**places
    return 0.0


def _are_whole(scaled: FloatArray) -> bool:
    """Whether all values are whole numbers, but for rounding."""
    return bool(np.all(np.abs(scaled - np.rint(scaled)) <= 4 * _EPS * scaled))


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
    lost = 2 * _EPS * terms * (value if size is None else size)
    return max(0.0, math.nextafter(value - lost, 0.0))


def largest_multiple(most: float | FloatArray, units: float | FloatArray) -> FloatArray:
    """Return the largest multiple of the unit that is at most `most`; `most` where it is 0."""
    # A quotient just below a whole number is one: the multiple may only be too large, which makes a
    # bound weaker but never wrong.
    units = np.asarray(units)
    safe = np.where(units > 0.0, units, 1.0)
    with np.errstate(over="ignore"):  # more multiples than a float can count
        multiple = np.floor(most / safe * (1 + ROUNDING)) * safe
    return np.where((units > 0.0) & (multiple < np.inf), multiple, most)


def sum_rounding(problem: Problem) -> float:
    """Return how far, relative to it, a makespan in floats may be from a bound that it meets.

    Twice what `rounded_down` subtracts, as the makespan is rounded, too.
    """
    return 4 * _EPS * (problem.tasks + problem.nodes + _FEW)


def is_met(problem: Problem, makespan: float, bound: float) -> bool:
    """Whether a bound, in s, proves a makespan optimal but for rounding; an infinite one never is.

    The time before any node can start would hide the difference.
    """
    earliest = 0.0 if problem.ready is None else float(problem.ready.min())
    missing, busy = makespan - bound, makespan - earliest
    return makespan < math.inf and missing <= sum_rounding(problem) * busy


def lifted_to_units(problem: Problem, bound: float, makespan: float = math.inf) -> float:
    """Return the least makespan from `bound` on that times which are multiples of a unit allow.

    Parameters
    ----------
    problem : Problem
        If the times of a node have no unit, its loads can be any.
    bound : float
        A lower bound in s.
    makespan : float
        The best makespan known in s. Nodes that no better schedule uses do not count.

    Examples
    --------
    >>> from edgeopt import Problem
    >>> lifted_to_units(Problem([[2.0, 4.0], [6.0, 8.0]], ready=[0.0, 1.0]), 4.5)  # 1 + 4
    5.0
    """
    if bound == math.inf:
        return bound
    ready, shortest = ready_times(problem), _shortest_times(problem)
    used = np.isfinite(shortest) & (ready + shortest < makespan)
    units = np.where(used, time_units(problem), 0.0)
    with np.errstate(over="ignore"):  # more multiples than a float can count: out of reach
        steps = (bound - ready) / np.where(units > 0.0, units, np.inf)
        ends = ready + np.ceil(steps * (1 - 16 * _EPS)) * units
    least = float(np.where(steps > 0.0, ends, bound).min(where=used, initial=np.inf))
    if not bound < least < math.inf:
        return bound
    if is_exact(problem, least):
        return least
    return max(bound, rounded_down(least, problem.tasks + _FEW))


def is_exact(problem: Problem, end: float) -> bool:
    """Whether a time at which tasks end, in s, has no rounding: a sum of whole seconds."""
    if not end < _EXACT or isinstance(problem.et, UniformTimes):
        return False
    finite = problem.et[np.isfinite(problem.et)]
    return bool((finite == np.rint(finite)).all() and (ready_times(problem) % 1.0 == 0.0).all())


def _shortest_times(problem: Problem) -> FloatArray:
    """Return the shortest time of each node in s, shape (x,), infinite where it runs no task."""
    if isinstance(problem.et, UniformTimes):
        return np.asarray(problem.et.work.min() / problem.et.speed)
    return np.asarray(problem.et.min(axis=0))


def makespan_unit(problem: Problem) -> float:
    """Return the largest unit in s of which all times and ready times are multiples, 0 if none."""
    times = problem.matrix[np.isfinite(problem.matrix)]
    return unit_of(np.append(times, ready_times(problem)))


def next_makespan(problem: Problem, deadline: float) -> float:
    """Return a bound in s on the makespans beyond a deadline: the next multiple of the unit."""
    unit = makespan_unit(problem)
    if not unit > 0.0 or deadline / unit * ROUNDING >= 0.1:
        return deadline
    # Sums of whole numbers are exact; those of quotients and of decimal numbers are rounded.
    end = unit * (math.floor(deadline / unit * (1 + ROUNDING)) + 1)
    if is_exact(problem, end):
        return end
    return max(deadline, rounded_down(end, problem.tasks + _FEW))
