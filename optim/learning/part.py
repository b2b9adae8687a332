"""The part of a network on one machine: layers and their optimiser; PyTorch's device and bits."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import torch

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
