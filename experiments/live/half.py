"""What the halves of a network read and return, whatever runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.profile import Profile

Arrays = list[NDArray[Any]]


class TensorType(NamedTuple):
    """Name, type of the elements and shape of a tensor.

    Attributes
    ----------
    name : str
        In the file.
    dtype : str
        As NumPy names it, e.g. ``float32``.
    shape : tuple of int
        With the batch axis.

    Examples
    --------
    See `split_network`.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]

    def check(self, array: Any) -> NDArray[Any]:
        """Return `array` in one piece of memory; raise `InputError` if it is of another type."""
        if not isinstance(array, np.ndarray):
            raise InputError(f"tensor {self.name}", type(array).__name__, "an array")
        if (str(array.dtype), array.shape) != (self.dtype, self.shape):
            got = f"{array.dtype} of shape {array.shape}"
            rule = f"{self.dtype} of shape {self.shape}, batch included"
            raise InputError(f"tensor {self.name}", got, rule)
        return np.ascontiguousarray(array).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class Halves:
    """The files of a network cut in two.

    Parameters
    ----------
    profile : Profile
        The network; `cut` is one of its cuts.
    cut : int
        Layers 1..cut are in front.
    front, back : Path or None
        The files; there is no front at cut 0, and no back at the last cut.
    inputs, crossing, results : tuple of TensorType
        What the front reads (or the whole network), what goes from front to back, and what the
        network returns. At cut 0 the inputs cross; at the last cut nothing does.

    Examples
    --------
    See `split_network`.
    """

    profile: Profile
    cut: int
    front: Path | None
    back: Path | None
    inputs: tuple[TensorType, ...]
    crossing: tuple[TensorType, ...]
    results: tuple[TensorType, ...]

    @property
    def suffix(self) -> str:
        """Suffix of the files: ``.onnx`` or ``.pt2``."""
        return next(path.suffix for path in (self.front, self.back) if path is not None)


class Roles(NamedTuple):
    """What each output of a half is for: kept in its file.

    Attributes
    ----------
    crossing : int
        How many of the outputs, the first ones, the other half reads.
    results : tuple of int
        Which result of the network each of the others is.
    """

    crossing: int
    results: tuple[int, ...]

    def text(self) -> str:
        """Return what `roles_of` reads."""
        return json.dumps({"crossing": self.crossing, "results": self.results})


def roles_of(text: str | None, outputs: int) -> Roles:
    """Return the roles of `outputs` outputs; without a text, all of them are results."""
    if not text:
        return Roles(0, tuple(range(outputs)))
    read = json.loads(text)
    return Roles(int(read["crossing"]), tuple(read["results"]))


class PartGraph(Protocol):
    """The graph of a network, from which parts are taken; of tensors of its own kind.

    Attributes
    ----------
    suffix : str
        Of its files.
    sources, results : list
        The tensors that the network reads and returns.
    """

    suffix: str
    sources: list[Any]
    results: list[Any]

    def place(self, tensor: Any, /) -> int:
        """Return the layer that makes a tensor."""

    def type_of(self, tensor: Any, /) -> TensorType:
        """Return the type of a tensor."""

    def crossing(self, end: int, wanted: list[Any], /) -> list[Any]:
        """Return the tensors made before layer `end` of which the wanted ones are computed."""

    def write(self, path: Path, given: list[Any], wanted: list[Any], roles: Roles, /) -> Path:
        """Write the part that computes tensors from given ones."""


def write_halves(graph: PartGraph, profile: Profile, begin: int, cut: int, folder: Path) -> Halves:
    """Write layers begin+1..cut and those behind as two files; see `split_network`."""
    inputs, there = _at(graph, profile, begin)
    crossing, late = _at(graph, profile, cut)
    stem = f"{profile.name}-cut{cut}" if begin == 0 else f"{profile.name}-cut{begin}-{cut}"
    front = back = None
    if cut > begin:
        early = tuple(i for i in there if i not in late)
        wanted = [*crossing, *(graph.results[i] for i in early)]
        path = folder / f"{stem}-front{graph.suffix}"
        front = graph.write(path, inputs, wanted, Roles(len(crossing), early))
    if late or cut == 0:
        wanted = [graph.results[i] for i in late]
        path = folder / f"{stem}-back{graph.suffix}"
        back = graph.write(path, crossing, wanted, Roles(0, late))
    types = (tuple(map(graph.type_of, each)) for each in (inputs, crossing, graph.results))
    return Halves(profile, cut, front, back, *types)


def _at(graph: PartGraph, profile: Profile, cut: int) -> tuple[list[Any], tuple[int, ...]]:
    """Return what crosses a cut, and which results are made behind it."""
    if cut == 0:
        return graph.sources, tuple(range(len(graph.results)))
    if cut == profile.depth:
        return [], ()
    end = profile.cut_ends[cut - 1]
    late = tuple(i for i, each in enumerate(graph.results) if graph.place(each) >= end)
    return graph.crossing(end, [graph.results[i] for i in late]), late


@dataclass(frozen=True, eq=False)
class Half:
    """A half, an exit or a whole network, ready to run: ``half(arrays)`` returns its outputs.

    Parameters
    ----------
    inputs, outputs : tuple of TensorType
        What it reads and returns, in this order.
    crossing : int
        How many of the outputs, the first ones, are the inputs of the other half.
    results : tuple of int
        Which result of the network each of the other outputs is.
    run : callable
        Takes and returns a list of arrays, and does not check them.

    Examples
    --------
    See `split_network`.
    """

    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    crossing: int
    results: tuple[int, ...]
    run: Callable[[Arrays], Arrays]

    def __call__(self, arrays: Sequence[NDArray[Any]]) -> Arrays:
        """Run on arrays in the order of `inputs`.

        Raises
        ------
        InputError
            If number, type or shape of the arrays differ from `inputs`.
        """
        if len(arrays) != len(self.inputs):
            names = ", ".join(each.name for each in self.inputs)
            raise InputError("tensors", len(arrays), f"{len(self.inputs)}: {names}")
        pairs = zip(self.inputs, arrays, strict=True)
        return self.run([each.check(array) for each, array in pairs])


def random_inputs(types: Sequence[TensorType], rng: Generator | int) -> Arrays:
    """Return an array of each type: floats uniform in [0, 1), zeros of other types.

    Parameters
    ----------
    types : sequence of TensorType
        Such as `Half.inputs`.
    rng : Generator or int
        Source of randomness, or its seed.

    Examples
    --------
    >>> from edgeopt.experiments.live import TensorType, random_inputs
    >>> (array,) = random_inputs([TensorType("x", "float32", (1, 3))], rng=1)
    >>> array.shape, str(array.dtype)
    ((1, 3), 'float32')
    """
    rng = np.random.default_rng(rng)
    arrays = []
    for each in types:
        drawn = rng.random(each.shape) if each.dtype.startswith("float") else np.zeros(each.shape)
        arrays.append(drawn.astype(each.dtype))
    return arrays
