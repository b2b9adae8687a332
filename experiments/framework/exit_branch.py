"""The side branch that ends a network early: the exits of B-Net and the master's simple model."""

from __future__ import annotations

import math
from typing import NamedTuple

from experiments.framework.setting import Setting


class Branch(NamedTuple):
    """What a branch costs: its work in FLOP (MAC as printed), and its size in byte."""

    flop: float
    bytes: float


def exit_branch(setting: Setting, cut: int) -> Branch:
    """Return the branch behind the layers 1..cut, which reads their last map.

    A 3 x 3 convolution of stride 2 that keeps the channels c, a mean over the map, and a fully
    connected layer, as the branches of Teerapittayanon, McDanel and Kung, "BranchyNet", ICPR 2016,
    have convolutions and one fully connected layer; theirs differ from network to network. A map
    without area gets the fully connected layer alone. Behind the last layer there is no branch.
    """
    if cut == setting.depth:
        return Branch(0.0, 0.0)
    layers, reading = setting.profile.layers, setting.reading
    classes = layers[-1].elements
    channels, *area = layers[setting.profile.cut_ends[cut - 1] - 1].output_shape
    kernel = 9 * channels**2 if area else 0
    macs = kernel * math.prod(-(-side // 2) for side in area) + channels * classes  # (8), (9)
    parameters = kernel + channels * classes
    return Branch(float(macs * reading.flop_per_mac), float(parameters * reading.element_bytes))
