"""Aggregation of the edge nodes' parts at the end of a period (6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from numpy.typing import ArrayLike

from problems.errors import InputError, check_array

State = dict[str, torch.Tensor]


def aggregate(states: Sequence[State], tasks: ArrayLike) -> State:
    """Return the mean of the nodes' states, weighted by the tasks that each has done (6).

    The paper writes u for the number of nodes x and does not say which parameters are meant: those
    of the layers 1..j, of which each node has its own; cloud and exit head exist once. What floats
    is averaged: weights, running statistics of batch norm, and momentum. The last is ours: with
    one task a node and equal U, aggregated steps are then exactly steps of momentum along the mean
    gradient (Yu, Jin and Yang, "On the linear speedup analysis of communication efficient momentum
    SGD", ICML 2019, average it too). Of integers, batch norm's counters of batches, which no
    result depends on, the largest is taken.

    Parameters
    ----------
    states : sequence of dict of Tensor
        Tensors by name, of equal shapes, one dict for each of the x nodes.
    tasks : array_like, shape (x,)
        U_i >= 0, tasks done in the period. Sums are formed in float64.

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
    """Return the weighted mean of floats, the maximum of integers."""
    if not tensors[0].is_floating_point():
        return torch.stack(tensors).amax(dim=0)
    pairs = zip(tensors, shares, strict=True)
    mean = sum(share * tensor.detach().double() for tensor, share in pairs if share)  # (6)
    return mean.to(tensors[0].dtype)


def _check_alike(states: Sequence[State]) -> None:
    """Raise `InputError` unless all states have the same names and shapes."""
    shapes = [{name: tuple(tensor.shape) for name, tensor in state.items()} for state in states]
    for node, shape in enumerate(shapes):
        for name in shapes[0].keys() | shape.keys():
            if shape.get(name) != shapes[0].get(name):
                rule = f"of shape {shapes[0].get(name)} as on node 0"
                raise InputError(f"states[{node}]: {name}", shape.get(name), rule)
