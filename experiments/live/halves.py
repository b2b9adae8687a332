"""A network cut in two files, each run by the runtime of the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from edgeopt.experiments.live import onnx_halves, torch_halves
from edgeopt.experiments.live.half import (
    Arrays,
    Half,
    Halves,
    TensorType,
    random_inputs,
    write_halves,
)
from edgeopt.experiments.profiling.profile import load_module
from edgeopt.problems.errors import InputError, check_choice, check_integer
from edgeopt.problems.files import check_file
from edgeopt.problems.networks.from_onnx import read_onnx
from edgeopt.problems.networks.from_torch import read_module
from edgeopt.problems.networks.load import file_and_options, parse_inputs
from edgeopt.problems.networks.onnx_inputs import Given

_MOST_THREADS = 1024

_MOST_WEIGHTS = 10_000_000  # of an exit


def split_network(
    network: Any,
    cut: int,
    folder: str | Path,
    *,
    begin: int = 0,
    inputs: Given | None = None,
    input_shape: Sequence[int] | None = None,
    example: Any = None,
    allow_uncounted: bool = False,
) -> Halves:
    """Write the two halves of a network as files for its runtime.

    The cuts are those of the network's profile. A tensor crosses the cut if a layer in front (or
    the input) makes it and a layer behind the cut reads it; weights that both halves read are in
    both files. Files of ONNX have the sizes of the profile: an open batch is 1. Results that are
    known in front stay there: `Half.results` tells which they are.

    Parameters
    ----------
    network : str, Path or torch.nn.Module
        ``FILE.onnx``, also with sizes of inputs as in ``FILE.onnx:input=1x3x320x320``; a module, or
        ``FILE.py:NAME`` of a module or of a function that makes one.
    cut : int
        Layers 1..cut are in front, the others in the back.
    folder : str or Path
        Where the files are written; made if there is none.
    begin : int
        The front begins after layer `begin`, which is before `cut`: it is a part in the middle,
        whose inputs are what crosses cut `begin`.
    inputs : mapping, optional
        Sizes of the inputs of an ONNX file, as for `from_onnx`.
    input_shape, example : optional
        Input of a module, as for `from_torch`.
    allow_uncounted : bool
        As for `from_onnx`; the halves need no count.

    Returns
    -------
    Halves
        The files, and what they read and return.

    Raises
    ------
    InputError
        If an argument is illegal, an extra is missing, or the network cannot be read or cut.

    Examples
    --------
    >>> from pathlib import Path
    >>> from torch import nn
    >>> from edgeopt.experiments.live import load_half, random_inputs, split_network
    >>> module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 10))
    >>> halves = split_network(module, 1, Path("halves"), input_shape=(3, 32, 32))
    >>> halves.front.name, halves.back.name
    ('Sequential-cut1-front.pt2', 'Sequential-cut1-back.pt2')
    >>> front, back = load_half(halves.front), load_half(halves.back)
    >>> crossing = front(random_inputs(front.inputs, rng=1))
    >>> [each.shape for each in crossing], back(crossing)[0].shape
    ([(1, 7200)], (1, 10))
    """
    folder = Path(folder)
    path, given = _onnx_file(network, inputs)
    if path is None:
        if inputs:
            raise InputError("inputs", dict(inputs), "left out, except with an ONNX file")
        module = load_module(network)
        read = read_module(module, input_shape, example, allow_uncounted=allow_uncounted)
        _check_cuts(begin, cut, read.profile.depth)
        folder.mkdir(parents=True, exist_ok=True)
        return write_halves(torch_halves.ModuleGraph(read), read.profile, begin, cut, folder)
    if input_shape is not None or example is not None:
        raise InputError("input_shape", input_shape, "left out: `inputs` has those of a file")
    file = read_onnx(path, inputs=given, allow_uncounted=allow_uncounted)
    _check_cuts(begin, cut, file.profile.depth)
    folder.mkdir(parents=True, exist_ok=True)
    return write_halves(onnx_halves.OnnxGraph(path, file), file.profile, begin, cut, folder)


def _check_cuts(begin: int, cut: int, depth: int) -> None:
    """Raise `InputError` unless these are cuts in order."""
    check_integer("cut", cut, at_least=0, at_most=depth)
    check_integer("begin", begin, at_least=0, at_most=max(cut - 1, 0))


def _onnx_file(network: Any, inputs: Given | None) -> tuple[Path | None, Given]:
    """Return the path of an ONNX file and the sizes of its inputs; None for other networks."""
    if not isinstance(network, str | Path):
        return None, {}
    name, suffix, options = file_and_options(str(network))
    if suffix != onnx_halves.SUFFIX:
        return None, {}
    return check_file("network", name), parse_inputs(options) | dict(inputs or {})


def load_half(path: str | Path, *, threads: int = 1) -> Half:
    """Load a half or an exit, ready to run on the CPU.

    Parameters
    ----------
    path : str or Path
        A file of `split_network` or `write_exit`, or another ONNX file whose sizes are fixed.
    threads : int
        Threads of an operator.

    Raises
    ------
    InputError
        If the file cannot be loaded, or an extra is missing.

    Examples
    --------
    See `split_network`.
    """
    path = check_file("file", path)
    check_integer("threads", threads, at_least=1, at_most=_MOST_THREADS)
    known = {
        onnx_halves.SUFFIX: onnx_halves.load_onnx,
        torch_halves.SUFFIX: torch_halves.load_torch,
    }
    return known[check_choice("suffix of the file", path.suffix, [*known])](path, threads)


def check_halves(
    halves: Halves,
    network: Any,
    *,
    inputs: Given | None = None,
    example: Any = None,
    rng: Generator | int = 0,
    tolerance: float = 1e-5,
) -> float:
    """Compare the halves with the whole network on random inputs.

    Parameters
    ----------
    halves : Halves
        As `split_network` returns them, with `begin` 0.
    network, inputs, example
        As given to `split_network`.
    rng : Generator or int
        Source of the inputs, see `random_inputs`, or its seed.
    tolerance : float
        Largest difference from a result of the network, relative to the largest element of the
        result if that is above 1.

    Returns
    -------
    float
        Largest difference found.

    Raises
    ------
    InputError
        If a difference is larger than `tolerance`.

    Examples
    --------
    >>> from torch import nn
    >>> from edgeopt.experiments.live import check_halves, split_network
    >>> module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> check_halves(split_network(module, 1, "halves", input_shape=(4,)), module) <= 1e-5
    True
    """
    arrays = random_inputs(halves.inputs, rng)
    path, given = _onnx_file(network, inputs)
    if path is None:
        expected = torch_halves.run_torch(load_module(network), arrays, example)
    else:
        named = dict(zip((each.name for each in halves.inputs), arrays, strict=True))
        expected = onnx_halves.run_onnx(path, named, given)
    found = run_halves(halves, arrays)
    largest = 0.0
    for kind, one, other in zip(halves.results, found, expected, strict=True):
        scale = max(1.0, float(np.abs(other).max(initial=0)))
        difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
        largest = max(largest, float(difference.max(initial=0)) / scale)
        if one.shape != other.shape or not largest <= tolerance:
            rule = f"within {tolerance:g} of the whole network's at cut {halves.cut}"
            raise InputError(f"result {kind.name}", f"a difference of {largest:.3g}", rule)
    return largest


def run_halves(halves: Halves, arrays: Arrays) -> Arrays:
    """Return the results of the network, computed by one half after the other."""
    found: dict[int, np.ndarray] = {}
    for path in (halves.front, halves.back):
        if path is not None:
            half = load_half(path)
            made = half(arrays)
            arrays, rest = made[: half.crossing], made[half.crossing :]
            found |= dict(zip(half.results, rest, strict=True))
    return [found[i] for i in range(len(halves.results))]


def write_exit(halves: Halves, path: str | Path, *, rng: Generator | int) -> Path:
    """Write an exit: a small classifier that takes what crosses the cut.

    It averages each channel over all positions (global pooling) and computes scores of the shape
    of the network's first result by one matrix with bias, drawn at random: it takes the time of a
    simplified model, but does not classify.

    Parameters
    ----------
    halves : Halves
        Not at the last cut, which leaves nothing to do. At cut 0 the exit takes the input.
    path : str or Path
        The file; its suffix becomes that of the network's runtime.
    rng : Generator or int
        Source of the weights, or its seed.

    Returns
    -------
    Path
        The file written, for `load_half`.

    Raises
    ------
    InputError
        If nothing crosses, or the matrix has more than ten million elements.

    Examples
    --------
    >>> from torch import nn
    >>> from edgeopt.experiments.live import load_half, random_inputs, split_network, write_exit
    >>> module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 10))
    >>> halves = split_network(module, 1, "halves", input_shape=(3, 32, 32))
    >>> exit_ = load_half(write_exit(halves, "halves/exit", rng=1))
    >>> exit_(random_inputs(halves.crossing, rng=2))[0].shape
    (1, 10)
    """
    if not halves.crossing:
        raise InputError("cut", halves.cut, "a cut before the last, behind which something is left")
    result = halves.results[0]
    samples, shapes = _maps(halves.crossing, result)
    channels, classes = sum(shape[1] for shape in shapes), math.prod(result.shape) // samples
    check_integer("weights of the exit", channels * classes, at_least=1, at_most=_MOST_WEIGHTS)
    rng = np.random.default_rng(rng)
    weights = rng.normal(0.0, channels**-0.5, (channels, classes)).astype(np.float32)
    bias = np.zeros(classes, np.float32)
    is_onnx = halves.suffix == onnx_halves.SUFFIX
    target = Path(path).with_suffix(halves.suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    write = onnx_halves.write_onnx_exit if is_onnx else torch_halves.write_torch_exit
    return write(target, halves.crossing, result, (weights, bias), shapes)


def _maps(
    inputs: Sequence[TensorType], result: TensorType
) -> tuple[int, list[tuple[int, int, int]]]:
    """Return the samples of a batch, and each input as samples, channels and positions."""
    shapes = [each.shape for each in inputs]
    batches = {shape[0] if len(shape) > 1 else 1 for shape in [*shapes, result.shape]}
    samples = batches.pop() if len(batches) == 1 else 1
    maps = []
    for shape in shapes:
        # without a batch axis the first one is that of the channels
        axes = shape[1:] if len(shape) > 1 and shape[0] == samples else shape
        maps.append((samples, axes[0] if axes else 1, math.prod(axes[1:])))
    return samples, maps
