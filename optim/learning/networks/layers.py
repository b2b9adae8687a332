"""The layers of a residual network, on tuples of tensors, and the exit head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from edgeopt.problems.errors import check_integer
from edgeopt.problems.networks.builder import Window, same

Tensors = tuple[torch.Tensor, ...]
"""The tensors at a cut: the map and, inside a residual block, the skip tensor."""


class Stem(nn.Module):  # type: ignore[misc]
    """Convolution, batch norm and ReLU of the image.

    Parameters
    ----------
    channels : int
        Channels of the image.
    width : int
        Channels of the map.
    window : Window
        Kernel, stride and padding of the convolution.
    """

    def __init__(self, channels: int, width: int, window: Window) -> None:
        super().__init__()
        self.main = convolution(channels, width, window)

    def forward(self, tensors: Tensors) -> Tensors:
        """Return the map (n, width, height, width) of the image."""
        (image,) = tensors
        return (torch.relu(self.main(image)),)


class BlockStart(nn.Module):  # type: ignore[misc]
    """First convolution of a residual block, and the skip tensor that its end adds.

    Parameters
    ----------
    channels : int
        Channels of the input map.
    width : int
        Channels of the block.
    stride : int
        Stride of the convolution; unless it is 1, the skip tensor is projected.
    pool : Window, optional
        Max-pooling before the block.
    """

    def __init__(
        self, channels: int, width: int, stride: int, *, pool: Window | None = None
    ) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(*pool) if pool else None
        self.main = convolution(channels, width, same(3, stride))
        # With stride 1 the shapes agree and the input itself is added.
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
        Channels of the input map.
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

    Initialised after He et al.: normal with standard deviation sqrt(2 / (kernel^2 width)), which
    keeps the magnitude of gradients through layers that end in ReLU.

    References
    ----------
    K. He et al., "Delving deep into rectifiers", ICCV 2015, equation (14).
    """
    conv = nn.Conv2d(channels, width, *window, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(width))


# Initial weights that depend only on a seed.

_LARGEST_SEED = 2**63 - 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch's CPU generator with `seed`, and restore its state on leaving.

    Raises
    ------
    InputError
        If `seed` is not an integer in 0..2^63 - 1.
    """
    check_integer("seed", seed, at_least=0, at_most=_LARGEST_SEED)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


# The exit head.


class ExitHead(nn.Module):  # type: ignore[misc]
    """Classify the map at a cut: global average pooling and one fully connected layer.

    It reads only the map, not the skip tensor of a cut inside a residual block; the map may be the
    image (cut 0).

    Parameters
    ----------
    channels : int
        Channels of the map, >= 1.
    classes : int
        Outputs, >= 2.
    convolved : bool
        Whether a 3 x 3 convolution that keeps the channels, its batch norm and ReLU come first,
        as in BranchyNet's branches.
    seed : int
        Seed of the initial weights, see `build_network`.

    Raises
    ------
    InputError
        If a number is too small.

    References
    ----------
    S. Teerapittayanon et al., "BranchyNet: fast inference via early exiting from deep neural
    networks", ICPR 2016.

    Examples
    --------
    >>> import torch
    >>> from edgeopt.optim.learning.networks import ExitHead
    >>> ExitHead(16, 10)(torch.zeros(1, 16, 4, 4)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self, channels: int, classes: int, *, convolved: bool = False, seed: int = 0
    ) -> None:
        super().__init__()
        check_integer("channels", channels, at_least=1)
        check_integer("classes", classes, at_least=2)
        # A stream of its own: an exit must not change the weights of the network.
        with seeded(seed):
            self.conv = convolution(channels, channels, same(3)) if convolved else None
            self.fc = nn.Linear(channels, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits (n, classes) of the map `features` (n, channels, height, width)."""
        features = torch.relu(self.conv(features)) if self.conv else features
        return self.fc(features.mean((2, 3)))
