"""Measuring the time of each layer of a network on this machine."""

from __future__ import annotations

import platform
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgeopt.experiments.profiling.onnx_runs import OnnxRunner
from edgeopt.experiments.profiling.runs import AGREEMENT, Statistics, clock_of, measure
from edgeopt.experiments.profiling.torch_runs import TorchRunner, torch_threads
from edgeopt.optim.user_code import read_code, run_code
from edgeopt.problems.errors import InputError, check_choice, check_integer, import_extra
from edgeopt.problems.files import check_file, file_exists
from edgeopt.problems.networks.from_csv import from_csv, to_csv
from edgeopt.problems.networks.from_onnx import from_onnx
from edgeopt.problems.networks.from_torch import read_module
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.onnx_inputs import Given
from edgeopt.problems.networks.profile import Profile

RUNTIMES = ("torch", "onnxruntime")

_MOST_RUNS, _MOST_THREADS = 100_000, 1024

_DEVICE = re.compile(r"[^\s:,~]+")


@dataclass(frozen=True, eq=False)
class MeasuredNetwork:
    """A network with the times of its layers on this machine.

    Parameters
    ----------
    profile : Profile
        The network; its times are ``profile.measured[device]``.
    device, runtime : str
        Name of the column, and what ran the network.
    threads, repetitions : int
        Threads of an operator, and runs that count.
    whole_s, spread_s : float
        Time of the whole network without timing its layers: median, and range of the middle half.
    merged : int
        Layers that the runtime does not run on their own, but fused with another one.

    Examples
    --------
    See `profile_network`.
    """

    profile: Profile
    device: str
    runtime: str
    threads: int
    repetitions: int
    whole_s: float
    spread_s: float
    merged: int

    @property
    def times(self) -> LayerTimes:
        """The times of the layers."""
        return self.profile.measured[self.device]

    @property
    def ratio(self) -> float:
        """Sum of the times of the layers over the time of the whole network."""
        return float(self.times.total_s) / self.whole_s

    @property
    def agrees(self) -> bool:
        """Whether that ratio is within 10 % of 1."""
        return abs(self.ratio - 1.0) <= AGREEMENT

    def save(self, path: str | Path) -> None:
        """Write the network with its times to a CSV file that `load_network` reads.

        The times of other devices that the file has are kept; those of this one are replaced.

        Raises
        ------
        InputError
            If the file has another network, or cannot be written.
        """
        save_times(self.profile, path)


def profile_network(
    network: Any,
    runtime: str | None = None,
    *,
    device: str | None = None,
    input_shape: Sequence[int] | None = None,
    example: Any = None,
    inputs: Given | None = None,
    threads: int = 1,
    repetitions: int = 30,
    warm_up: int = 5,
    allow_uncounted: bool = False,
) -> MeasuredNetwork:
    """Measure the time of each layer of a network on this machine.

    The network runs whole and layer by layer in turn. The sum of the layers should be within 10 %
    of the time of the whole network; `MeasuredNetwork.ratio` has it, and a warning says where it
    is not.

    Parameters
    ----------
    network : str, Path or torch.nn.Module
        An ONNX file, ``FILE.py:NAME`` for a module of PyTorch or a function that makes one, or a
        module.
    runtime : {"torch", "onnxruntime"}, optional
        What runs it, by default what fits; the extras ``torch`` and ``runtime`` install them.
    device : str, optional
        Name of the column of times; by default that of this machine.
    input_shape, example : optional
        Input of a module, as for `from_torch`.
    inputs : mapping, optional
        Sizes of the inputs of an ONNX file, as for `from_onnx`.
    threads : int
        Threads of an operator. With one thread processor time is measured, which other programs do
        not lengthen.
    repetitions, warm_up : int
        Runs that count, and runs before them.
    allow_uncounted : bool
        As for `from_onnx`; the times need no count.

    Raises
    ------
    InputError
        If an argument is illegal, an extra is missing, or the network cannot be run.

    Examples
    --------
    >>> import edgeopt as eo
    >>> from torch import nn
    >>> module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 10))
    >>> measured = eo.profile_network(module, input_shape=(3, 32, 32), device="desk")
    >>> measured.save("mine.csv")
    >>> [*eo.load_network("mine.csv").measured]
    ['desk']
    """
    for name, count, most in (
        ("threads", threads, _MOST_THREADS), ("repetitions", repetitions, _MOST_RUNS),
    ):  # fmt: skip
        check_integer(name, count, at_least=1, at_most=most)
    check_integer("warm_up", warm_up, at_least=0, at_most=_MOST_RUNS)
    label = _device(device)
    found, statistics, merged, runtime = _measured(
        network, runtime, input_shape, inputs, example, threads, (warm_up, repetitions),
        allow_uncounted,
    )  # fmt: skip
    times = LayerTimes(statistics.seconds, spread=statistics.spread)
    measured = MeasuredNetwork(
        profile=replace(found, measured={label: times}),
        device=label,
        runtime=runtime,
        threads=threads,
        repetitions=repetitions,
        whole_s=statistics.whole_s,
        spread_s=statistics.whole_spread_s,
        merged=merged,
    )
    if not measured.agrees:
        text = f"{found.name}: the layers take {measured.ratio:.0%} of the time of the network"
        warnings.warn(f"{text}; measure again on a quiet machine", stacklevel=2)
    return measured


