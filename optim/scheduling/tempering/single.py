"""Shifts of one task and swaps of two, accepted by Metropolis's rule."""

from __future__ import annotations

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.tempering.ladder import Ladder, propose
from edgeopt.optim.scheduling.tempering.model import Model
from edgeopt.optim.scheduling.tempering.replica import (
    Incumbent,
    Replicas,
    keep_if_better,
    move,
    overload,
)
from edgeopt.optim.stream import RandomStream, next_uniform

SWAPS = 0.3  # share of the proposals

HOPELESS = 12.0  # exponents above are not worth their computation


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
        See there.
    replicas : Replicas
        The one at `level` is changed: assignment, members, loads and memory, not its energy.
    level : int
        Level of the ladder.
    target : float
        Loads above it are overloads.
    proposals : int
        How many, including those that come to nothing.
    incumbent : Incumbent
        Takes up each schedule that is better.
    stream : ndarray of uint64, shape (4,)
        Random numbers.

    Notes
    -----
    The task's new node is drawn with the Gibbs probability of its reduced cost, so only the
    overload (and the cost of a swap's second task) decides on acceptance. That second task is
    drawn among as many places as the fuller of the two nodes has tasks, some of which may be
    empty: so a swap is as likely to be proposed as the one that undoes it. Detailed balance
    holds but for swaps beyond `HOPELESS`, which only a large fall of the overload could let
    through.
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
        if next_uniform(stream) < SWAPS:
            most = max(replicas.counts[replica, a], replicas.counts[replica, b])
            place = int(next_uniform(stream) * most)
            if place >= replicas.counts[replica, b]:
                continue
            partner = replicas.members[replica, b, place]
            price = (model.costs[partner, a] - model.costs[partner, b]) / heat
            if price > HOPELESS:
                continue
            change_a += model.times[partner, a]
            change_b -= model.times[partner, b]
            held -= model.memory[partner]
        if used[b] + held > model.capacity[b] or used[a] - held > model.capacity[a]:
            continue
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
