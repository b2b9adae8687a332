"""The layers of a network: their work, parameters and outputs, and the cuts between them."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeopt.problems.errors import InputError, check_integer

IN_PLACE = frozenset({"norm", "activation", "add", "multiply", "identity"})
"""Kinds that overwrite the tensor they read, and thus have no feature map of their own."""

FLOAT32 = 4
"""Bytes of an element, unless a network says otherwise."""

LARGEST_COUNT = 2**48
"""Most MACs, parameters or elements of a layer: sums over a network then fit into int64."""


def check_shape(field: str, shape: tuple[int, ...]) -> None:
    """Raise `InputError` unless `shape` has an axis, sizes >= 1 and at most 2**48 elements."""
    if not shape:
        raise InputError(field, shape, "a shape with at least one axis")
    for size in shape:
        check_integer(field, size, at_least=1)
    check_integer(f"{field}: elements", math.prod(shape), at_most=LARGEST_COUNT)


@dataclass(frozen=True)
class Layer:
    """One node of the layer graph, for one sample.

    Parameters
    ----------
    name : str
        Unique in its network, without blanks, not ``input``.
    kind : str
        ``conv``, ``fc``, ``matmul``, ``recurrent``, ``pool``, ``concat``, ``shortcut`` (a
        projection beside the main path), one of `IN_PLACE`, or ``other``.
    macs : int
        Multiply-accumulates, >= 0; 1 MAC = 2 FLOP.
    parameters : int
        Parameters, biases and batch-norm scales included, >= 0.
    output_shape : tuple of int
        Shape of the output without the batch axis, e.g. ``(64, 56, 56)``.
    inputs : tuple of int
        Indices in `Profile.layers` of the layers it reads; -1 is the input of the network.
    element_bytes : int
        Bytes of an element of the output: 4 in float32, 2 in float16, 1 in int8.
    parameter_bytes : int, optional
        Bytes of all parameters; by default 4 for each.

    Raises
    ------
    InputError
        If a field breaks its rule; the message names the layer.

    Examples
    --------
    >>> from edgeopt.problems.networks import Layer, Profile
    >>> layer = Layer("fc", "linear", 40, 44, (4,), (-1,))
    >>> Profile("tiny", (10,), (layer,), cut_ends=(1,)).depth
    1
    """

    name: str
    kind: str
    macs: int
    parameters: int
    output_shape: tuple[int, ...]
    inputs: tuple[int, ...]
    element_bytes: int = FLOAT32
    parameter_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.name.split() != [self.name] or self.name == "input":
            raise InputError("layer name", self.name, "a text without blanks, not 'input'")
        place = f"layer {self.name}"
        check_integer(f"{place}: macs", self.macs, at_least=0, at_most=LARGEST_COUNT)
        check_integer(f"{place}: parameters", self.parameters, at_least=0, at_most=LARGEST_COUNT)
        check_shape(f"{place}: output_shape", self.output_shape)
        check_integer(f"{place}: element_bytes", self.element_bytes, at_least=1, at_most=16)
        if self.parameter_bytes is not None:
            limits = {"at_least": 0, "at_most": 16 * LARGEST_COUNT}
            check_integer(f"{place}: parameter_bytes", self.parameter_bytes, **limits)
        if not self.inputs:
            raise InputError(f"{place}: inputs", self.inputs, "at least one layer or the input, -1")

    @property
    def elements(self) -> int:
        """Number of elements of the output."""
        return math.prod(self.output_shape)

    @property
    def output_bytes(self) -> int:
        """Bytes of the output."""
        return self.elements * self.element_bytes

    @property
    def stored_bytes(self) -> int:
        """Bytes of the parameters."""
        stored = self.parameter_bytes
        return FLOAT32 * self.parameters if stored is None else stored

    @property
    def is_counted(self) -> bool:
        """Whether the paper numbers this layer: it has work and is on the main path."""
        return self.macs > 0 and self.kind != "shortcut"

    @property
    def is_in_place(self) -> bool:
        """Whether the output overwrites an input."""
        return self.kind in IN_PLACE


# Where a network may be cut: after each layer that the paper numbers.


def cut_ends_of(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the end of the edge side ``layers[:end]`` for the cuts 1..N.

    There is one cut for each counted layer (it has work and is on the main path). It lies after
    the in-place layers and projection shortcuts that follow the counted layer, but before a
    pooling: the addition that closes a residual block belongs to the last convolution of the
    block. The last cut lies after the last layer.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order.

    Raises
    ------
    InputError
        If no layer has any work.
    """
    counted = [i for i, layer in enumerate(layers) if layer.is_counted]
    if not counted:
        raise InputError("layers", [layer.name for layer in layers], "layers of which one has MACs")
    # Tables may count the work of in-place layers too: these end where the layer before them does.
    ends = [*dict.fromkeys(_after_followers(layers, index + 1) for index in counted)]
    return (*ends[:-1], len(layers))  # at cut N nothing remains for the cloud


