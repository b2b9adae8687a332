"""The profile of a network: work, memory and crossing data of each cut."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from edgeopt.problems.errors import InputError, IntArray, check_integer
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.layers import FLOAT32, Layer, check_shape

__all__ = ["Layer", "Profile"]


@dataclass(frozen=True, eq=False)
class Profile:
    """A layer graph and its cuts, for one sample.

    Cut j in 1..N places ``layers[:cut_ends[j - 1]]`` on the edge; cut 0 places all layers in the
    cloud. Arrays over the cuts are int64, read-only, of shape (N + 1,), and computed once.

    Parameters
    ----------
    name : str
        Name of the network.
    input_shape : tuple of int
        Shape of the input without the batch axis.
    layers : tuple of Layer
        In topological order.
    cut_ends : tuple of int
        Strictly increasing, the last one ``len(layers)``; see `cut_ends_of`.
    input_element_bytes : int
        Bytes of an element of the input: 4 in float32.
    measured : mapping of str to LayerTimes
        Measured times of the layers by device; systems name them, see `load_system`.

    Raises
    ------
    InputError
        If layer names repeat, a layer reads a later one, `cut_ends` break their rule, or there
        are measured times of another number of layers.

    Examples
    --------
    >>> from edgeopt import load_network
    >>> profile = load_network("alexnet")
    >>> profile.depth, profile.cut_names[:3]
    (8, ('input', 'conv1', 'conv2'))
    """

    name: str
    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]
    cut_ends: tuple[int, ...]
    input_element_bytes: int = FLOAT32
    measured: Mapping[str, LayerTimes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_shape("input_shape", self.input_shape)
        check_integer("input_element_bytes", self.input_element_bytes, at_least=1, at_most=16)
        _check_order(self.layers)
        rule = f"strictly increasing from >= 1 to the number of layers, {len(self.layers)}"
        ends = (0, *self.cut_ends)
        rising = all(a < b for a, b in pairwise(ends))
        if not self.cut_ends or not rising or ends[-1] != len(self.layers):
            raise InputError("cut_ends", self.cut_ends, rule)
        for device, times in self.measured.items():
            if times.seconds.size != len(self.layers):
                rule = f"a time for each of {len(self.layers)} layers"
                raise InputError(f"measured: {device}", times.seconds.size, rule)

    @property
    def depth(self) -> int:
        """Number of cuts N besides cut 0, the number of layers in the paper."""
        return len(self.cut_ends)

    @cached_property
    def cut_names(self) -> tuple[str, ...]:
        """Name of each cut: ``input``, then the last counted layer on its edge side."""
        return ("input", *(self.layers[i].name for i in self._last_counted))

    @cached_property
    def edge_macs(self) -> IntArray:
        """MACs on the edge, shortcuts included, Z^j in the paper (8, 9)."""
        return self._prefix_sums(layer.macs for layer in self.layers)  # (8)

    @cached_property
    def cloud_macs(self) -> IntArray:
        """MACs in the cloud (14)."""
        return _read_only(self.edge_macs[-1] - self.edge_macs)  # (14): Z^N - Z^j

    @cached_property
    def edge_parameters(self) -> IntArray:
        """Parameters on the edge, with biases, batch-norm scales and shortcuts."""
        return self._prefix_sums(layer.parameters for layer in self.layers)

    @cached_property
    def chain_parameters(self) -> IntArray:
        """Parameters of the counted layers on the edge (10): no batch norm, no shortcuts."""
        return self._prefix_sums(  # (10): weights
            layer.parameters if layer.is_counted else 0 for layer in self.layers
        )

    @cached_property
    def map_elements(self) -> IntArray:
        """Sum of the feature maps on the edge (10), without the input.

        As printed, the sum runs along the main path: poolings count, shortcuts do not, and
        in-place layers (normalisation, activation, addition) have no map of their own.
        """
        return self._prefix_sums(  # (10): maps
            0 if layer.is_in_place or layer.kind == "shortcut" else layer.elements
            for layer in self.layers
        )

    @cached_property
    def output_elements(self) -> IntArray:
        """Elements of the feature map of layer j alone, Map_j in the paper (15).

        At cut 0 this is the input, at cut N the result of the network. The printed reading misses
        the skip tensor of a cut inside a residual block, see `crossing_elements`.
        """
        maps = [self.layers[i].elements for i in self._last_counted[:-1]]
        return _read_only([self._input_elements, *maps, self.layers[-1].elements])

    @cached_property
    def crossing_elements(self) -> IntArray:
        """Elements of all distinct tensors that cross the cut; 0 at cut N.

        Corrected reading of Map_j in (15): the tensors that the edge computes (or the input) and
        the cloud reads. The result goes back to the user and is not uploaded.
        """
        ends = (0, *self.cut_ends)
        return _read_only(crossing_elements(self.layers, self._input_elements, ends))

    @cached_property
    def peak_elements(self) -> IntArray:
        """Most elements that are live at one time while the edge side runs; 0 at cut 0.

        Corrected reading of (10) for inference, which frees a map after its last reader.
        """
        peak = np.maximum.accumulate(live_elements(self.layers, self._input_elements))
        return _read_only([0, *peak[np.array(self.cut_ends) - 1]])

    # The same in bytes: each tensor and parameter in the type that the network gives it.

    @cached_property
    def edge_parameter_bytes(self) -> IntArray:
        """Bytes of `edge_parameters`."""
        return self._prefix_sums(layer.stored_bytes for layer in self.layers)

    @cached_property
    def chain_parameter_bytes(self) -> IntArray:
        """Bytes of `chain_parameters`."""
        return self._prefix_sums(
            layer.stored_bytes if layer.is_counted else 0 for layer in self.layers
        )

    @cached_property
    def map_bytes(self) -> IntArray:
        """Bytes of `map_elements`."""
        return self._prefix_sums(
            0 if layer.is_in_place or layer.kind == "shortcut" else layer.output_bytes
            for layer in self.layers
        )

    @cached_property
    def output_bytes(self) -> IntArray:
        """Bytes of `output_elements`."""
        maps = [self.layers[i].output_bytes for i in self._last_counted[:-1]]
        return _read_only([self._input_bytes, *maps, self.layers[-1].output_bytes])

    @cached_property
    def crossing_bytes(self) -> IntArray:
        """Bytes of `crossing_elements`."""
        sizes = [self._input_bytes, *(layer.output_bytes for layer in self.layers)]
        return _read_only(_crossing(self.layers, sizes, (0, *self.cut_ends)))

    @cached_property
    def peak_bytes(self) -> IntArray:
        """Most bytes that are live at one time while the edge side runs; 0 at cut 0."""
        sizes = [self._input_bytes, *(layer.output_bytes for layer in self.layers)]
        peak = np.maximum.accumulate(_live(self.layers, sizes))
        return _read_only([0, *peak[np.array(self.cut_ends) - 1]])

    @property
    def _input_bytes(self) -> int:
        return self._input_elements * self.input_element_bytes

    @cached_property
    def _last_counted(self) -> tuple[int, ...]:
        """Index of the last counted layer on the edge side of each cut 1..N."""
        last, found = [], None
        for i, layer in enumerate(self.layers):
            found = i if layer.is_counted else found
            # Before the first counted layer there is none: such a cut bears the name of layer i.
            last.append(i if found is None else found)
        return tuple(last[end - 1] for end in self.cut_ends)

    @property
    def _input_elements(self) -> int:
        return math.prod(self.input_shape)

    def _prefix_sums(self, values: Iterable[int]) -> IntArray:
        """Sum one value per layer over the edge side of each cut."""
        sums = np.cumsum([0, *values], dtype=np.int64)
        return _read_only(sums[[0, *self.cut_ends]])


def _check_order(layers: tuple[Layer, ...]) -> None:
    """Raise `InputError` if a name repeats or a layer reads itself or a later one."""
    names: set[str] = set()
    for index, layer in enumerate(layers):
        if layer.name in names:
            raise InputError("layer name", layer.name, "unique in its network")
        names.add(layer.name)
        for source in layer.inputs:
            rule = {"at_least": -1, "at_most": index - 1}
            check_integer(f"layer {layer.name}: inputs", source, **rule)


def _read_only(values: IntArray | list[int]) -> IntArray:
    """Return `values` as a read-only int64 array."""
    array = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array


# The life of each tensor: what crosses a cut, and what is in memory while a layer runs.


def _last_uses(layers: Sequence[Layer]) -> IntArray:
    """Return the last step at which each tensor is read.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order, length n.

    Returns
    -------
    (n + 1,) int64 array
        Entry 0 is the input of the network, entry i + 1 the output of layer i; n marks a result,
        that is a tensor that no layer reads.
    """
    last = np.full(len(layers) + 1, -1, dtype=np.int64)
    for step, layer in enumerate(layers):
        last[np.array(layer.inputs) + 1] = step
    last[1:][last[1:] < 0] = len(layers)
    return last


def crossing_elements(
    layers: Sequence[Layer], input_elements: int, ends: Sequence[int]
) -> IntArray:
    """Return the number of elements that cross each cut, with every tensor counted once.

    A tensor crosses the cut ``layers[:end]`` if it is computed before (as the input is) and read
    after it. A result computed before the cut goes back to the user and does not cross.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order, length n.
    input_elements : int
        Elements of the input of the network.
    ends : sequence of int
        Ends of the prefixes, each in 0..n.

    Returns
    -------
    (len(ends),) int64 array
        Elements to upload at each cut.
    """
    return _crossing(layers, [input_elements, *(layer.elements for layer in layers)], ends)


def _crossing(layers: Sequence[Layer], tensors: Sequence[int], ends: Sequence[int]) -> IntArray:
    """Sum the sizes of the tensors, input first, that cross each cut."""
    sizes = np.array(tensors, dtype=np.int64)
    last = _last_uses(layers)
    last[last == len(layers)] = -1  # a result crosses no cut
    crossing = sum_while_alive(sizes, np.arange(len(sizes)), last + 1)
    return crossing.take(ends)


def live_elements(layers: Sequence[Layer], input_elements: int) -> IntArray:
    """Return the elements in memory while each layer runs.

    A tensor lives from the step that computes it to the last one that reads it; the input lives
    from the start, a result to the end. An in-place layer overwrites one input of the same size
    that no later layer reads. The n `layers` and `input_elements` are those of `crossing_elements`.

    Returns
    -------
    (n,) int64 array
        Elements live at each step. They do not depend on the cut: what the cloud needs is what a
        later layer reads.
    """
    return _live(layers, [input_elements, *(layer.elements for layer in layers)])


def _live(layers: Sequence[Layer], tensors: Sequence[int]) -> IntArray:
    """Sum the sizes of the tensors, input first, that are in memory while each layer runs."""
    sizes = np.array(tensors, dtype=np.int64)
    return sum_while_alive(sizes, *lifetimes(layers, sizes))[: len(layers)]


def lifetimes(layers: Sequence[Layer], sizes: IntArray) -> tuple[IntArray, IntArray]:
    """Return the steps ``start <= step < stop`` during which each tensor is in memory.

    Parameters
    ----------
    layers : sequence of Layer
        In topological order, length n.
    sizes : (n + 1,) int64 array
        Elements, or bytes, of the input and of each layer's output.

    Returns
    -------
    start : (n + 1,) int64 array
        The first step of each tensor, as `live_elements` counts them.
    stop : (n + 1,) int64 array
        The step after its last.
    """
    stop = _last_uses(layers) + 1
    for step, layer in enumerate(layers):
        read = [i + 1 for i in layer.inputs if layer.is_in_place]
        free = [t for t in read if stop[t] == step + 1 and sizes[t] == sizes[step + 1]]
        stop[free[:1]] = step
    return np.maximum(np.arange(len(sizes)) - 1, 0), stop


def sum_while_alive(sizes: IntArray, start: IntArray, stop: IntArray) -> IntArray:
    """Sum the `sizes` of the tensors with ``start <= step < stop``, for every step."""
    # Add each size where its life starts, subtract it where it stops, and accumulate.
    change = np.zeros(len(sizes) + 1, dtype=np.int64)
    alive = stop > start
    np.add.at(change, start[alive], sizes[alive])
    np.subtract.at(change, stop[alive], sizes[alive])
    return np.cumsum(change)
