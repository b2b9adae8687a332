"""The moves of a replica: shifts and swaps by Metropolis's rule, and tasks shared anew."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.tempering.model import Ladder, Model, draw_node, propose
from edgeopt.optim.scheduling.tempering.replica import (
    Incumbent,
    Replicas,
    keep_if_better,
    move,
    overload,
)
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray

_SWAP_SHARE = 0.3  # of the proposals

_HOPELESS = 12.0  # swaps of a larger exponent by cost alone are rejected at once


@jit_lean
def shift_and_swap(
    model: Model,
    ladder: Ladder,
    replicas: Replicas,
    level: int,
    target: float,
    proposals: int,
    incumbent: Incumbent,
    stream: RandomStream,
) -> None:
    """Propose shifts, or swaps with a random task of the other node.

    Parameters
    ----------
    model, ladder
        The problem and the levels.
    replicas : Replicas
        The one at `level` is changed: assignment, members, loads and memory, not its energy.
    level : int
        Level of the ladder.
    target : float
        Loads above it are overloads.
    proposals : int
        Number of proposals, including those without effect.
    incumbent : Incumbent
        Records better schedules, and counts the neighbours whose energy was computed.
    stream : ndarray of uint64, shape (4,)
        Random numbers.

    Notes
    -----
    The task's new node is drawn with the Gibbs probability of its reduced cost; acceptance thus
    depends only on the overload (and on the cost of a swap's second task). The second task is
    drawn from as many places as the fuller of the two nodes has tasks, some of which may be
    empty: a swap is thereby as likely to be proposed as its reverse. Detailed balance holds
    except for swaps whose second task costs more than 12 temperatures, which only a large fall of
    the overload could justify.
    """
    replica = replicas.at[level]
    heat, stiff = ladder.temperatures[level], ladder.stiffness[level]
    loads, used = replicas.loads[replica], replicas.used[replica]
    compared = 0
    for _ in range(proposals):
        i, b = propose(ladder, level, stream)
        a = replicas.assignment[replica, i]
        if a == b:
            continue
        partner, price = -1, 0.0
        change_a, change_b = -model.times[i, a], model.times[i, b]
        held = model.memory[i]
        if next_uniform(stream) < _SWAP_SHARE:
            most = max(replicas.counts[replica, a], replicas.counts[replica, b])
            place = int(next_uniform(stream) * most)
            if place >= replicas.counts[replica, b]:
                continue
            partner = replicas.members[replica, b, place]
            price = (model.costs[partner, a] - model.costs[partner, b]) / heat
            if price > _HOPELESS:
                continue
            change_a += model.times[partner, a]
            change_b -= model.times[partner, b]
            held -= model.memory[partner]
        # Replicas keep the capacities at every move; no energy is needed for memory.
        if used[b] + held > model.capacity[b] or used[a] - held > model.capacity[a]:
            continue
        # Only the two nodes' overloads change.
        compared += 1
        exponent = price + stiff * (
            model.weights[a]
            * (overload(loads[a] + change_a - target) - overload(loads[a] - target))
            + model.weights[b]
            * (overload(loads[b] + change_b - target) - overload(loads[b] - target))
        )
        if exponent > 0.0 and next_uniform(stream) >= np.exp(-exponent):
            continue
        loads[a] += change_a
        loads[b] += change_b
        used[a] -= held
        used[b] += held
        move(replicas, replica, i, b)
        if partner >= 0:
            move(replicas, replica, partner, a)
        keep_if_better(incumbent, replicas, replica, a, b)
    incumbent.evaluations[0] += compared


# Two nodes share some of their tasks anew.

_BLOCK_TASKS = 10  # largest block: 2^10 ways to share it

_AFFORDABLE = 6.0  # largest difference of a task's reduced costs in a block, in temperatures

_NEGLIGIBLE = 15.0  # a way of energy above the least by more has no weight


class Block(NamedTuple):
    """Scratch for the ways to share a block's tasks.

    Attributes
    ----------
    tasks : ndarray of int, shape (k,)
        The tasks that may change sides.
    energy, load_a, load_b, used_a : ndarray, shape (2 ** _BLOCK_TASKS,)
        Energy (later cumulative weight), loads less the target, and memory of the first node for
        each way to share the tasks: bit t of the index says that task t has changed sides.
    """

    tasks: IntArray
    energy: FloatArray
    load_a: FloatArray
    load_b: FloatArray
    used_a: FloatArray


def make_block(tasks: int) -> Block:
    """Return scratch for a problem with that number of tasks."""
    return Block(np.zeros(tasks, dtype=np.int64), *np.zeros((4, 1 << _BLOCK_TASKS)))


@jit_lean
def share_anew(
    model: Model,
    ladder: Ladder,
    replicas: Replicas,
    level: int,
    target: float,
    proposals: int,
    incumbent: Incumbent,
    stream: RandomStream,
    block: Block,
) -> None:
    """Redistribute tasks between two nodes, in each way with its Gibbs probability.

    Parameters are those of `shift_and_swap`, and a `block` as scratch; `incumbent` also counts the
    ways examined.

    Notes
    -----
    The two nodes are proposed for the same task, wherever it is. Of the tasks on them whose reduced
    costs on both are almost equal, up to ten are drawn. Neither choice depends on how these tasks
    are currently shared: detailed balance holds.
    """
    replica, heat = replicas.at[level], ladder.temperatures[level]
    for _ in range(proposals):
        i, b = propose(ladder, level, stream)
        a = draw_node(ladder, level, i, next_uniform(stream))
        if a == b:
            continue
        size = _gather(model, replicas, replica, a, b, _AFFORDABLE * heat, block, stream)
        if size < 2:
            continue  # one task is left to the single moves
        _enumerate(model, replicas, replica, a, b, size, target, heat, block)
        incumbent.evaluations[0] += 1 << size
        _weigh(model, a, b, 1 << size, ladder.stiffness[level], block)
        _rule_out(model, replicas, replica, a, b, 1 << size, block)
        way = _draw(1 << size, block, stream)
        if way == 0:
            continue  # the current way
        replicas.loads[replica, a] = block.load_a[way] + target
        replicas.loads[replica, b] = block.load_b[way] + target
        replicas.used[replica, b] += replicas.used[replica, a] - block.used_a[way]
        replicas.used[replica, a] = block.used_a[way]
        for t in range(size):
            if (way >> t) & 1:
                task = block.tasks[t]
                move(replicas, replica, task, a + b - replicas.assignment[replica, task])
        keep_if_better(incumbent, replicas, replica, a, b)


@jit_lean
def _gather(
    model: Model,
    replicas: Replicas,
    replica: int,
    a: int,
    b: int,
    affordable: float,
    block: Block,
    stream: RandomStream,
) -> int:
    """Write a random choice of up to ten tasks that may change sides; return their number."""
    size = 0
    for node in (a, b):
        for place in range(replicas.counts[replica, node]):
            task = replicas.members[replica, node, place]
            if abs(model.costs[task, a] - model.costs[task, b]) <= affordable:
                block.tasks[size] = task
                size += 1
    if size <= _BLOCK_TASKS:
        return size
    # A random choice: in the order of members, which depends on earlier moves, the choice would
    # depend on how the tasks are shared.
    for t in range(_BLOCK_TASKS):
        other = t + int(next_uniform(stream) * (size - t))
        block.tasks[t], block.tasks[other] = block.tasks[other], block.tasks[t]
    return _BLOCK_TASKS


@jit_lean
def _enumerate(
    model: Model,
    replicas: Replicas,
    replica: int,
    a: int,
    b: int,
    size: int,
    target: float,
    heat: float,
    block: Block,
) -> None:
    """Write cost, loads and memory of all ways to share the tasks.

    Each task doubles the ways: those with the task on the other side follow those without, and
    differ from them by the same amounts. This takes one addition per way and array.
    """
    block.energy[0] = 0.0
    block.load_a[0] = replicas.loads[replica, a] - target
    block.load_b[0] = replicas.loads[replica, b] - target
    block.used_a[0] = replicas.used[replica, a]
    for t in range(size):
        task, half = block.tasks[t], 1 << t
        sign = 1.0 if replicas.assignment[replica, task] == b else -1.0
        cost = sign * (model.costs[task, a] - model.costs[task, b]) / heat
        on_a, on_b = sign * model.times[task, a], sign * model.times[task, b]
        held = sign * model.memory[task]
        for way in range(half):
            block.energy[half + way] = block.energy[way] + cost
            block.load_a[half + way] = block.load_a[way] + on_a
            block.load_b[half + way] = block.load_b[way] - on_b
            block.used_a[half + way] = block.used_a[way] + held


@jit_lean
def _weigh(model: Model, a: int, b: int, ways: int, stiff: float, block: Block) -> None:
    """Add the weighted overloads to the costs."""
    stiff_a, stiff_b = stiff * model.weights[a], stiff * model.weights[b]
    for way in range(ways):
        block.energy[way] += stiff_a * overload(block.load_a[way])
        block.energy[way] += stiff_b * overload(block.load_b[way])


@jit_lean
def _rule_out(
    model: Model, replicas: Replicas, replica: int, a: int, b: int, ways: int, block: Block
) -> None:
    """Set the energy of ways for which a node has no room to infinity."""
    if np.isinf(model.capacity[a]) and np.isinf(model.capacity[b]):
        return
    both = replicas.used[replica, a] + replicas.used[replica, b]
    # Way 0 is the current one, which fits; summed anew it might not, by rounding.
    for way in range(1, ways):
        used = block.used_a[way]
        if used > model.capacity[a] or both - used > model.capacity[b]:
            block.energy[way] = np.inf


@jit_lean
def _draw(ways: int, block: Block, stream: RandomStream) -> int:
    """Return a way to share the tasks, drawn by Gibbs probability; overwrite the energies."""
    least = np.inf
    for way in range(ways):
        least = min(least, block.energy[way])
    total = 0.0
    for way in range(ways):
        # The exponential is the expensive part; most ways have no weight.
        excess = block.energy[way] - least
        if excess < _NEGLIGIBLE:
            total += np.exp(-excess)
        block.energy[way] = total
    # The first way at which the cumulative weight exceeds the number drawn, by bisection.
    wanted = next_uniform(stream) * total
    low, high = 0, ways - 1
    while low < high:
        middle = (low + high) >> 1
        if block.energy[middle] > wanted:
            high = middle
        else:
            low = middle + 1
    return low
