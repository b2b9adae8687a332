"""Which examples a node's next mini-batch has."""

from __future__ import annotations

import numpy as np

from experiments.learning.data.dataset import IndexArray


def batch_at(examples: IndexArray, position: int, size: int, seed: tuple[int, ...]) -> IndexArray:
    """Return the `size` examples from `position` on in an endless row of shuffled passes.

    The order of a pass depends on the seed and its number alone, so that the position is all that
    has to be kept of the past. A mini-batch may end one pass and begin the next.

    Parameters
    ----------
    examples : (n,) int64 array
        Indices of the node's examples.
    position : int
        Examples taken before, >= 0.
    size : int
        Examples wanted, >= 1.
    seed : tuple of int
        What the node's order depends on.
    """
    first, last = position // len(examples), (position + size - 1) // len(examples)
    passes = [_shuffled(examples, seed, number) for number in range(first, last + 1)]
    start = position - first * len(examples)
    return np.concatenate(passes)[start : start + size]


def _shuffled(examples: IndexArray, seed: tuple[int, ...], number: int) -> IndexArray:
    """Return the examples in the order of one pass."""
    return np.random.default_rng([*seed, number]).permutation(examples)