def _device(device: str | None) -> str:
    """Return the name of the column of times."""
    if device is None:
        return re.sub(r"[\s:,~]", "-", platform.node()) or "here"
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise InputError("device", device, "a name without blanks, colons, commas and tildes")
    return device


def _measured(
    network: Any,
    runtime: str | None,
    input_shape: Sequence[int] | None,
    inputs: Given | None,
    example: Any,
    threads: int,
    runs: tuple[int, int],
    allow_uncounted: bool,
) -> tuple[Profile, Statistics, int, str]:
    """Return the network, its statistics, the number of fused layers and the runtime."""
    warm_up, repetitions = runs
    is_file = isinstance(network, str | Path) and str(network).lower().endswith(".onnx")
    fits = "onnxruntime" if is_file else "torch"
    if check_choice("runtime", runtime or fits, RUNTIMES) != fits:
        rule = "torch for a module of PyTorch, onnxruntime for FILE.onnx"
        raise InputError("runtime", runtime, rule)
    if is_file:
        if input_shape is not None or example is not None:
            raise InputError("input_shape", input_shape, "left out: `inputs` has those of a file")
        path = check_file("network", network)
        profile = from_onnx(path, inputs=inputs, allow_uncounted=allow_uncounted)
        runner = OnnxRunner(path, profile.layers, inputs or {}, threads, clock_of(threads))
        statistics = measure(runner, warm_up=warm_up, repetitions=repetitions)
        return profile, statistics, runner.merged, fits
    if inputs:
        raise InputError("inputs", dict(inputs), "left out, except with an ONNX file")
    module = load_module(network)
    read = read_module(module, input_shape, example, allow_uncounted=allow_uncounted)
    given = example if example is not None else _random_input(module, read.profile.input_shape)
    with torch_threads(threads):
        plain = TorchRunner(module, read, given, clock_of(threads))
        statistics = measure(plain, warm_up=warm_up, repetitions=repetitions)
    return read.profile, statistics, 0, fits


def load_module(network: Any) -> Any:
    """Return a module of PyTorch, also one of a user's file."""
    if not isinstance(network, str | Path):
        return network
    torch = import_extra("torch", "torch")
    file, _, name = str(network).rpartition(":")
    if not file.endswith(".py") or not file_exists(Path(file)):
        rule = "FILE.onnx, or FILE.py:NAME of a module of PyTorch, or of a function that makes one"
        raise InputError("network", str(network), rule)
    try:
        found = getattr(run_code(read_code(Path(file))), name, None)
    except InputError as error:
        raise InputError("network", error.value, error.rule) from None
    if callable(found) and not isinstance(found, torch.nn.Module):
        found = found()
    if not isinstance(found, torch.nn.Module):
        rule = "a torch.nn.Module, or a function without arguments that makes one"
        raise InputError(f"{file}: {name}", found, rule)
    return found


def _random_input(module: Any, shape: Sequence[int]) -> tuple[Any, ...]:
    """Return a random tensor of the type of the module's parameters, in a batch of one."""
    torch = import_extra("torch", "torch")
    floats = (each.dtype for each in module.parameters() if each.is_floating_point())
    values = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
    return (values.to(next(floats, torch.float32)),)


def save_times(profile: Profile, path: str | Path) -> None:
    """Write a network with its times, and those of other devices that the file already has."""
    path = Path(path)
    if file_exists(path):
        with _quiet():
            old = from_csv(path)
        if old.layers != profile.layers:
            rule = f"a file of {profile.name}, to which the times are added, or a new one"
            raise InputError(str(path), f"a network of {len(old.layers)} other layers", rule)
        profile = replace(profile, measured={**old.measured, **profile.measured})
    to_csv(profile, path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Do without warnings of estimates, which are written with their mark."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
