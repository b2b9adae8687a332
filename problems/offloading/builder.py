"""Build the layer graph of a convolutional network, layer after layer."""

from __future__ import annotations

import math

from problems.errors import InputError, check_integer
from problems.offloading.cuts import cut_ends_of
from problems.offloading.layer import Layer
from problems.offloading.macs import conv_macs, matmul_macs
from problems.offloading.profile import Profile
from problems.offloading.window import Window


class NetworkBuilder:
    """A layer graph under construction; its methods add layers and return the index of the last.

    A layer reads the one added last unless `source` says otherwise. ReLU is left out: it has no
    work, parameters or map of its own.

    Parameters
    ----------
    name : str
        Name of the network.
    input_size : int
        Side of the square image.
    channels : int
        Channels of the image; 3 for RGB.

    Raises
    ------
    InputError
        If the image is too small, here or when a window no longer fits.
    """

    def __init__(self, name: str, input_size: int, *, channels: int = 3) -> None:
        self.input_size = check_integer("input_size", input_size, at_least=1)
        self.channels = check_integer("channels", channels, at_least=1)
        self.name = name
        self.layers: list[Layer] = []

    @property
    def last(self) -> int:
        """Index of the layer added last; -1 is the input."""
        return len(self.layers) - 1

    def shape(self, source: int) -> tuple[int, ...]:
        """Return the shape (channels, height, width) or (features,) of a layer or the input."""
        if source < 0:
            return (self.channels, self.input_size, self.input_size)
        return self.layers[source].output_shape

    def conv(
        self, name: str, channels: int, window: Window, *, groups: int = 1, norm: bool = True,
        source: int | None = None, kind: str = "conv",
    ) -> int:  # fmt: skip
        """Add a convolution and its batch norm, or a convolution with bias if not `norm`."""
        source = self.last if source is None else source
        weight = (channels, self.shape(source)[0] // groups, window.kernel, window.kernel)
        shape = (channels, *self._slide(name, window, source))
        parameters = math.prod(weight) + (0 if norm else channels)
        last = self._add(name, kind, conv_macs(shape, weight), parameters, shape, source)
        return self._add(f"{name}_bn", "norm", 0, 2 * channels, shape, last) if norm else last

    def pool(self, name: str, window: Window) -> int:
        """Add a pooling."""
        shape = (self.shape(self.last)[0], *self._slide(name, window, self.last))
        return self._add(name, "pool", 0, 0, shape, self.last)

    def pool_to(self, name: str, size: int) -> int:
        """Add an adaptive average pooling to `size` x `size`."""
        shape = (self.shape(self.last)[0], size, size)
        return self._add(name, "pool", 0, 0, shape, self.last)

    def fc(self, name: str, features: int) -> int:
        """Add a fully connected layer with bias on the flattened output of the last layer."""
        inner = self.layers[self.last].elements
        macs = matmul_macs((features,), inner)
        return self._add(name, "fc", macs, macs + features, (features,), self.last)

    def add(self, name: str, left: int, right: int) -> int:
        """Add the sum of two layers."""
        return self._add(name, "add", 0, 0, self.shape(left), left, right)

    def profile(self) -> Profile:
        """Return the finished network."""
        layers = tuple(self.layers)
        return Profile(self.name, self.shape(-1), layers, cut_ends_of(layers))

    def _slide(self, name: str, window: Window, source: int) -> tuple[int, int]:
        """Return the output's height and width, or raise if the window does not fit."""
        size = self.shape(source)[1]
        side = window.output_size(size)
        if side < 1:
            sides = f"a window of side {window.kernel} on an input of side {size}"
            rule = f"larger ({name} of {self.name} puts {sides})"
            raise InputError("input_size", self.input_size, rule)
        return side, side

    def _add(
        self, name: str, kind: str, macs: int, parameters: int, shape: tuple[int, ...], *inputs: int
    ) -> int:
        self.layers.append(Layer(name, kind, macs, parameters, shape, inputs))
        return self.last
