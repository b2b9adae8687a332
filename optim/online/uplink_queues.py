"""The queues of the uplinks, whose rates may change with time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optim.jit import jit, jit_lean
from optim.solver import IntArray
from problems.errors import FloatArray


class Pieces(NamedTuple):
    """Rates that are constant by pieces: ``start`` (p,) in s, ``rate`` (p, u) in bit/s."""

    start: FloatArray
    rate: FloatArray


@jit
def queue_at_uplink(
    order: IntArray, ready: FloatArray, bits: FloatArray, node: IntArray, pieces: Pieces
) -> tuple[FloatArray, FloatArray]:
    """Return when each task's upload begins and ends in s, shape (K,) each.

    Parameters
    ----------
    order : ndarray
        The tasks that upload, in the order of `ready`, first come first served.
    ready, bits : ndarray, shape (K,)
        When each task is ready to be sent in s, and its size in bit.
    node : ndarray, shape (K,)
        Whose uplink it takes where each node has its own.
    pieces : Pieces
        Rates of u = 1 shared uplink, or of one for each node.
    """
    uplinks = pieces.rate.shape[1]
    free, piece = np.zeros(uplinks), np.zeros(uplinks, np.int64)
    start, end = ready.copy(), ready.copy()
    for i in order:
        link = node[i] if uplinks > 1 else 0
        start[i] = max(ready[i], free[link])
        piece[link], end[i] = _send(start[i], bits[i], pieces, link, piece[link])
        free[link] = end[i]
    return start, end


@jit_lean
def _send(now: float, bits: float, pieces: Pieces, link: int, piece: int) -> tuple[int, float]:
    """Return the piece of time in which the last bit is sent, and when, in s.

    `piece` is one that is not after `now`.
    """
    while piece + 1 < len(pieces.start):
        begin, end = max(now, pieces.start[piece]), pieces.start[piece + 1]
        sent = max(0.0, end - begin) * pieces.rate[piece, link] if begin < end else 0.0
        if sent >= bits:
            return piece, begin + bits / pieces.rate[piece, link]
        bits -= sent
        piece += 1
    return piece, max(now, pieces.start[piece]) + bits / pieces.rate[piece, link]
