"""The exit head: the master's simplified model after the cut, or a branch of BranchyNet."""

from __future__ import annotations

import torch
from torch import nn

from edgeopt.optim.learning.networks.layers import convolution, seeded
from edgeopt.problems.errors import check_integer
from edgeopt.problems.networks.builder import same


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
