"""One training step over edge and cloud (5), and its joint loss (7)."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from edgeopt.optim.learning.networks.layers import Tensors
from edgeopt.optim.learning.part import Part

Gradients = list[torch.Tensor | None]
"""The gradient of each tensor at the cut, None if the loss does not depend on it."""


class LossWeights(NamedTuple):
    """The weights of (7): a of the edge exit, b of the cloud. The paper gives no values."""

    a: float
    b: float


def joint_loss(
    edge_loss: torch.Tensor | float, cloud_loss: torch.Tensor | float | None, weights: LossWeights
) -> torch.Tensor | float:
    """Return a F_e + b F_c (7), or a F_e while the cloud sleeps.

    Parameters
    ----------
    edge_loss : Tensor or float
        F_e, mean cross entropy of the exit head's answers.
    cloud_loss : Tensor, float or None
        F_c, that of the whole network's answers; None for a dormant task. The paper does not say
        what becomes of b F_c in dormancy; it cannot be computed then and is left out.
    weights : LossWeights
        a and b.
    """
    if cloud_loss is None:
        return weights.a * edge_loss
    return weights.a * edge_loss + weights.b * cloud_loss  # (7)


class SplitParts(NamedTuple):
    """The machines in a step: a node with layers 1..j, the cloud with j+1..N, the exit's master.

    Without layers in the cloud (j = N), its part only computes the loss. The exit may be None.
    """

    edge: Part
    cloud: Part
    exit: Part | None


def split_step(
    parts: SplitParts,
    images: torch.Tensor,
    labels: torch.Tensor,
    weights: LossWeights,
    *,
    asleep: bool = False,
) -> float:
    """Train all parts on one mini-batch and return its joint loss (7).

    Departs from (5) as printed, a local step on all of F, most of whose layers are not on the node.
    Here the node sends the tensors at the cut to the cloud and their map to the exit head; both
    return the gradient of their term of (7), and the node backpropagates the sum.

    Parameters
    ----------
    parts : SplitParts
        Changed in place by one step (5) each.
    images, labels : Tensor, shape (n, channels, height, width) and (n,)
        The mini-batch.
    weights : LossWeights
        a and b of (7).
    asleep : bool
        Whether the task ends at the exit head, so that the cloud does not learn from it.
    """
    sent: Tensors = parts.edge.module((images,))
    at_exit, at_cloud = Gradients(), Gradients()
    edge_loss, cloud_loss = 0.0, None
    if parts.exit is not None and weights.a:
        edge_loss, at_exit = _remote_step(parts.exit, sent[:1], labels, weights.a)
    if not asleep:
        cloud_loss, at_cloud = _remote_step(parts.cloud, sent, labels, weights.b)
    _backpropagate(sent, at_exit, at_cloud)
    parts.edge.step()  # (5)
    return float(joint_loss(edge_loss, cloud_loss, weights))


def _remote_step(
    part: Part, sent: Tensors, labels: torch.Tensor, weight: float
) -> tuple[float, Gradients]:
    """Train a part after the cut; return its loss and the weighted gradient of each tensor."""
    # Detached, as if the tensors had crossed the network: autograd stops here.
    received = tuple(tensor.detach().requires_grad_(tensor.requires_grad) for tensor in sent)
    loss = cross_entropy(part.module(received)[0], labels)
    (weight * loss).backward()
    part.step()  # (5)
    return float(loss.detach()), [tensor.grad for tensor in received]


def _backpropagate(sent: Tensors, *returned: Gradients) -> None:
    """Backpropagate the sum of the returned gradients through the node's layers."""
    tensors, sums = [], []
    # The exit reads the map only: its gradients are fewer than the tensors sent.
    for tensor, gradients in zip(sent, zip_longest(*returned), strict=False):
        known = [gradient for gradient in gradients if gradient is not None]
        if known:
            tensors.append(tensor)
            sums.append(sum(known[1:], start=known[0]))
    if tensors:
        torch.autograd.backward(tensors, sums)
