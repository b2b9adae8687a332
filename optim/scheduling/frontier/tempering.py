"""Parallel tempering: replicas move at each level and change places with their neighbours."""

from __future__ import annotations

import numpy as np

from optim.jit import jit, jit_lean
from optim.scheduling.frontier.incumbent import Incumbent
from optim.scheduling.frontier.ladder import Ladder
from optim.scheduling.frontier.model import Model
from optim.scheduling.frontier.pair_block import Block, share_anew
from optim.scheduling.frontier.replica import Replicas, recompute
from optim.scheduling.frontier.single import shift_and_swap
from optim.stream import Stream, next_uniform

SINGLE_PROPOSALS = 100  # of a replica in a round
BLOCK_PROPOSALS = 30
STIFF_SHARE = 0.6  # of the levels that also have blocks


@jit
def temper(
    model: Model,
    ladder: Ladder,
    replicas: Replicas,
    target: float,
    rounds: int,
    incumbent: Incumbent,
    stream: Stream,
    block: Block,
) -> None:
    """Let all replicas move, then offer neighbours on the ladder an exchange, `rounds` times."""
    levels = len(replicas.at)
    for replica in range(levels):
        recompute(model, replicas, replica, target)
    for turn in range(rounds):
        for level in range(levels):
            shift_and_swap(
                model, ladder, replicas, level, target, SINGLE_PROPOSALS, incumbent, stream
            )
            incumbent.evaluations[0] += SINGLE_PROPOSALS
            if level >= (1.0 - STIFF_SHARE) * levels:
                share_anew(
                    model, ladder, replicas, level, target, BLOCK_PROPOSALS, incumbent, stream,
                    block,
                )  # fmt: skip
            recompute(model, replicas, replicas.at[level], target)
        for level in range(turn % 2, levels - 1, 2):
            _exchange(ladder, replicas, level, stream)


@jit_lean
def _exchange(ladder: Ladder, replicas: Replicas, level: int, stream: Stream) -> None:
    """Let the replicas of a level and the next change places by Metropolis's rule."""
    here, there = replicas.at[level], replicas.at[level + 1]
    heat, stiff = ladder.temperatures, ladder.stiffness
    exponent = (stiff[level + 1] - stiff[level]) * (
        replicas.overloads[there] - replicas.overloads[here]
    ) + (1.0 / heat[level + 1] - 1.0 / heat[level]) * (replicas.costs[there] - replicas.costs[here])
    if exponent >= 0.0 or next_uniform(stream) < np.exp(exponent):
        replicas.at[level], replicas.at[level + 1] = there, here
