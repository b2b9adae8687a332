"""The residual networks that can be trained, by name."""

from __future__ import annotations

from experiments.learning.networks.seeded import seeded
from experiments.learning.networks.stages import SplitNetwork, smallest_side
from problems.errors import InputError, check_choice, check_integer
from problems.offloading.resnet import RESNET34, RESNET34_CIFAR, RESNET_DIGITS

PLANS = {plan.name: plan for plan in (RESNET34, RESNET34_CIFAR, RESNET_DIGITS)}
"""The networks by name."""


def build_network(
    name: str, *, channels: int, height: int, width: int, classes: int, seed: int = 0
) -> SplitNetwork:
    """Return an untrained network.

    Parameters
    ----------
    name : str
        A key of `PLANS`.
    channels, height, width : int
        Shape of the images, which must be square.
    classes : int
        Outputs, >= 2.
    seed : int
        Of the initial weights; the same seed gives the same bits, and PyTorch's own generator
        stays where it is.

    Raises
    ------
    InputError
        If the name is unknown, the images are not square or too small, or a number is too small.
    """
    plan = PLANS[check_choice("network", name, PLANS)]
    check_integer("channels", channels, at_least=1)
    check_integer("classes", classes, at_least=2)
    check_integer("height", height, at_least=smallest_side(plan))
    if height != width:
        raise InputError("width", width, f"equal to height, {height}")
    with seeded(seed):
        return SplitNetwork(plan, channels, classes)