def _after_followers(layers: Sequence[Layer], end: int) -> int:
    """Return the end of the in-place layers and shortcuts that start at `end`."""
    while end < len(layers) and (layers[end].is_in_place or layers[end].kind == "shortcut"):
        end += 1
    return end


# What an importer does not count.

MOST_UNCOUNTED = 0.05
"""Largest share of the bytes moved by layers of unknown work, without `allow_uncounted`."""


def check_uncounted(
    source: str,
    layers: Sequence[Layer],
    uncounted: Mapping[int, Sequence[str]],
    *,
    allowed: bool,
) -> None:
    """Warn of the layers whose work is not counted, or refuse them if their share is large.

    Their work is not known. What a layer reads and writes, parameters included, stands for it.

    Parameters
    ----------
    source : str
        Name of the network, for messages.
    layers : sequence of Layer
        All layers.
    uncounted : mapping
        Operators that are not counted, by index of the layer that has them.
    allowed : bool
        Whether they may count as zero work although they have more than `MOST_UNCOUNTED`.

    Raises
    ------
    InputError
        If they have, and may not.
    """
    if not uncounted:
        return
    moved = [_moved_bytes(layers, layer) for layer in layers]
    share = sum(moved[i] for i in uncounted) / sum(moved)
    counts = Counter(name for names in uncounted.values() for name in names)
    names = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    shares = f"{len(uncounted)} of {len(layers)} layers, {share:.1%} of the bytes moved"
    if share > MOST_UNCOUNTED and not allowed:
        rule = f"operators of known work for {1 - MOST_UNCOUNTED:.0%} of the bytes moved"
        remedy = "allow_uncounted (--allow-uncounted) counts them as zero work"
        raise InputError(f"{source}: operators", f"{names}: {shares}", f"{rule}; {remedy}")
    warnings.warn(f"{source}: counted as zero work: {names}; {shares}", stacklevel=3)


def _moved_bytes(layers: Sequence[Layer], layer: Layer) -> int:
    """Return the bytes that a layer reads and writes, without the input of the network."""
    read = sum(layers[i].output_bytes for i in layer.inputs if i >= 0)
    return layer.output_bytes + layer.stored_bytes + read


_NAMED = 5  # uncounted parameters in a warning


def warn_uncounted(source: str, parameters: dict[str, int]) -> None:
    """Warn once of the `parameters` (name: elements) of `source` that no layer reads, if any."""
    if parameters:
        shown = [f"{name} ({size})" for name, size in [*parameters.items()][:_NAMED]]
        more = [f"and {len(parameters) - _NAMED} more"] if len(parameters) > _NAMED else []
        total, names = sum(parameters.values()), ", ".join([*shown, *more])
        text = f"{source}: {total} parameters that no layer reads, not counted: {names}"
        warnings.warn(text, stacklevel=3)
