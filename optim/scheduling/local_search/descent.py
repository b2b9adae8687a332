"""Descent from the critical node by shifts and swaps, to a local optimum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optim.jit import jit_lean, time_of
from optim.scheduling.local_search.schedule import makespan_of, settle, shift
from optim.scheduling.local_search.search import Search

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
    best = Move(makespan_of(schedule) * (1.0 - ROUNDING), -1, -1, -1)
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
