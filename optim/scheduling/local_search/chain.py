"""Ejection chains: a task moves to another node, which ejects a task to the next, and so on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean, time_of
from edgeopt.optim.scheduling.local_search.schedule_arrays import settle, shift
from edgeopt.optim.scheduling.local_search.search import Search


class ChainGoal(NamedTuple):
    """Prices and limits of a chain.

    Attributes
    ----------
    target : float
        Load in s beyond which a node is overloaded.
    overload : float
        Surcharge on a second beyond the target, relative to the node's price.
    reach : float
        Largest reduced cost of the pairs of task and node considered, in s.
    tolerance : float
        Largest rise of cost with which a chain is kept, in s.
    """

    target: float
    overload: float
    reach: float
    tolerance: float


@jit_lean
def try_chain(search: Search, goal: ChainGoal, task: int, node: int) -> bool:
    """Shift `task` to `node` and eject tasks in a chain; return whether the chain is kept.

    After each shift, the node that has received a task ejects the one whose move to the best of
    its candidates costs least, no task twice. The chain ends, and is kept, as soon as its cost is
    within the tolerance and the last node has room; it is undone if that takes more shifts than
    allowed. A chain of one is a shift, two shifts there and back are a swap.

    Notes
    -----
    Cost is sum_j price_j (load_j + overload max(0, load_j - target)) + memory_price_j used_j.

    References
    ----------
    Glover, "Ejection chains, reference structures and alternating path methods", Discrete Applied
    Math. 65, 1996. Frangioni, Necciari, Scutella, "A multi-exchange neighborhood for minimum
    makespan parallel machine scheduling problems", J. Comb. Optim. 8, 2004. The price of overload
    is as in Yagiura, Ibaraki, Glover, "An ejection chain approach for the generalized assignment
    problem", INFORMS J. Computing 16, 2004.
    """
    # Only departures and arrivals change the cost: it is summed along the chain, never computed.
    schedule, depth = search.schedule, len(search.chain.task)
    cost, length = 0.0, 0
    search.compared[0] += 1  # the first shift
    while task >= 0:
        cost += arrival(search, goal, task, node)
        cost += departure(search, goal, task)
        _extend(search, length, task, node)
        length += 1
        if cost <= goal.tolerance and schedule.used[node] <= search.instance.capacity[node]:
            _settle(search, length, node)
            return True
        if length == depth:
            break  # too long: undone
        task, node = _eject(search, goal, node, length == depth - 1)
    _undo(search, length)
    return False


@jit_lean
def price_of_load(search: Search, goal: ChainGoal, node: int, load: float) -> float:
    """Return the cost of a load in s: its price, and the surcharge above the target."""
    over = max(0.0, load - goal.target)
    price: float = search.candidates.price[node] * (load + goal.overload * over)
    return price


@jit_lean
def arrival(search: Search, goal: ChainGoal, task: int, node: int) -> float:
    """Return by how much the cost of a node rises if it receives a task, in s."""
    load = search.schedule.loads[node]
    longer = load + time_of(search.instance.et, task, node)
    held = search.candidates.memory_price[node] * search.instance.memory[task]
    rise: float = held + price_of_load(search, goal, node, longer)
    return rise - price_of_load(search, goal, node, load)


@jit_lean
def departure(search: Search, goal: ChainGoal, task: int) -> float:
    """Return the change (at most 0) of the cost of a task's node if the task leaves, in s."""
    node = search.schedule.assignment[task]
    load = search.schedule.loads[node]
    shorter = load - time_of(search.instance.et, task, node)
    held = search.candidates.memory_price[node] * search.instance.memory[task]
    rise: float = price_of_load(search, goal, node, shorter) - held
    return rise - price_of_load(search, goal, node, load)


@jit_lean
def _eject(search: Search, goal: ChainGoal, node: int, last: bool) -> tuple[int, int]:
    """Return the task that leaves `node` at least cost and its destination, or (-1, -1).

    Its departure frees the memory that `node` lacks. The last shift of a chain goes only to a node
    with room.
    """
    schedule, memory = search.schedule, search.instance.memory
    lack = schedule.used[node] - search.instance.capacity[node]
    best, to, least = -1, -1, np.inf
    task = schedule.first[node]
    while task >= 0:
        # Marks are numbers of chains: none needs to be erased for the next chain.
        if search.chain.mark[task] != search.kicks[0] and memory[task] >= lack:
            left = departure(search, goal, task)
            cost, end = _cheapest_arrival(search, goal, task, least - left, last)
            if end >= 0:
                best, to, least = task, end, left + cost
        task = schedule.following[task]
    return best, to


@jit_lean
def _cheapest_arrival(
    search: Search, goal: ChainGoal, task: int, limit: float, last: bool
) -> tuple[float, int]:
    """Return the least cost below `limit` of a task on a candidate, and that node, or -1."""
    schedule, candidates, instance = search.schedule, search.candidates, search.instance
    end, compared = -1, 0
    for c in range(candidates.node.shape[1]):
        if candidates.cost[task, c] > goal.reach:
            break  # candidates are sorted by reduced cost
        node = candidates.node[task, c]
        full = schedule.used[node] + instance.memory[task] > instance.capacity[node]
        if node == schedule.assignment[task] or (last and full):
            continue
        compared += 1
        cost = arrival(search, goal, task, node)
        if cost < limit:
            end, limit = node, cost
    search.compared[0] += compared
    return limit, end


@jit_lean
def _extend(search: Search, length: int, task: int, node: int) -> None:
    """Record what `_undo` needs, and shift a task."""
    schedule, chain = search.schedule, search.chain
    origin = schedule.assignment[task]
    chain.task[length], chain.origin[length] = task, origin
    chain.before[length, 0], chain.before[length, 1] = schedule.loads[origin], schedule.used[origin]
    chain.before[length, 2], chain.before[length, 3] = schedule.loads[node], schedule.used[node]
    chain.mark[task] = search.kicks[0]
    shift(search.instance, schedule, task, node)


@jit_lean
def _settle(search: Search, length: int, end: int) -> None:
    """Recompute the loads of all nodes of a chain."""
    settle(search.instance, search.schedule, end)
    for step in range(length):
        settle(search.instance, search.schedule, search.chain.origin[step])


@jit_lean
def _undo(search: Search, length: int) -> None:
    """Undo a chain's shifts, the last first, to the same bits of load and memory."""
    schedule, chain = search.schedule, search.chain
    for step in range(length - 1, -1, -1):
        task, origin = chain.task[step], chain.origin[step]
        end = schedule.assignment[task]
        shift(search.instance, schedule, task, origin)
        # Adding and subtracting a time does not give the same float: recorded values do.
        schedule.loads[origin], schedule.used[origin] = chain.before[step, 0], chain.before[step, 1]
        schedule.loads[end], schedule.used[end] = chain.before[step, 2], chain.before[step, 3]
