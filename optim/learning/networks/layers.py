"""The layers of a residual network, each a map from a tuple of tensors to a tuple of tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from edgeopt.problems.errors import check_integer
from edgeopt.problems.networks.builder import Window, same

Tensors = tuple[torch.Tensor, ...]
"""What crosses a cut: the map, and inside a residual block the skip tensor behind it."""


class Stem(nn.Module):  # type: ignore[misc]
    """Convolution, batch norm and ReLU of the image.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the map.
    window : Window
        Of the convolution.
    """

    def __init__(self, channels: int, width: int, window: Window) -> None:
        super().__init__()
        self.main = convolution(channels, width, window)

    def forward(self, tensors: Tensors) -> Tensors:
        """Return the map (n, width, height, width) of the image."""
        (image,) = tensors
        return (torch.relu(self.main(image)),)


class BlockStart(nn.Module):  # type: ignore[misc]
    """First convolution of a residual block, and what is added at its end.

    Parameters
    ----------
    channels : int
        Channels of the map that it reads.
    width : int
        Channels of the block.
    stride : int
        Of the convolution; the skip tensor is projected if it is not 1.
    pool : Window, optional
        Max-pool before the block.
    """

    def __init__(
        self, channels: int, width: int, stride: int, *, pool: Window | None = None
    ) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(*pool) if pool else None
        self.main = convolution(channels, width, same(3, stride))
        self.shortcut = convolution(channels, width, same(1, stride)) if stride > 1 else None

    def forward(self, tensors: Tensors) -> Tensors:
        """Return the map and the skip tensor."""
        (source,) = tensors
        source = self.pool(source) if self.pool else source
        main = torch.relu(self.main(source))
        return main, self.shortcut(source) if self.shortcut else source


class BlockEnd(nn.Module):  # type: ignore[misc]
    """Last convolution of a residual block, the addition and ReLU.

    Parameters
    ----------
    width : int
        Channels of the block.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.main = convolution(width, width, same(3))

    def forward(self, tensors: Tensors) -> Tensors:
        """Return the map of the block."""
        main, skip = tensors
        return (torch.relu(skip + self.main(main)),)


class Classifier(nn.Module):  # type: ignore[misc]
    """Global average pooling and the fully connected layer.

    Parameters
    ----------
    channels : int
        Channels of the map that it reads.
    classes : int
        Outputs.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, classes)

    def forward(self, tensors: Tensors) -> Tensors:
        """Return the logits (n, classes)."""
        (source,) = tensors
        return (self.fc(source.mean((2, 3))),)


def convolution(channels: int, width: int, window: Window) -> nn.Sequential:
    """Return a convolution without bias and its batch norm.

    The weights are He's: normal with deviation sqrt(2 / (kernel^2 width)), so that the gradient
    keeps its size through layers that end in ReLU.

    References
    ----------
    K. He et al., "Delving deep into rectifiers", ICCV 2015, equation (14).
    """
    conv = nn.Conv2d(channels, width, *window, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(width))


# Initial weights that depend on a seed alone.

_LARGEST = 2**63 - 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Start PyTorch's generator of the CPU at `seed`, and put it back on leaving.

    Raises
    ------
    InputError
        If `seed` is no integer in 0..2^63 - 1.
    """
    check_integer("seed", seed, at_least=0, at_most=_LARGEST)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
