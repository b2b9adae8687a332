"""Moves of the local search: descent by shifts and swaps, and random kicks with ejection chains."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean, time_of
from edgeopt.optim.scheduling.local_search.chain import ChainGoal, try_chain
from edgeopt.optim.scheduling.local_search.schedule_arrays import (
    read_assignment,
    schedule_makespan,
    settle,
    shift,
)
from edgeopt.optim.scheduling.local_search.search import WORK, Search, allow_work, keep_if_best
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray

DescentScope = Literal["none", "best", "all"]
"""Which of a population's assignments are improved: none, the best, or all."""

DEFAULT_AMBITION, DEFAULT_OVERLOAD = 0.2, 1.0

HOT, COLD = 1.0, 0.05  # first and last temperature, in gap / x

_LEVELS = 16  # temperatures of `anneal_by_kicks`

_ENOUGH = 200_000  # neighbours compared for a move, if they hold an improvement

_SHARES_OF_KICKS = 2  # of the work allowed to a descent, for all kicks of an assignment

_ROUNDING = 1e-12  # a relative gain of no more is rounding, and no move


class Move(NamedTuple):
    """A shift of `task` to `node`, or a swap with task `back` there if that is not -1.

    `peak` is the larger of the two loads after the move, in s.
    """

    peak: float
    task: int
    node: int
    back: int


