"""Parallel tempering: replicas move on each level and exchange places with their neighbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.tempering.model import Ladder, Model
from edgeopt.optim.scheduling.tempering.moves import Block, share_anew, shift_and_swap
from edgeopt.optim.scheduling.tempering.replica import Incumbent, Replicas, copy_replica, recompute
from edgeopt.optim.stream import RandomStream, next_uniform

SINGLE_PROPOSALS = 100  # single moves of a replica in a round

_BLOCK_PROPOSALS = 32  # block moves of a replica in a round

_STIFF_SHARE = 0.6  # share of the levels, the stiffer ones, with block moves

MOVES_OF_SUM = 512  # tasks whose loads are summed in about a tenth of a visit's time


class ReplicaWalk(NamedTuple):
    """The replicas and all that their moves need.

    Attributes
    ----------
    model, ladder, replicas, incumbent, block, stream
        Problem, levels, schedules, the best schedule, scratch and random numbers.
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


def gap_of(walk: ReplicaWalk) -> float:
    """Return by how much the best schedule exceeds the bound, in units of the bound."""
    return float(walk.incumbent.makespan[0]) - 1.0


@jit
def temper(walk: ReplicaWalk, first: int, last: int) -> None:
    """Let all replicas move, then offer neighbours on the ladder an exchange, again and again.

    Parameters
    ----------
    walk : ReplicaWalk
        Replicas, incumbent and stream change; energies are up to date afterwards.
    first, last : int
        In a round all levels are visited. Of all visits, numbered from 0, those from `first` to
        `last` - 1 are done, which allows several calls. Even levels exchange with the next in the
        first, third, ... round, odd levels in the others.
    """
    levels = len(walk.replicas.at)
    if first == 0:
        for level in range(levels):
            recompute(walk.model, walk.replicas, walk.replicas.at[level], walk.target)
    for visit in range(first, last):
        turn, level = visit // levels, visit % levels
        _wander(walk, level)
        if level == levels - 1:
            for lower in range(turn % 2, levels - 1, 2):
                _exchange(walk.ladder, walk.replicas, lower, walk.stream)


@jit
def anneal(walk: ReplicaWalk, first: int, last: int, stay: int) -> None:
    """Let one schedule walk down the ladder and leave a copy on each level.

    Parameters
    ----------
    walk : ReplicaWalk
        Replicas, incumbent and stream change.
    first, last : int
        Of all visits to levels, numbered from 0, those from `first` to `last` - 1 are done, which
        allows several calls for one descent.
    stay : int
        Visits to each level before the next. The descent starts with the replica on level 0.
    """
    for visit in range(first, last):
        level, at = visit // stay, walk.replicas.at
        if visit % stay == 0:
            if level > 0:
                copy_replica(walk.replicas, at[level - 1], at[level])
            recompute(walk.model, walk.replicas, at[level], walk.target)
        _wander(walk, level)


@jit
def cool(walk: ReplicaWalk, level: int, visits: int) -> None:
    """Let the replica on a level move, as in `visits` visits; its energy is up to date afterwards.

    Parameters
    ----------
    walk : ReplicaWalk
        Replica, incumbent and stream change.
    level : int
        The level.
    visits : int
        Number of visits.
    """
    # Loads are summed anew less often than in a visit: of thousands of tasks, that takes as long as
    # the moves.
    often = 1 + len(walk.model.memory) // MOVES_OF_SUM
    for visit in range(visits):
        _move(walk, level)
        if visit % often == often - 1 or visit == visits - 1:
            recompute(walk.model, walk.replicas, walk.replicas.at[level], walk.target)


@jit_lean
def _wander(walk: ReplicaWalk, level: int) -> None:
    """Let the replica on a level move by itself."""
    _move(walk, level)
    # Moves do not keep the energies, which exchanges need, and loads gather rounding.
    recompute(walk.model, walk.replicas, walk.replicas.at[level], walk.target)


@jit_lean
def _move(walk: ReplicaWalk, level: int) -> None:
    """Propose single moves, and on the stiffer levels blocks."""
    shift_and_swap(
        walk.model, walk.ladder, walk.replicas, level, walk.target, SINGLE_PROPOSALS,
        walk.incumbent, walk.stream,
    )  # fmt: skip
    # On soft levels single moves are accepted often enough; blocks cost a thousand ways each.
    if level >= (1.0 - _STIFF_SHARE) * len(walk.replicas.at):
        share_anew(
            walk.model, walk.ladder, walk.replicas, level, walk.target, _BLOCK_PROPOSALS,
            walk.incumbent, walk.stream, walk.block,
        )  # fmt: skip


@jit_lean
def _exchange(ladder: Ladder, replicas: Replicas, level: int, stream: RandomStream) -> None:
    """Let the replicas on a level and the next exchange places by Metropolis's rule."""
    here, there = replicas.at[level], replicas.at[level + 1]
    heat, stiff = ladder.temperatures, ladder.stiffness
    exponent = (stiff[level + 1] - stiff[level]) * (
        replicas.overloads[there] - replicas.overloads[here]
    ) + (1.0 / heat[level + 1] - 1.0 / heat[level]) * (replicas.costs[there] - replicas.costs[here])
    if exponent >= 0.0 or next_uniform(stream) < np.exp(exponent):
        replicas.at[level], replicas.at[level + 1] = there, here
