"""Build the layer graph of a convolutional network, and count the work of its operators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.networks.layers import Layer, cut_ends_of
from edgeopt.problems.networks.profile import Profile


class NetworkBuilder:
    """A layer graph under construction; its methods add layers and return the index of the last.

    By default a layer reads the one added before it. ReLU is omitted: it has no work, parameters
    or feature map of its own.

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
        If the image is too small, also later, when a window does not fit.

    Examples
    --------
    >>> from edgeopt.problems.networks import NetworkBuilder, same
    >>> builder = NetworkBuilder("tiny", 8, channels=1)
    >>> _ = builder.conv("conv", 4, same(3))  # the index of its last layer
    >>> _ = builder.fc("fc", 10)
    >>> network = builder.profile()
    >>> network.depth, network.layers[0].macs
    (2, 2304)
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
        """Add a convolution with batch norm, or one with bias if not `norm`."""
        source = self.last if source is None else source
        weight = (channels, self.shape(source)[0] // groups, window.kernel, window.kernel)
        shape = (channels, *self._slide(name, window, source))
        parameters = math.prod(weight) + (0 if norm else channels)
        last = self._add(name, kind, conv_macs(shape, weight), parameters, shape, source)
        # Batch norm learns a scale and a shift; at inference it has no work of its own.
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
        """Add a fully connected layer with bias, on the flattened output of the last layer."""
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
        """Return height and width of the output; raise `InputError` if the window does not fit."""
        size = self.shape(source)[1]
        side = window.output_size(size)
        if side < 1:
            sides = f"a window of side {window.kernel} on an input of side {size}"
            rule = f"larger: {name} of {self.name} has {sides}"
            raise InputError("input_size", self.input_size, rule)
        return side, side

    def _add(
        self, name: str, kind: str, macs: int, parameters: int, shape: tuple[int, ...], *inputs: int
    ) -> int:
        self.layers.append(Layer(name, kind, macs, parameters, shape, inputs))
        return self.last


# Multiply-accumulates (MACs) of the operators with weights.


def conv_macs(output_shape: Sequence[int], weight_shape: Sequence[int]) -> int:
    """Return the MACs of a convolution.

    Parameters
    ----------
    output_shape : sequence of int
        ``(channels out, *sizes)``; with a leading batch axis, the MACs of the batch.
    weight_shape : sequence of int
        ``(channels out, channels in / groups, *kernel)``.

    Notes
    -----
    The paper calls this count FLOPS. It counts MACs; 1 MAC = 2 FLOP.
    """
    return math.prod(output_shape) * math.prod(weight_shape[1:])  # (8)


def transposed_conv_macs(input_shape: Sequence[int], weight_shape: Sequence[int]) -> int:
    """Return the MACs of a transposed convolution.

    Parameters
    ----------
    input_shape : sequence of int
        ``(channels in, *sizes)``; with a leading batch axis, the MACs of the batch.
    weight_shape : sequence of int
        ``(channels in, channels out / groups, *kernel)``.
    """
    return math.prod(input_shape) * math.prod(weight_shape[1:])


def matmul_macs(output_shape: Sequence[int], inner: int) -> int:
    """Return the MACs of a matrix product whose output elements are sums of `inner` products."""
    return math.prod(output_shape) * inner


def einsum_macs(equation: str, shapes: Sequence[Sequence[int]]) -> int:
    """Return the MACs of an Einstein sum: the size of its index space for each product in it.

    Parameters
    ----------
    equation : str
        E.g. ``"bnc,cd->bnd"``; axes under an ellipsis are matched from the right.
    shapes : sequence of shapes
        Of the operands.
    """
    terms = "".join(equation.split()).partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=False):
        for label, size in zip(_labels(term, len(shape)), shape, strict=False):
            sizes[label] = max(sizes.get(label, 1), size)
    return math.prod(sizes.values()) * (len(shapes) - 1)


def _labels(term: str, axes: int) -> list[str]:
    """Return a label for each axis; those under an ellipsis are numbered from the right."""
    before, dots, after = term.partition("...")
    hidden = axes - len(before) - len(after) if dots else 0
    return [*before, *(f"...{i}" for i in range(hidden, 0, -1)), *after]


# The sliding window of a convolution or pooling.


class Window(NamedTuple):
    """A square window.

    Parameters
    ----------
    kernel : int
        Side of the window.
    stride : int
        Step between two positions of the window.
    padding : int
        Zeros added on each side of the input; the paper calls it Po, the pooling size.

    Examples
    --------
    See `NetworkBuilder`.
    """

    kernel: int
    stride: int = 1
    padding: int = 0

    def output_size(self, size: int) -> int:
        """Return the side of the output for an input of side `size`; < 1 if the window is larger.

        Departs from the paper, whose formula has no floor and thus yields fractions.
        """
        return (size - self.kernel + 2 * self.padding) // self.stride + 1  # (9)


def same(kernel: int, stride: int = 1) -> Window:
    """Return the window that preserves the size of its input at stride 1; `kernel` is odd.

    Examples
    --------
    See `NetworkBuilder`.
    """
    return Window(kernel, stride, kernel // 2)
