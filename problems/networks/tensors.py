"""Lifetimes of the tensors of a layer graph: which are live at a step, which cross a cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeopt.problems.errors import IntArray
from edgeopt.problems.networks.layers import Layer


def _last_uses(layers: Sequence[Layer]) -> IntArray:
    """Return the last step at which each tensor is read.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order, length n.

    Returns
    -------
    (n + 1,) int64 array
        Entry 0 is the input of the network, entry i + 1 the output of layer i; n marks a result,
        that is a tensor that no layer reads.
    """
    last = np.full(len(layers) + 1, -1, dtype=np.int64)
    for step, layer in enumerate(layers):
        last[np.array(layer.inputs) + 1] = step
    last[1:][last[1:] < 0] = len(layers)
    return last


def crossing_elements(
    layers: Sequence[Layer], input_elements: int, ends: Sequence[int]
) -> IntArray:
    """Return the number of elements that cross each cut, with every tensor counted once.

    A tensor crosses the cut ``layers[:end]`` if it is computed before (as the input is) and read
    after it. A result computed before the cut goes back to the user and does not cross.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order, length n.
    input_elements : int
        Elements of the input of the network.
    ends : sequence of int
        Ends of the prefixes, each in 0..n.

    Returns
    -------
    (len(ends),) int64 array
        Elements to upload at each cut.
    """
    sizes = np.array([input_elements, *(layer.elements for layer in layers)], dtype=np.int64)
    last = _last_uses(layers)
    last[last == len(layers)] = -1  # a result crosses no cut
    crossing = _sum_while_alive(sizes, np.arange(len(sizes)), last + 1)
    return crossing.take(ends)


def live_elements(layers: Sequence[Layer], input_elements: int) -> IntArray:
    """Return the elements in memory while each layer runs.

    A tensor lives from the step that computes it to the last one that reads it; the input lives
    from the start, a result to the end. An in-place layer overwrites one input of the same size
    that no later layer reads. The n `layers` and `input_elements` are those of `crossing_elements`.

    Returns
    -------
    (n,) int64 array
        Elements live at each step. They do not depend on the cut: what the cloud needs is what a
        later layer reads.
    """
    sizes = np.array([input_elements, *(layer.elements for layer in layers)], dtype=np.int64)
    stop = _last_uses(layers) + 1
    for step, layer in enumerate(layers):
        read = [i + 1 for i in layer.inputs if layer.is_in_place]
        free = [t for t in read if stop[t] == step + 1 and sizes[t] == layer.elements]
        stop[free[:1]] = step
    start = np.maximum(np.arange(len(sizes)) - 1, 0)
    return _sum_while_alive(sizes, start, stop)[: len(layers)]


def _sum_while_alive(sizes: IntArray, start: IntArray, stop: IntArray) -> IntArray:
    """Sum the `sizes` of the tensors with ``start <= step < stop``, for every step."""
    # Add each size where its life starts, subtract it where it stops, and accumulate.
    change = np.zeros(len(sizes) + 1, dtype=np.int64)
    alive = stop > start
    np.add.at(change, start[alive], sizes[alive])
    np.subtract.at(change, stop[alive], sizes[alive])
    return np.cumsum(change)
