"""Bounds lifted by integrality: what loads a node can have below a makespan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optim.scheduling.lagrangian_bound import Multipliers, priced_memory, relax
from optim.scheduling.memory import memory_arrays
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed

DECIMALS = 6
EXACT = 2.0**53
SLACK = 1e-12  # relative; sums of floats are rounded
BISECTIONS = 50


def lifted_bound(problem: SchedulingProblem, multipliers: Multipliers, floor: float) -> float:
    """Return the largest makespan in s that the multipliers prove to be out of reach.

    Parameters
    ----------
    problem : SchedulingProblem
        What is to be scheduled.
    multipliers : Multipliers
        Any prices; those of the LP are good ones.
    floor : float
        A bound already known in s.

    Notes
    -----
    Below a makespan T a task runs on no node where it takes longer than T, and where all times
    of node j are multiples of a unit g_j its load is at most the multiple floor(T / g_j) g_j;
    the same holds of memory. So T is out of reach if

        sum_i min_{j: et_ij <= T} (u_j et_ij + v_j memory_i)
            > sum_j u_j g_j floor(T / g_j) + sum_j v_j g' floor(capacity_j / g').

    With T falling the left side grows and the right side falls: bisection. Without units and
    with all pairs below T this is the Lagrangian bound. On paper pools, whose works are whole
    batches, it adds about one per cent to the LP bound.
    """
    units = time_units(problem)
    memory, capacity = memory_arrays(problem)
    room = priced_memory(multipliers.v, lifted_capacity(problem))
    scratch = np.empty(problem.nodes), np.empty(problem.nodes)

    def cost(makespan: float) -> float:
        longest = makespan * (1 + SLACK)
        return relax(problem.et, memory, capacity, multipliers, longest, *scratch)

    fixed = cost(np.inf)
    slack = SLACK * (abs(fixed) + room)
    narrow = cost(floor) > fixed  # else the pairs that cost least are all below the floor

    def out_of_reach(makespan: float) -> bool:
        most = float(multipliers.u @ _largest_multiple(makespan, units))
        return (cost(makespan) if narrow else fixed) - slack > most + room

    return _largest(out_of_reach, floor)


def _largest(out_of_reach: Callable[[float], bool], floor: float) -> float:
    """Return the largest value from `floor` on that bisection finds out of reach."""
    if floor == 0.0 or not out_of_reach(floor):
        return floor
    low, high = floor, 2 * floor
    while out_of_reach(high):
        low, high = high, 2 * high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if out_of_reach(middle) else (low, middle)
    return low


def lifted_capacity(problem: SchedulingProblem) -> FloatArray:
    """Return the node capacities, shape (x,), rounded down to multiples of the tasks' unit."""
    memory, capacity = memory_arrays(problem)
    if problem.task_memory is None:
        return capacity
    return _largest_multiple(capacity, unit_of(memory))


def time_units(problem: SchedulingProblem) -> FloatArray:
    """Return, for each node, a unit of which its times are multiples, or 0; shape (x,) in s."""
    if isinstance(problem.et, WorkSpeed):
        return unit_of(problem.et.work) / problem.et.speed
    return np.array([unit_of(column) for column in problem.et.T])


def unit_of(values: FloatArray) -> float:
    """Return the largest unit of which all values are multiples, 0 where there is none.

    Values that are decimal numbers of at most six places count as such although their floats
    are rounded.
    """
    for places in range(DECIMALS + 1):
        scaled = values * 10.0**places
        whole = np.rint(scaled)
        if scaled.max() >= EXACT:
            return 0.0
        if np.all(np.abs(scaled - whole) <= 4 * np.finfo(float).eps * scaled):
            return float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**places
    return 0.0


def _largest_multiple(most: float | FloatArray, units: float | FloatArray) -> FloatArray:
    """Return the largest multiple of the unit that is at most `most`; `most` where it is 0."""
    units = np.asarray(units)
    safe = np.where(units > 0.0, units, 1.0)
    return np.where(units > 0.0, np.floor(most / safe * (1 + SLACK)) * safe, most)
