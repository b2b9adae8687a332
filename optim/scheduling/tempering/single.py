"""Single moves: shifts of a task and swaps of two, accepted by Metropolis's rule."""

from __future__ import annotations

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.tempering.model import Ladder, Model, propose
from edgeopt.optim.scheduling.tempering.replica import (
    Incumbent,
    Replicas,
    keep_if_better,
    move,
    overload,
)
from edgeopt.optim.stream import RandomStream, next_uniform

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
        Records better schedules.
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
