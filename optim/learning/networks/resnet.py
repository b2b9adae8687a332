"""Residual networks that can be trained and run from any cut to any other, by name."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from edgeopt.optim.learning.networks.layers import (
    BlockEnd,
    BlockStart,
    Classifier,
    Stem,
    Tensors,
    seeded,
)
from edgeopt.problems.errors import InputError, check_choice, check_integer
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.networks.zoo import (
    RESNET34,
    RESNET34_CIFAR,
    RESNET_DIGITS,
    ResidualPlan,
    residual_profile,
)

PLANS = {plan.name: plan for plan in (RESNET34, RESNET34_CIFAR, RESNET_DIGITS)}
"""The plans of the networks by name."""


def build_network(
    name: str, *, channels: int, height: int, width: int, classes: int, seed: int = 0
) -> SplitNetwork:
    """Return an untrained network.

    Parameters
    ----------
    name : str
        A key of `PLANS`.
    channels, height, width : int
        Shape of the images, which must be square.
    classes : int
        Outputs, >= 2.
    seed : int
        Seed of the initial weights: the same seed gives the same bits. PyTorch's global generator
        keeps its state.

    Raises
    ------
    InputError
        If the name is unknown, the images are not square or too small, or a number is too small.

    Examples
    --------
    >>> from edgeopt.optim.learning.networks import build_network
    >>> network = build_network("resnet-digits", channels=1, height=8, width=8, classes=10)
    >>> sum(weight.numel() for weight in network.parameters())
    44014
    """
    plan = PLANS[check_choice("network", name, PLANS)]
    check_integer("channels", channels, at_least=1)
    check_integer("classes", classes, at_least=2)
    check_integer("height", height, at_least=smallest_side(plan))
    if height != width:
        raise InputError("width", width, f"equal to height, {height}")
    with seeded(seed):
        return SplitNetwork(plan, channels, classes)


class SplitNetwork(nn.Module):  # type: ignore[misc]
    """A residual network as the chain of the N layers that its profile counts.

    Layer j runs from cut j - 1 to cut j. A tuple of tensors crosses a cut: the map and, inside a
    residual block, the skip tensor, already projected if the block has a projection.

    Parameters
    ----------
    plan : ResidualPlan
        The plan of a network without bottleneck blocks.
    channels : int
        Channels of the images.
    classes : int
        Outputs.

    Attributes
    ----------
    layers : torch.nn.ModuleList
        The N layers, each from a tuple of tensors to a tuple of tensors.

    Examples
    --------
    See `build_network`.
    """

    def __init__(self, plan: ResidualPlan, channels: int, classes: int) -> None:
        super().__init__()
        self.plan, self.channels, self.classes = plan, channels, classes
        self.layers = nn.ModuleList(_layers(plan, channels, classes))

    def run(self, tensors: Tensors, start: int, stop: int) -> Tensors:
        """Return the tensors at cut `stop`, given those at cut `start`.

        Parameters
        ----------
        tensors : tuple of torch.Tensor
            The tensors at cut `start`; at cut 0 the images (n, channels, height, width).
        start, stop : int
            Cuts, 0 <= start <= stop <= N: the layers start + 1..stop run.

        Raises
        ------
        InputError
            If `start` or `stop` is not such a cut.
        """
        check_integer("stop", stop, at_least=0, at_most=len(self.layers))
        check_integer("start", start, at_least=0, at_most=stop)
        for layer in self.layers[start:stop]:
            tensors = layer(tensors)
        return tensors

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits (n, classes) of `images` (n, channels, height, width)."""
        return self.run((images,), 0, len(self.layers))[0]

    def profile(self, input_shape: Sequence[int]) -> Profile:
        """Return work, parameters and maps for images of `input_shape`.

        Parameters
        ----------
        input_shape : sequence of int
            ``(channels, side, side)``.

        Raises
        ------
        InputError
            If the network cannot read such images.
        """
        shape = tuple(input_shape)
        if len(shape) != 3 or shape[0] != self.channels or shape[1] != shape[2]:
            raise InputError("input_shape", shape, f"({self.channels}, side, side)")
        side = check_integer("input_shape: side", shape[1], at_least=smallest_side(self.plan))
        return residual_profile(self.plan, side, self.classes, channels=self.channels)


def smallest_side(plan: ResidualPlan) -> int:
    """Return the smallest side of an image with which every projection shrinks the skip tensor.

    The last stage must read a map of more than one pixel. Only then is it right to run a
    projection with the first convolution of its block, as here (see `residual_profile`).
    """
    halved = plan.stem.stride * (plan.pool.stride if plan.pool else 1)
    return int(halved * 2 ** max(len(plan.blocks) - 2, 0) + 1)


def _layers(plan: ResidualPlan, channels: int, classes: int) -> list[nn.Module]:
    """Return the layers 1..N."""
    layers: list[nn.Module] = [Stem(channels, plan.width, plan.stem)]
    width = plan.width
    for stage, blocks in enumerate(plan.blocks):
        source, width = width, plan.width * 2**stage
        # The pooling has no cut of its own: it runs with the layer after it.
        pool = plan.pool if stage == 0 else None
        layers.append(BlockStart(source, width, 2 if stage else 1, pool=pool))
        for _ in range(blocks - 1):
            layers += [BlockEnd(width), BlockStart(width, width, 1)]
        layers.append(BlockEnd(width))
    return [*layers, Classifier(width, classes)]
