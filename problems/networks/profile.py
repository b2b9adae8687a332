"""The profile of a network: what each cut leaves on the edge and what crosses it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.networks.layers import Layer, check_shape
from edgeopt.problems.networks.tensors import IntArray, crossing_elements, live_elements

__all__ = ["Layer", "Profile"]


@dataclass(frozen=True, eq=False)
class Profile:
    """A layer graph and its cuts, for one sample.

    Cut j in 1..N keeps ``layers[:cut_ends[j - 1]]`` on the edge; cut 0 leaves everything to the
    cloud. The arrays are over j = 0..N, int64, of shape (N + 1,), computed once and read-only.

    Parameters
    ----------
    name : str
        Name of the network.
    input_shape : tuple of int
        Shape of the input without the batch axis.
    layers : tuple of Layer
        In topological order.
    cut_ends : tuple of int
        Strictly increasing, the last one ``len(layers)``; see `cuts.cut_ends_of`.

    Raises
    ------
    InputError
        If layer names repeat, a layer reads one that comes later, or `cut_ends` break their rule.

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

    def __post_init__(self) -> None:
        check_shape("input_shape", self.input_shape)
        _check_order(self.layers)
        rule = f"strictly increasing from >= 1 to the number of layers, {len(self.layers)}"
        ends = (0, *self.cut_ends)
        rising = all(a < b for a, b in pairwise(ends))
        if not self.cut_ends or not rising or ends[-1] != len(self.layers):
            raise InputError("cut_ends", self.cut_ends, rule)

    @property
    def depth(self) -> int:
        """Number of cuts N besides cut 0; the paper's number of layers."""
        return len(self.cut_ends)

    @cached_property
    def cut_names(self) -> tuple[str, ...]:
        """Name of each cut: ``input``, then the last counted layer of its edge side."""
        return ("input", *(self.layers[i].name for i in self._last_counted))

    @cached_property
    def edge_macs(self) -> IntArray:
        """MACs on the edge, shortcuts included: the paper's Z^j (8, 9)."""
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
        layers in place (normalisation, activation, addition) have no map of their own.
        """
        return self._prefix_sums(  # (10): maps
            0 if layer.is_in_place or layer.kind == "shortcut" else layer.elements
            for layer in self.layers
        )

    @cached_property
    def output_elements(self) -> IntArray:
        """Elements of the map of layer j alone, the paper's Map_j (15).

        Cut 0 has the network's input, cut N its result. This is the printed reading; it misses the
        skip tensor of a cut inside a residual block, see `crossing_elements`.
        """
        maps = [self.layers[i].elements for i in self._last_counted[:-1]]
        return _read_only([self._input_elements, *maps, self.layers[-1].elements])

    @cached_property
    def crossing_elements(self) -> IntArray:
        """Elements of all distinct tensors that cross the cut; 0 at cut N.

        Corrected reading of Map_j in (15): the tensors made on the edge (or the input) and read in
        the cloud. The result returns to the user and is not uploaded.
        """
        ends = (0, *self.cut_ends)
        return _read_only(crossing_elements(self.layers, self._input_elements, ends))

    @cached_property
    def peak_elements(self) -> IntArray:
        """Largest set of elements alive while the edge side runs in order; 0 at cut 0.

        Corrected reading of (10) for inference, which needs no map once its last reader is done.
        """
        peak = np.maximum.accumulate(live_elements(self.layers, self._input_elements))
        return _read_only([0, *peak[np.array(self.cut_ends) - 1]])

    @cached_property
    def _last_counted(self) -> tuple[int, ...]:
        """Index of the last counted layer in the edge side of each cut 1..N."""
        last, found = [], None
        for i, layer in enumerate(self.layers):
            found = i if layer.is_counted else found
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
