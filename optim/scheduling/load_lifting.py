"""Bounds lifted by integrality: what loads a node can have below a makespan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optim.scheduling.lagrangian_bound import Multipliers, priced_memory, relax
from optim.scheduling.ready import ready_times
from optim.scheduling.units import SLACK, largest_multiple, time_units, whole_memory
from problems.scheduling import SchedulingProblem

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
    Below a makespan T node j has the time T_j = max(T - ready_j, 0). A task runs on no node where
    it takes longer, and where all times of node j are multiples of a unit g_j its load is at most
    the multiple floor(T_j / g_j) g_j; the same holds of memory. So T is out of reach if

        sum_i min_{j: et_ij <= T - ready_j} (u_j et_ij + v_j memory_i)
            > sum_j u_j g_j floor(T_j / g_j) + sum_j v_j g' floor(capacity_j / g').

    With T falling the left side grows and the right side falls: bisection. Without units and
    with all pairs below T this is the Lagrangian bound, where all nodes are ready at 0. On paper
    pools, whose works are whole batches, it adds about one per cent to the LP bound.
    """
    units = time_units(problem)
    memory, capacity = whole_memory(problem)
    room = priced_memory(multipliers.v, capacity)
    ready = ready_times(problem) * (1 - SLACK)
    scratch = np.empty(problem.nodes), np.empty(problem.nodes)

    def cost(makespan: float) -> float:
        longest = (makespan - ready) * (1 + SLACK)
        return relax(problem.et, memory, capacity, multipliers, longest, *scratch)

    fixed = cost(np.inf)
    rounding = 2 * float(np.finfo(np.float64).eps) * (problem.tasks + problem.nodes)  # of sums
    slack = (SLACK + rounding) * (abs(fixed) + room + float(multipliers.u @ ready))
    narrow = cost(floor) > fixed  # else the pairs that cost least are all below the floor

    def out_of_reach(makespan: float) -> bool:
        most = float(multipliers.u @ largest_multiple(np.maximum(makespan - ready, 0), units))
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
