"""Aggregation of the edge nodes' layers at the end of a period (6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from numpy.typing import ArrayLike

from edgeopt.problems.errors import InputError, check_array

ModelState = dict[str, torch.Tensor]
"""Weights, buffers and momentum of a node's layers by name."""


def aggregate(states: Sequence[ModelState], tasks: ArrayLike) -> ModelState:
    """Return the mean of the nodes' states, weighted by the tasks that each has done (6).

    The paper writes u for the number of nodes x and does not say which parameters are meant. Here:
    those of the layers 1..j, of which each node has a copy; cloud and exit head exist only once.
    Floating-point tensors are averaged: weights, running statistics of batch norm, and momentum.
    Averaging the momentum is our addition: with one task a node and equal U, aggregated steps are
    then exactly momentum steps along the mean gradient (so do Yu, Jin and Yang, "On the linear
    speedup analysis of communication efficient momentum SGD", ICML 2019). Of integers (batch
    norm's counters of batches, on which no result depends) the largest is kept.

    Parameters
    ----------
    states : sequence of dict of Tensor
        The state of each of the x nodes: tensors by name, of equal shapes.
    tasks : array_like, shape (x,)
        U_i >= 0, tasks that each node has done in the period.

    Raises
    ------
    InputError
        If the numbers of states and tasks differ, no task was done, or names or shapes differ.
    """
    weights = check_array("tasks", tasks, ndim=1, at_least=0)
    if len(weights) != len(states):
        raise InputError("tasks.shape", weights.shape, f"({len(states)},), one for each node")
    if weights.sum() <= 0:
        raise InputError("tasks", weights.tolist(), "of a sum > 0: nobody has done a task")
    shares = weights / weights.sum()
    _check_alike(states)
    return {
        name: _combine([state[name] for state in states], shares.tolist()) for name in states[0]
    }


def _combine(tensors: list[torch.Tensor], shares: list[float]) -> torch.Tensor:
    """Return the weighted mean of floating-point tensors, the maximum of integer ones."""
    if not tensors[0].is_floating_point():
        return torch.stack(tensors).amax(dim=0)
    pairs = zip(tensors, shares, strict=True)
    # In float64, and without idle nodes: a single worker keeps its bits.
    mean = sum(share * tensor.detach().double() for tensor, share in pairs if share)  # (6)
    return mean.to(tensors[0].dtype)


def _check_alike(states: Sequence[ModelState]) -> None:
    """Raise `InputError` unless all states have the same names and shapes."""
    shapes = [{name: tuple(tensor.shape) for name, tensor in state.items()} for state in states]
    for node, shape in enumerate(shapes):
        for name in shapes[0].keys() | shape.keys():
            if shape.get(name) != shapes[0].get(name):
                rule = f"of shape {shapes[0].get(name)} as on node 0"
                raise InputError(f"states[{node}]: {name}", shape.get(name), rule)
