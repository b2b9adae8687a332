"""One local step of training over edge and cloud (5)."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from experiments.learning.joint_loss import LossWeights, joint_loss
from experiments.learning.part import Part, Tensors

Gradients = list[torch.Tensor | None]
"""One for each tensor at the cut, None where nothing depends on it."""


class Parts(NamedTuple):
    """Who takes part: a node with layers 1..j, the cloud with j+1..N, the master with the exit.

    Without layers in the cloud (j = N) its part only computes the loss. The exit may be missing.
    """

    edge: Part
    cloud: Part
    exit: Part | None


def split_step(
    parts: Parts,
    images: torch.Tensor,
    labels: torch.Tensor,
    weights: LossWeights,
    *,
    asleep: bool = False,
) -> float:
    """Train all parts on one mini-batch and return its joint loss (7).

    As printed (5) is a local step on all of F, most of which is not on the node. Here the node
    sends the tensors at the cut to the cloud and their map to the exit head; both send the gradient
    of their term of (7) back, and the node goes on with the sum.

    Parameters
    ----------
    parts : Parts
        Changed in place, one step (5) each.
    images, labels : Tensor, shape (n, channels, height, width) and (n,)
        The mini-batch.
    weights : LossWeights
        a and b of (7).
    asleep : bool
        Whether the task ends at the exit head; then the cloud learns nothing from it.
    """
    sent: Tensors = parts.edge.module((images,))
    at_exit, at_cloud = Gradients(), Gradients()
    edge_loss, cloud_loss = 0.0, None
    if parts.exit is not None and weights.a:
        edge_loss, at_exit = _far_step(parts.exit, sent[:1], labels, weights.a)
    if not asleep:
        cloud_loss, at_cloud = _far_step(parts.cloud, sent, labels, weights.b)
    _send_back(sent, at_exit, at_cloud)
    parts.edge.step()
    return float(joint_loss(edge_loss, cloud_loss, weights))


def _far_step(
    part: Part, sent: Tensors, labels: torch.Tensor, weight: float
) -> tuple[float, Gradients]:
    """Train a part behind the cut; return its loss and the weighted gradient of each tensor."""
    received = tuple(tensor.detach().requires_grad_(tensor.requires_grad) for tensor in sent)
    loss = cross_entropy(part.module(received)[0], labels)
    (weight * loss).backward()
    part.step()
    return float(loss.detach()), [tensor.grad for tensor in received]


def _send_back(sent: Tensors, *returned: Gradients) -> None:
    """Go back through the node's layers with the sum of the gradients that were returned."""
    tensors, sums = [], []
    for tensor, gradients in zip(sent, zip_longest(*returned), strict=False):
        known = [gradient for gradient in gradients if gradient is not None]
        if known:
            tensors.append(tensor)
            sums.append(sum(known[1:], start=known[0]))
    if tensors:
        torch.autograd.backward(tensors, sums)
