"""Parallel tempering: replicas move at each level and change places with their neighbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.tempering.ladder import Ladder
from edgeopt.optim.scheduling.tempering.model import Model
from edgeopt.optim.scheduling.tempering.pair_block import Block, share_anew
from edgeopt.optim.scheduling.tempering.replica import Incumbent, Replicas, copy_replica, recompute
from edgeopt.optim.scheduling.tempering.single import shift_and_swap
from edgeopt.optim.stream import RandomStream, next_uniform

SINGLE_PROPOSALS = 100  # of a replica in a round

BLOCK_PROPOSALS = 32

STIFF_SHARE = 0.6  # of the levels that also have blocks


class Walk(NamedTuple):
    """All that the replicas need to walk.

    Attributes
    ----------
    model, ladder, replicas, incumbent, block, stream
        See there.
    target : float
        Loads above it are overloads.
    """

    model: Model
    ladder: Ladder
    replicas: Replicas
    incumbent: Incumbent
    block: Block
    stream: RandomStream
    target: float


@jit
def temper(walk: Walk, rounds: int) -> None:
    """Let all replicas move, then offer neighbours on the ladder an exchange.

    Parameters
    ----------
    walk : Walk
        Replicas, incumbent and stream change; energies are up to date afterwards.
    rounds : int
        How often. Even levels exchange with the next in the first round and every other one,
        odd levels in those between.
    """
    levels = len(walk.replicas.at)
    for level in range(levels):
        recompute(walk.model, walk.replicas, walk.replicas.at[level], walk.target)
    for turn in range(rounds):
        for level in range(levels):
            _wander(walk, level)
        for level in range(turn % 2, levels - 1, 2):
            _exchange(walk.ladder, walk.replicas, level, walk.stream)


@jit
def anneal(walk: Walk, first: int, last: int, stay: int) -> None:
    """Let one schedule walk down the ladder and leave a copy at each level.

    Parameters
    ----------
    walk : Walk
        Replicas, incumbent and stream change.
    first, last : int
        Of all visits to levels, numbered from 0, those from `first` to `last` - 1 are done: the
        way may be split into several calls.
    stay : int
        Visits to each level before the next. The way starts with the replica at level 0.
    """
    for visit in range(first, last):
        level, at = visit // stay, walk.replicas.at
        if visit % stay == 0:
            if level > 0:
                copy_replica(walk.replicas, at[level - 1], at[level])
            recompute(walk.model, walk.replicas, at[level], walk.target)
        _wander(walk, level)


@jit_lean
def _wander(walk: Walk, level: int) -> None:
    """Let the replica at a level move on its own."""
    shift_and_swap(
        walk.model, walk.ladder, walk.replicas, level, walk.target, SINGLE_PROPOSALS,
        walk.incumbent, walk.stream,
    )  # fmt: skip
    walk.incumbent.evaluations[0] += SINGLE_PROPOSALS
    if level >= (1.0 - STIFF_SHARE) * len(walk.replicas.at):
        share_anew(
            walk.model, walk.ladder, walk.replicas, level, walk.target, BLOCK_PROPOSALS,
            walk.incumbent, walk.stream, walk.block,
        )  # fmt: skip
    recompute(walk.model, walk.replicas, walk.replicas.at[level], walk.target)


@jit_lean
def _exchange(ladder: Ladder, replicas: Replicas, level: int, stream: RandomStream) -> None:
    """Let the replicas of a level and the next change places by Metropolis's rule."""
    here, there = replicas.at[level], replicas.at[level + 1]
    heat, stiff = ladder.temperatures, ladder.stiffness
    exponent = (stiff[level + 1] - stiff[level]) * (
        replicas.overloads[there] - replicas.overloads[here]
    ) + (1.0 / heat[level + 1] - 1.0 / heat[level]) * (replicas.costs[there] - replicas.costs[here])
    if exponent >= 0.0 or next_uniform(stream) < np.exp(exponent):
        replicas.at[level], replicas.at[level + 1] = there, here
