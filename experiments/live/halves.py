"""A network cut in two files, each run by the runtime of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.random import Generator
from numpy.typing import NDArray

from edgeopt.problems.networks.onnx_inputs import Given
from edgeopt.problems.networks.profile import Profile

Arrays = list[NDArray[Any]]


class TensorType(NamedTuple):
    """Name, type of the elements and shape of a tensor.

    Attributes
    ----------
    name : str
        In the network.
    dtype : str
        As NumPy names it, e.g. ``float32``.
    shape : tuple of int
        With the batch axis, which is 1.

    Examples
    --------
    See `split_network`.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
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
        What the network reads, what goes from front to back, and what the network returns. At cut
        0 the inputs cross; at the last cut nothing does.

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


@dataclass(frozen=True, eq=False)
class Half:
    """A half, or a whole network or exit, ready to run: ``half(arrays)`` returns its outputs.

    Parameters
    ----------
    inputs, outputs : tuple of TensorType
        What it reads and returns, in this order.
    crossing : int
        How many of the outputs, the first ones, are the inputs of the other half.
    results : tuple of int
        Which result of the network each of the other outputs is.
    run : callable
        Takes and returns a list of arrays; does not check them.

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
        raise NotImplementedError


def split_network(
    network: Any,
    cut: int,
    folder: str | Path,
    *,
    inputs: Given | None = None,
    input_shape: Sequence[int] | None = None,
    example: Any = None,
    allow_uncounted: bool = False,
) -> Halves:
    """Write the two halves of a network; the arguments but the first three as `profile_network`."""
    raise NotImplementedError


def load_half(path: str | Path, *, threads: int = 1) -> Half:
    """Load a file of `split_network` or `write_exit`, to run with `threads` threads."""
    raise NotImplementedError


def write_exit(halves: Halves, path: str | Path, *, rng: Generator | int) -> Path:
    """Write a file that takes what crosses the cut and returns the first result of the network.

    The suffix of `path` is replaced by that of the runtime.
    """
    raise NotImplementedError


def check_halves(
    halves: Halves, network: Any, *, rng: Generator | int = 0, tolerance: float = 1e-5
) -> None:
    """Raise `InputError` unless the halves return what the whole network returns."""
    raise NotImplementedError


def random_inputs(types: Sequence[TensorType], rng: Generator | int) -> Arrays:
    """Return arrays of these types: floats uniform in [0, 1), other types 0."""
    raise NotImplementedError


def small_network(path: str | Path, *, rng: Generator | int = 1) -> Path:
    """Write a small ONNX file with 8 cuts, of a few ms on a core."""
    raise NotImplementedError
