"""Networks by name or file."""

from __future__ import annotations

from typing import Protocol

from edgeopt.problems.errors import check_choice
from edgeopt.problems.networks.from_csv import from_csv, parse_integer
from edgeopt.problems.networks.from_onnx import from_onnx
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


def load_network(spec: str) -> Profile:
    """Return the network that `spec` names.

    Parameters
    ----------
    spec : str
        A key of `NETWORKS`, with options such as ``resnet34:input=32:classes=10`` (by default
        those of the data set that it was designed for), or a file ``FILE.onnx`` or ``FILE.csv``.

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
    if spec.lower().endswith(".onnx"):
        return from_onnx(spec)
    if spec.lower().endswith(".csv"):
        return from_csv(spec)
    name, *options = spec.split(":")  # only now: a path may have a colon too
    check_choice("network", name, [*NETWORKS, "FILE.onnx", "FILE.csv"])
    return NETWORKS[name](**dict(map(_option, options)))


def _option(text: str) -> tuple[str, int]:
    """Parse one ``name=integer`` into a parameter of `Network` and its value."""
    parameters = {"input": "input_size", "classes": "classes"}
    name, _, value = text.partition("=")
    check_choice("network option", name, parameters)
    return parameters[name], parse_integer(f"network option {name}", value)