@jit_lean
def descend(search: Search) -> int:
    """Improve by the best shift or swap until there is none; return the number of moves.

    A move is between the critical node and a candidate node of one of its tasks. It is an
    improvement if the larger of the two loads falls. The loads, sorted from the largest, then fall
    in lexicographic order: if several nodes are critical, they are relieved one after the other.
    At the end the critical node allows no such move, or the limit of the work is reached.
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
        if search.compared[0] >= search.limit[0]:
            break
        move = best_move(search)
    return moves


@jit_lean
def best_move(search: Search) -> Move:
    """Return the move of least peak from the critical node; its task is -1 if there is none.

    Where there are more than `_ENOUGH` neighbours, the first of them that hold an improvement are
    enough; at the limit of the work, the best seen by then counts.
    """
    schedule, candidates = search.schedule, search.candidates
    critical = schedule.ranks[1]
    best = Move(schedule_makespan(schedule) * (1.0 - _ROUNDING), -1, -1, -1)
    task = schedule.first[critical]
    most = search.compared[0] + _ENOUGH
    while task >= 0 and search.compared[0] < search.limit[0]:
        if best.task >= 0 and search.compared[0] >= most:
            break
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
    # A task that comes back must fit in the room at the origin, and free what the node lacks.
    room = instance.capacity[origin] - (schedule.used[origin] - instance.memory[task])
    lack = schedule.used[node] + instance.memory[task] - instance.capacity[node]
    if lack <= 0.0 and max(here, there) < best.peak:
        best = Move(max(here, there), task, node, -1)
    compared = 1  # the shift, and a swap with each task there
    back = schedule.first[node]
    while back >= 0:
        compared += 1
        after = here + time_of(instance.et, back, origin)
        peak = max(after, there - time_of(instance.et, back, node))
        if peak < best.peak and lack <= instance.memory[back] <= room:
            best = Move(peak, task, node, back)
        back = schedule.following[back]
    search.compared[0] += compared
    return best


# Kicks: a random task is moved, and an ejection chain repairs the schedule.


class KickSettings(NamedTuple):
    """Parameters of the kicks; the gap is the best makespan less the LP bound, in s.

    Attributes
    ----------
    ambition : float
        How far below the best makespan the target lies, as a share of the gap.
    overload : float
        Price of a second beyond the target.
    temperature : float
        Mean rise of cost that is accepted, in gap / x.
    """

    ambition: float
    overload: float
    temperature: float


@jit
def kick_often(search: Search, settings: KickSettings, kicks: int, stream: RandomStream) -> None:
    """Kick `kicks` times and keep the best schedule.

    A task and a candidate node are drawn uniformly; pairs of a reduced cost beyond the gap, which
    no better schedule has, are skipped. A chain is kept if it raises the cost by at most an
    exponential random number with the temperature as mean: Metropolis' rule, drawn in advance.
    At the limit of the work, the rest of the kicks is left out.
    """
    schedule, candidates, best = search.schedule, search.candidates, search.best
    for _ in range(kicks):
        if search.compared[0] >= search.limit[0]:
            break
        # With a gap of 0 no chain could be kept, and the search would stand still.
        gap = max(best.makespan[0] - search.bound, 1e-9 * best.makespan[0])
        heat = -np.log(1.0 - next_uniform(stream)) * settings.temperature / len(schedule.loads)
        target = best.makespan[0] - settings.ambition * gap
        goal = ChainGoal(target, settings.overload, reach=gap, tolerance=heat * gap)
        search.kicks[0] += 1
        task = int(next_uniform(stream) * len(schedule.assignment))
        c = int(next_uniform(stream) * candidates.node.shape[1])
        node = candidates.node[task, c]
        if candidates.cost[task, c] > goal.reach or node == schedule.assignment[task]:
            continue
        if try_chain(search, goal, task, node):
            keep_if_best(search)


@jit
def anneal_by_kicks(
    search: Search, kicks: int, first: int, last: int, stream: RandomStream
) -> None:
    """Kick while the temperature falls in 16 steps from 1 to 0.05 gap / x.

    Of `kicks` in all, those from `first` to `last` - 1 are done, which allows several calls.
    """
    for level in range(_LEVELS):
        # The whole number of kicks is spread evenly: levels differ by at most one.
        begin = max(first, level * kicks // _LEVELS)
        end = min(last, (level + 1) * kicks // _LEVELS)
        if begin >= end:
            continue
        temperature = HOT * (COLD / HOT) ** (level / _LEVELS)
        settings = KickSettings(DEFAULT_AMBITION, DEFAULT_OVERLOAD, temperature)
        kick_often(search, settings, end - begin, stream)


# Descent and kicks from given assignments, such as those of ants and particles.


@jit
def restart_from(search: Search, assignment: IntArray) -> bool:
    """Descend from an assignment, shape (k,), as `descend_further` does."""
    read_assignment(search.instance, search.schedule, assignment)
    return descend_further(search)


@jit
def descend_further(search: Search) -> bool:
    """Descend from the current schedule and keep the result if it is the best.

    Return whether the limit of the work has stopped the descent before its end. A descent in which
    that limit allows no move at all is at its end.
    """
    moves = descend(search)
    keep_if_best(search)
    stopped: bool = moves > 0 and search.compared[0] >= search.limit[0]
    return stopped


def improve(
    search: Search,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    kicks: int,
    stream: RandomStream,
) -> int:
    """Improve assignments in place by descent, then by kicks while a temperature falls.

    When the time of the run is up, kicks and assignments that have not begun are left out.

    Parameters
    ----------
    search : Search
        Its schedules are overwritten.
    assignments : ndarray of int, shape (n, k)
        Feasible assignments; meaningless and left alone where the makespan is infinite.
    makespans, totals : ndarray, shape (n,)
        Their makespans and Z_y in s, which are updated.
    kicks : int
        Kicks for each assignment.
    stream : ndarray of uint64, shape (4,)
        Random numbers of the kicks.

    Returns
    -------
    int
        Number of neighbours compared. By the usual convention each is an evaluation, also if it
        takes no more than two loads.

    Examples
    --------
    See `LocalSearch`, which calls it.
    """
    before, at = int(search.compared[0]), np.zeros(2, dtype=np.int64)
    at_once = kicks_at_once(search, assignments, kicks)
    while _improve_further(search, assignments, makespans, totals, kicks, at, at_once, stream):
        if is_over():
            if at[1] > 0:
                _store(search, assignments, makespans, totals, at)
            break
    return int(search.compared[0]) - before


def kicks_at_once(search: Search, assignments: IntArray, kicks: int) -> int:
    """Return how many kicks a call of the kernel may do, such that it looks at `WORK` moves."""
    # At each step a chain may look at all tasks of a node with all their candidates.
    k, width = search.candidates.node.shape
    each = len(search.chain.task) * width
    if kicks * each * k <= WORK:
        return kicks
    most = max(int(np.bincount(nodes).max()) for nodes in assignments)
    return int(max(1, WORK // (each * most)))


@jit
def _improve_further(
    search: Search,
    assignments: IntArray,
    makespans: FloatArray,
    totals: FloatArray,
    kicks: int,
    at: IntArray,
    at_once: int,
    stream: RandomStream,
) -> bool:
    """Improve the assignments from number ``at[0]`` on; return whether work is left.

    A call ends after about `WORK` neighbours or `at_once` kicks of one assignment; the next one
    resumes from ``at``, the assignment and its kicks done.
    """
    enough = search.compared[0] + WORK
    while at[0] < len(makespans):
        row = at[0]
        if np.isfinite(makespans[row]):
            if at[1] == 0:
                # Each assignment is improved on its own: the best one of another does not count.
                search.best.makespan[0] = np.inf
                allow_work(search)
                restart_from(search, assignments[row])
                if kicks > 0:
                    allow_work(search, _SHARES_OF_KICKS)
            last = min(kicks, at[1] + at_once)
            anneal_by_kicks(search, kicks, at[1], last, stream)
            at[1] = last
            if last < kicks and search.compared[0] < search.limit[0]:
                return True
            _store(search, assignments, makespans, totals, at)
        at[0] += 1
        at[1] = 0
        if search.compared[0] >= enough:
            return bool(at[0] < len(makespans))
    return False


@jit
def _store(
    search: Search, assignments: IntArray, makespans: FloatArray, totals: FloatArray, at: IntArray
) -> None:
    """Write the best schedule of the assignment being improved, if one is."""
    schedule, row = search.schedule, at[0]
    if at[1] > 0:
        read_assignment(search.instance, schedule, search.best.assignment)
    for task in range(assignments.shape[1]):
        assignments[row, task] = schedule.assignment[task]
    makespans[row] = schedule_makespan(schedule)
    totals[row] = schedule.loads.sum() - search.instance.ready.sum()
