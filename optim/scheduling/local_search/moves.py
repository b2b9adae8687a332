"""Descent from the critical node by shifts and swaps, to a local optimum."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean, time_of
from edgeopt.optim.scheduling.local_search.chain import Goal, try_chain
from edgeopt.optim.scheduling.local_search.schedule import (
    read_assignment,
    schedule_makespan,
    settle,
    shift,
)
from edgeopt.optim.scheduling.local_search.search import Search, keep_if_best
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray

ROUNDING = 1e-12


class Move(NamedTuple):
    """A shift of `task` to `node`, in exchange for task `back` if that is not -1.

    `peak` is the larger of the two loads after it, in s.
    """

    peak: float
    task: int
    node: int
    back: int


@jit_lean
def descend(search: Search) -> int:
    """Improve by the best shift or swap until there is none; return the number of moves.

    A move is between the critical node and a candidate node of one of its tasks. It improves
    where the larger of the two loads falls, so that the loads, sorted from the largest on, fall in
    lexicographic order: where several nodes are critical, one after the other is relieved. At the
    end the critical node allows no such move.
    """
    instance, schedule = search.instance, search.schedule
    moves = 0
    move = best_move(search)
    while move.task >= 0:
        origin = schedule.assignment[move.task]
        shift(instance, schedule, move.task, move.node)
        if move.back >= 0:
            shift(instance, schedule, move.back, origin)
        settle(instance, schedule, origin)
        settle(instance, schedule, move.node)
        moves += 1
        move = best_move(search)
    return moves


@jit_lean
def best_move(search: Search) -> Move:
    """Return the move of least peak from the critical node; its task is -1 if none improves."""
    schedule, candidates = search.schedule, search.candidates
    critical = schedule.ranks[1]
    best = Move(schedule_makespan(schedule) * (1.0 - ROUNDING), -1, -1, -1)
    task = schedule.first[critical]
    while task >= 0:
        for c in range(candidates.node.shape[1]):
            node = candidates.node[task, c]
            if node != critical and np.isfinite(candidates.cost[task, c]):
                best = _best_with(search, task, node, best)
        task = schedule.following[task]
    return best


@jit_lean
def _best_with(search: Search, task: int, node: int, best: Move) -> Move:
    """Return the best of `best`, the shift of `task` to `node` and its swaps with tasks there."""
    instance, schedule = search.instance, search.schedule
    origin = schedule.assignment[task]
    here = schedule.loads[origin] - time_of(instance.et, task, origin)
    there = schedule.loads[node] + time_of(instance.et, task, node)
    room = instance.capacity[origin] - (schedule.used[origin] - instance.memory[task])
    lack = schedule.used[node] + instance.memory[task] - instance.capacity[node]
    if lack <= 0.0 and max(here, there) < best.peak:
        best = Move(max(here, there), task, node, -1)
    back = schedule.first[node]
    while back >= 0:
        after = here + time_of(instance.et, back, origin)
        peak = max(after, there - time_of(instance.et, back, node))
        if peak < best.peak and lack <= instance.memory[back] <= room:
            best = Move(peak, task, node, back)
        back = schedule.following[back]
    return best


# Local search on given assignments: what a colony or a swarm hands over.

DescentScope = Literal["none", "best", "all"]


@jit
def improve(
    search: Search,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    kicks: int,
    stream: RandomStream,
) -> None:
    """Improve assignments in place by descent, then by kicks while a temperature falls.

    Parameters
    ----------
    search : Search
        Its schedules are overwritten.
    assignments : ndarray of int, shape (n, k)
        Feasible ones, and of no meaning where the makespan is infinite.
    makespans, totals : ndarray, shape (n,)
        Their makespans and Z_y in s, brought up to date.
    kicks : int
        Kicks of each.
    stream : Stream
        Random numbers of the kicks.

    Examples
    --------
    See `LocalSearch`, which calls it.
    """
    schedule, best = search.schedule, search.best
    for row in range(len(makespans)):
        if not np.isfinite(makespans[row]):
            continue
        best.makespan[0] = np.inf
        restart_from(search, assignments[row])
        if kicks > 0:
            anneal_by_kicks(search, kicks, stream)
            read_assignment(search.instance, schedule, best.assignment)
        for task in range(assignments.shape[1]):
            assignments[row, task] = schedule.assignment[task]
        makespans[row] = schedule_makespan(schedule)
        totals[row] = schedule.loads.sum() - search.instance.ready.sum()


@jit
def restart_from(search: Search, assignment: IntArray) -> None:
    """Start from an assignment, shape (k,): descend, and keep the result if it is the best."""
    read_assignment(search.instance, search.schedule, assignment)
    descend(search)
    keep_if_best(search)


# Kicks: a random task is forced to another node, and an ejection chain repairs the schedule.

DEFAULT_AMBITION, DEFAULT_OVERLOAD = 0.2, 1.0

HOT, COLD = 1.0, 0.05

LEVELS = 16


class KickSettings(NamedTuple):
    """How hard a search tries; the gap is the best makespan less the LP bound, in s.

    Attributes
    ----------
    ambition : float
        How far below the best makespan the target lies, as a share of the gap.
    overload : float
        Price of a second beyond the target.
    temperature : float
        Mean rise of cost that is let through, in gap / x.
    """

    ambition: float
    overload: float
    temperature: float


@jit
def anneal_by_kicks(search: Search, kicks: int, stream: RandomStream) -> None:
    """Kick `kicks` times while the temperature falls from `HOT` to `COLD` in `LEVELS` steps."""
    for level in range(LEVELS):
        temperature = HOT * (COLD / HOT) ** (level / LEVELS)
        share = (level + 1) * kicks // LEVELS - level * kicks // LEVELS
        kick_often(
            search, KickSettings(DEFAULT_AMBITION, DEFAULT_OVERLOAD, temperature), share, stream
        )


@jit
def kick_often(search: Search, urge: KickSettings, kicks: int, stream: RandomStream) -> None:
    """Kick `kicks` times and keep the best schedule.

    Task and candidate node are drawn uniformly; pairs beyond the gap, which no better schedule
    has, are passed over. A chain is kept if it raises the cost by at most an exponential random
    number, whose mean is the temperature: Metropolis' rule, drawn beforehand.
    """
    schedule, candidates, best = search.schedule, search.candidates, search.best
    for _ in range(kicks):
        gap = max(best.makespan[0] - search.bound, 1e-9 * best.makespan[0])
        heat = -np.log(1.0 - next_uniform(stream)) * urge.temperature / len(schedule.loads)
        target = best.makespan[0] - urge.ambition * gap
        goal = Goal(target, urge.overload, reach=gap, tolerance=heat * gap)
        search.kicks[0] += 1
        task = int(next_uniform(stream) * len(schedule.assignment))
        c = int(next_uniform(stream) * candidates.node.shape[1])
        node = candidates.node[task, c]
        if candidates.cost[task, c] > goal.reach or node == schedule.assignment[task]:
            continue
        if try_chain(search, goal, task, node):
            keep_if_best(search)
