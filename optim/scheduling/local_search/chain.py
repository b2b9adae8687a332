"""Ejection chains: a task moves, and whoever stands in its way moves on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optim.jit import jit_lean, time_of
from optim.scheduling.local_search.candidates import Candidates
from optim.scheduling.local_search.schedule import Instance, Schedule, settle, shift
from optim.solver import IntArray
from problems.errors import FloatArray


class Goal(NamedTuple):
    """What a chain should reach.

    Attributes
    ----------
    target : float
        Load in s beyond which a node is overloaded.
    overload : float
        Price of a second beyond the target, in seconds of that node below it.
    reach : float
        Largest reduced cost of a pair of task and node that is considered, in s.
    tolerance : float
        A chain may raise the cost by so much, in s.
    """

    target: float
    overload: float
    reach: float
    tolerance: float


class Chain(NamedTuple):
    """The steps of a chain, so that it can be undone.

    Attributes
    ----------
    task, origin : ndarray of int, shape (depth,)
        Who moved, and from where.
    before : ndarray, shape (depth, 4)
        Load and memory of origin and end before the step, in s and byte.
    mark : ndarray of int, shape (k,)
        Number of the last chain in which a task moved.
    """

    task: IntArray
    origin: IntArray
    before: FloatArray
    mark: IntArray


def empty_chain(tasks: int, depth: int) -> Chain:
    """Return scratch for chains of at most `depth` shifts."""
    steps = [np.zeros(depth, dtype=np.int64) for _ in range(2)]
    return Chain(*steps, np.zeros((depth, 4)), np.full(tasks, -1))


@jit_lean
def cost_of(candidates: Candidates, goal: Goal, node: int, load: float) -> float:
    """Return what a load is worth in s: its price, and that of what exceeds the target."""
    over = max(0.0, load - goal.target)
    value: float = candidates.price[node] * (load + goal.overload * over)
    return value


@jit_lean
def try_chain(
    instance: Instance,
    schedule: Schedule,
    candidates: Candidates,
    chain: Chain,
    goal: Goal,
    start: tuple[int, int],
    number: int,
) -> bool:
    """Shift a task to a node and let tasks move on; keep the chain if it is worth it.

    After each shift, the node that has received a task ejects the one whose departure to the
    best of its candidates costs least, no task twice. The chain ends, and is kept, as soon as its
    cost is within the tolerance and the last node has room; it is undone where that takes more
    shifts than it may have. One shift is a shift, two to and fro a swap, more a chain.

    Parameters
    ----------
    instance, schedule, candidates, chain, goal
        What to change, and how.
    start : tuple of int
        The first task and the node it goes to.
    number : int
        Of this chain, different from that of all others before.

    Notes
    -----
    Glover 1996, "Ejection chains, reference structures and alternating path methods"; Frangioni,
    Necciari, Scutella 2004, "A multi-exchange neighborhood for minimum makespan parallel machine
    scheduling problems"; the price of overload is as in Yagiura, Ibaraki, Glover 2004, "An
    ejection chain approach for the generalized assignment problem".
    """
    task, node = start
    cost, length = 0.0, 0
    while task >= 0:
        cost += _cost_of_shift(instance, schedule, candidates, goal, task, node)
        _extend(instance, schedule, chain, length, task, node)
        chain.mark[task] = number
        length += 1
        if cost <= goal.tolerance and schedule.used[node] <= instance.capacity[node]:
            _settle(instance, schedule, chain, length, node)
            return True
        if length == len(chain.task):
            break
        last = length == len(chain.task) - 1
        task, node = _eject(instance, schedule, candidates, chain, goal, node, number, last)
    _undo(instance, schedule, chain, length)
    return False


@jit_lean
def _cost_of_shift(
    instance: Instance,
    schedule: Schedule,
    candidates: Candidates,
    goal: Goal,
    task: int,
    node: int,
) -> float:
    """Return by how much the cost of the schedule rises if a task goes to a node, in s."""
    origin = schedule.assignment[task]
    here, there = schedule.loads[origin], schedule.loads[node]
    memory = candidates.memory_price[node] - candidates.memory_price[origin]
    return (
        instance.memory[task] * memory
        + cost_of(candidates, goal, origin, here - time_of(instance.et, task, origin))
        - cost_of(candidates, goal, origin, here)
        + cost_of(candidates, goal, node, there + time_of(instance.et, task, node))
        - cost_of(candidates, goal, node, there)
    )


@jit_lean
def _eject(
    instance: Instance,
    schedule: Schedule,
    candidates: Candidates,
    chain: Chain,
    goal: Goal,
    node: int,
    number: int,
    last: bool,
) -> tuple[int, int]:
    """Return the task that leaves `node` at least cost and where to, or (-1, -1).

    Its departure frees the memory that `node` lacks. In the last step of a chain it goes only
    where it finds room.
    """
    best, least = (-1, -1), np.inf
    lack = schedule.used[node] - instance.capacity[node]
    load = schedule.loads[node]
    now = cost_of(candidates, goal, node, load)
    task = schedule.first[node]
    while task >= 0:
        memory = instance.memory[task]
        if chain.mark[task] != number and memory >= lack:
            left = cost_of(candidates, goal, node, load - time_of(instance.et, task, node))
            left -= now + memory * candidates.memory_price[node]
            for c in range(candidates.node.shape[1]):
                if candidates.cost[task, c] > goal.reach:
                    break
                to = candidates.node[task, c]
                if to == node or (last and schedule.used[to] + memory > instance.capacity[to]):
                    continue
                there = schedule.loads[to]
                cost = (
                    left
                    + memory * candidates.memory_price[to]
                    + cost_of(candidates, goal, to, there + time_of(instance.et, task, to))
                    - cost_of(candidates, goal, to, there)
                )
                if cost < least:
                    best, least = (task, to), cost
        task = schedule.following[task]
    return best


@jit_lean
def _settle(
    instance: Instance, schedule: Schedule, chain: Chain, length: int, end: int
) -> None:
    """Settle every node that a chain has touched."""
    settle(instance, schedule, end)
    for step in range(length):
        settle(instance, schedule, chain.origin[step])


@jit_lean
def _extend(
    instance: Instance, schedule: Schedule, chain: Chain, length: int, task: int, node: int
) -> None:
    """Shift a task, after writing down what is to be restored."""
    origin = schedule.assignment[task]
    chain.task[length], chain.origin[length] = task, origin
    chain.before[length, 0], chain.before[length, 1] = schedule.loads[origin], schedule.used[origin]
    chain.before[length, 2], chain.before[length, 3] = schedule.loads[node], schedule.used[node]
    shift(instance, schedule, task, node)


@jit_lean
def _undo(instance: Instance, schedule: Schedule, chain: Chain, length: int) -> None:
    """Take a chain's shifts back, the last first, to the same bits of load and memory."""
    for step in range(length - 1, -1, -1):
        task, origin = chain.task[step], chain.origin[step]
        end = schedule.assignment[task]
        shift(instance, schedule, task, origin)
        schedule.loads[origin], schedule.used[origin] = chain.before[step, 0], chain.before[step, 1]
        schedule.loads[end], schedule.used[end] = chain.before[step, 2], chain.before[step, 3]
