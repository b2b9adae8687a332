"""The critical node, which finishes last, in constant time: a tournament tree of the loads."""

from __future__ import annotations

from optim.jit import jit_lean
from optim.solver import IntArray
from problems.errors import FloatArray


@jit_lean
def rank_nodes(ranks: IntArray, loads: FloatArray) -> None:
    """Build the tree, shape (2 x,): leaf x + j is node j, ranks[1] the node of largest load."""
    x = len(loads)
    for node in range(x):
        ranks[x + node] = node
    for place in range(x - 1, 0, -1):
        ranks[place] = _winner(ranks, loads, place)


@jit_lean
def lift(ranks: IntArray, loads: FloatArray, node: int) -> None:
    """Play the matches of a node whose load has changed again, log2(x) of them."""
    place = (len(loads) + node) // 2
    while place > 0:
        ranks[place] = _winner(ranks, loads, place)
        place //= 2


@jit_lean
def _winner(ranks: IntArray, loads: FloatArray, place: int) -> int:
    """Return the node of larger load below a place of the tree."""
    left, right = ranks[2 * place], ranks[2 * place + 1]
    winner: int = left if loads[left] >= loads[right] else right
    return winner
