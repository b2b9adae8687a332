"""All built-in networks, and networks by name or file."""

from __future__ import annotations

from collections.abc import Callable

from problems.errors import check_choice
from problems.offloading.alexnet import alexnet
from problems.offloading.csv_network import from_csv
from problems.offloading.mobilenet import mobilenet_v2
from problems.offloading.onnx_network import from_onnx
from problems.offloading.parse_integer import parse_integer
from problems.offloading.profile import Profile
from problems.offloading.resnet import resnet34, resnet50
from problems.offloading.vgg import vgg16

NETWORKS: dict[str, Callable[[int, int], Profile]] = {
    "resnet34": resnet34,
    "resnet50": resnet50,
    "alexnet": alexnet,
    "vgg16": vgg16,
    "mobilenet_v2": mobilenet_v2,
}
"""Functions of (input_size, classes)."""


def load_network(spec: str) -> Profile:
    """Return the network that `spec` names.

    Parameters
    ----------
    spec : str
        A key of `NETWORKS`, with options such as ``resnet34:input=32:classes=10`` (by default 224
        and 1000), or a file ``FILE.onnx`` or ``FILE.csv``.

    Raises
    ------
    InputError
        If there is no such network, option or file, or the network breaks a rule.
    """
    if spec.lower().endswith(".onnx"):
        return from_onnx(spec)
    if spec.lower().endswith(".csv"):
        return from_csv(spec)
    name, *options = spec.split(":")
    check_choice("network", name, [*NETWORKS, "FILE.onnx", "FILE.csv"])
    values = {"input": 224, "classes": 1000, **dict(map(_option, options))}
    return NETWORKS[name](values["input"], values["classes"])


def _option(text: str) -> tuple[str, int]:
    """Parse one ``name=integer``."""
    name, _, value = text.partition("=")
    check_choice("network option", name, ["input", "classes"])
    return name, parse_integer(f"network option {name}", value)
