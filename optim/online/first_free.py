"""The first of many servers that is free, in logarithmic time: a tournament tree."""

from __future__ import annotations

import numpy as np

from optim.jit import jit, jit_lean
from problems.errors import FloatArray


@jit
def start_tree(free: FloatArray) -> FloatArray:
    """Return the tree over the servers' free times, shape (x,) in s: twice a power of two >= x.

    Entry 1 is the least of all, entries 2n and 2n + 1 stand below n, and server j's own time is
    at len(tree) // 2 + j. An infinite time is a server that is not there.
    """
    leaves = 1
    while leaves < len(free):
        leaves *= 2
    tree = np.full(2 * leaves, np.inf)
    tree[leaves : leaves + len(free)] = free
    for place in range(leaves - 1, 0, -1):
        tree[place] = min(tree[2 * place], tree[2 * place + 1])
    return tree


@jit_lean
def free_time(tree: FloatArray, server: int) -> float:
    """Return when the server is free in s."""
    time: float = tree[len(tree) // 2 + server]
    return time


@jit_lean
def set_free_time(tree: FloatArray, server: int, time: float) -> None:
    """Set when the server is free in s."""
    place = len(tree) // 2 + server
    tree[place] = time
    while place > 1:
        place //= 2
        tree[place] = min(tree[2 * place], tree[2 * place + 1])


@jit_lean
def first_free(tree: FloatArray, now: float) -> int:
    """Return the server that can start first at `now` or later, the lowest index on ties.

    All servers that are idle at `now` tie.
    """
    latest = max(now, tree[1])
    place, leaves = 1, len(tree) // 2
    while place < leaves:
        place *= 2
        if tree[place] > latest:
            place += 1
    return place - leaves
