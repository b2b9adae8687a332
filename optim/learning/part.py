"""Parts of a network in training, one on each machine; a step over edge and cloud (5), (7)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, NamedTuple

import torch
from torch.nn.functional import cross_entropy

from edgeopt.optim.learning.networks.layers import Tensors
from edgeopt.optim.learning.training import Training
from edgeopt.problems.errors import InputError


class Part:
    """A module and its optimiser: stochastic gradient descent with momentum and weight decay (5).

    Parameters
    ----------
    module : torch.nn.Module
        Trained in place; it may have no parameters.
    training : Training
        Parameters of the optimiser.
    """

    def __init__(self, module: torch.nn.Module, training: Training) -> None:
        self.module = module.train()
        parameters = list(module.parameters())
        numbers = {"momentum": training.momentum, "weight_decay": training.weight_decay}
        self._optimiser = (
            torch.optim.SGD(parameters, lr=training.learning_rate, foreach=False, **numbers)
            if parameters
            else None
        )
        if self._optimiser is not None and training.momentum:
            # PyTorch creates the buffers at the first step; a state saved before needs them too.
            for weight in parameters:
                self._optimiser.state[weight]["momentum_buffer"] = torch.zeros_like(weight)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the next steps."""
        for group in self._optimiser.param_groups if self._optimiser else ():
            group["lr"] = rate

    def step(self) -> None:
        """Take a step (5) along the gradients, and clear them."""
        if self._optimiser is not None:
            self._optimiser.step()  # (5)
            self._optimiser.zero_grad()

    def state(self) -> dict[str, Any]:
        """Return weights, buffers and momentum by name: the tensors themselves, no copies."""
        tensors = dict(self.module.state_dict())
        return tensors | {f"momentum.{name}": value for name, value in self._momentum()}

    def load(self, state: dict[str, Any]) -> None:
        """Copy a state, as `state` returns it, into this part."""
        own = self.state()
        with torch.no_grad():
            for name, tensor in state.items():
                own[name].copy_(tensor)

    def _momentum(self) -> Iterable[tuple[str, torch.Tensor]]:
        """Yield the momentum of each parameter."""
        state = self._optimiser.state if self._optimiser is not None else {}
        for name, weight in self.module.named_parameters():
            if "momentum_buffer" in state.get(weight, {}):
                yield name, state[weight]["momentum_buffer"]


class LayerChain(torch.nn.Module):  # type: ignore[misc]
    """Consecutive layers of a network, from a tuple of tensors to a tuple of tensors."""

    def __init__(self, layers: Iterable[torch.nn.Module]) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, tensors: Tensors) -> Tensors:
        """Apply the layers one after another."""
        for layer in self.layers:
            tensors = layer(tensors)
        return tensors


class OnMap(torch.nn.Module):  # type: ignore[misc]
    """An exit head as a layer: it reads the first of the tensors at a cut, the map."""

    def __init__(self, head: torch.nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, tensors: Tensors) -> Tensors:
        """Return the logits of the head."""
        return (self.head(tensors[0]),)


# Where PyTorch computes, and how its results are made reproducible.

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> str:
    """Return ``cpu`` or ``cuda`` for one of `DEVICES`.

    Raises
    ------
    InputError
        If CUDA is asked for and not available.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError("device", name, "auto or cpu: this PyTorch finds no CUDA device")
    return "cuda" if available and name != "cpu" else "cpu"


def fix_bits() -> None:
    """Make PyTorch compute the same bits each time, for the rest of the process.

    With one thread, since the number of threads changes the order of summation; networks this
    small gain nothing from more, and other runs use the other cores.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic then
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False


# One training step over edge and cloud (5), and its joint loss (7).

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
