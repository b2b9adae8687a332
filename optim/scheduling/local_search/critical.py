"""The critical node, which finishes last, in constant time: a tournament tree of the ends."""

from __future__ import annotations

from optim.jit import jit_lean
from optim.solver import IntArray
from problems.errors import FloatArray


@jit_lean
def rank_nodes(ranks: IntArray, ends: FloatArray) -> None:
    """Build the tree, shape (2 x,): leaf x + j is node j, ranks[1] the node that ends last."""
    x = len(ends)
    for node in range(x):
        ranks[x + node] = node
    for place in range(x - 1, 0, -1):
        ranks[place] = _winner(ranks, ends, place)


@jit_lean
def lift(ranks: IntArray, ends: FloatArray, node: int) -> None:
    """Play the matches of a node whose end has changed again, log2(x) of them."""
    place = (len(ends) + node) // 2
    while place > 0:
        ranks[place] = _winner(ranks, ends, place)
        place //= 2


@jit_lean
def _winner(ranks: IntArray, ends: FloatArray, place: int) -> int:
    """Return the node of later end below a place of the tree."""
    left, right = ranks[2 * place], ranks[2 * place + 1]
    winner: int = left if ends[left] >= ends[right] else right
    return winner
