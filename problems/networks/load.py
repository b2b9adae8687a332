"""Networks by name or file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.networks.from_csv import from_csv, parse_integer
from edgeopt.problems.networks.from_json import from_json
from edgeopt.problems.networks.from_onnx import from_onnx
from edgeopt.problems.networks.onnx_inputs import Given
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.networks.zoo import (
    alexnet,
    mobilenet_v2,
    resnet34,
    resnet34_cifar,
    resnet50,
    resnet_digits,
    vgg16,
)


class Network(Protocol):
    """A function that returns a profile; each network has its own defaults."""

    def __call__(self, input_size: int = ..., classes: int = ...) -> Profile:
        """Return the profile for a square image and a number of classes."""


NETWORKS: dict[str, Network] = {
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnet34-cifar": resnet34_cifar,
    "resnet-digits": resnet_digits,
    "alexnet": alexnet,
    "vgg16": vgg16,
    "mobilenet_v2": mobilenet_v2,
}
"""The built-in networks by name."""


def load_network(
    spec: str | Path, *, inputs: Given | None = None, allow_uncounted: bool = False
) -> Profile:
    """Return the network that `spec` names.

    Parameters
    ----------
    spec : str or Path
        A key of `NETWORKS`, with options such as ``resnet34:input=32:classes=10`` (by default
        those of the data set that it was designed for), or a file: ``FILE.csv``, ``FILE.onnx``,
        with sizes of inputs as in ``FILE.onnx:input=1x3x320x320``, or ``FILE.json``, a layer graph
        with measured times (`from_json`), always with the size of its input.
    inputs : mapping, optional
        Sizes of the inputs of an ONNX file, see `from_onnx`.
    allow_uncounted : bool
        Whether much of an ONNX file may be operators of unknown work, see `from_onnx`.

    Raises
    ------
    InputError
        If there is no such network, option or file, or the network breaks a rule.

    Examples
    --------
    >>> from edgeopt import load_network
    >>> network = load_network("resnet34")
    >>> network.depth, round(network.layers[0].macs / 1e6)
    (34, 118)
    """
    spec = str(spec)
    path, suffix, rest = file_and_options(spec)
    if suffix == ".onnx":
        given = parse_inputs(rest) | dict(inputs or {})
        return from_onnx(path, inputs=given, allow_uncounted=allow_uncounted)
    if suffix == ".json":
        return from_json(path, _only_input(parse_inputs(rest) | dict(inputs or {})))
    if inputs:
        raise InputError("inputs", dict(inputs), "left out, except with an ONNX file")
    if suffix == ".csv" and not rest:
        return from_csv(path)
    name, *options = spec.split(":")
    check_choice("network", name, [*NETWORKS, "FILE.onnx", "FILE.csv", "FILE.json"])
    return NETWORKS[name](**dict(map(_option, options)))


def file_and_options(spec: str) -> tuple[str, str, str]:
    """Return path, suffix in small letters and options of a file; no suffix for other names."""
    # A path may have a colon too, and so may the name of an input.
    found = re.fullmatch(
        r"(.+?(\.onnx|\.csv|\.json))((?::.+?=[^:]*)*)", spec, re.IGNORECASE | re.DOTALL
    )
    return (found[1], found[2].lower(), found[3]) if found else (spec, "", "")


def _only_input(given: Given) -> tuple[int, ...]:
    """Return the shape of the input of a layer graph, which its file does not have."""
    shape = given.get("input")
    if [*given] != ["input"] or not isinstance(shape, tuple):
        raise InputError("inputs", dict(given), "the shape of the input, FILE.json:input=1x3x8x8")
    return shape


def parse_inputs(text: str) -> dict[str, tuple[int, ...] | float]:
    """Parse ``:NAME=SIZES:NAME=SIZES``."""
    return dict(parse_input(each) for each in re.findall(r":(.+?=[^:]*)", text, re.DOTALL))


def parse_input(text: str) -> tuple[str, tuple[int, ...] | float]:
    """Return name and sizes of ``NAME=1x3x320x320``, or name and value of ``NAME=0.5``.

    Raises
    ------
    InputError
        If `text` has neither form.
    """
    name, equals, value = text.rpartition("=")
    try:
        if not equals or not name:
            raise ValueError
        if re.fullmatch(r"\d{1,18}(x\d{1,18})*", value, re.ASCII):
            return name, tuple(map(int, value.split("x")))
        return name, float(value)
    except ValueError:
        raise InputError("input", text, "of the form NAME=1x3x320x320") from None


def _option(text: str) -> tuple[str, int]:
    """Parse one ``name=integer`` into a parameter of `Network` and its value."""
    parameters = {"input": "input_size", "classes": "classes"}
    name, _, value = text.partition("=")
    check_choice("network option", name, parameters)
    return parameters[name], parse_integer(f"network option {name}", value)
