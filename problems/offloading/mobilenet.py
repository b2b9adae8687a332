"""MobileNetV2."""

from __future__ import annotations

from problems.errors import check_integer
from problems.offloading.builder import NetworkBuilder
from problems.offloading.profile import Profile
from problems.offloading.window import same

_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion t, channels c, repetitions n and first stride s of each stage: Table 2."""


def mobilenet_v2(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return MobileNetV2 of width 1.

    Parameters
    ----------
    input_size : int
        Side of the square RGB image, >= 1.
    classes : int
        Outputs of the last layer, >= 1.

    Raises
    ------
    InputError
        If `input_size` or `classes` is not positive.

    References
    ----------
    M. Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018,
    arXiv:1801.04381.
    """
    check_integer("classes", classes, at_least=1)
    net = NetworkBuilder("mobilenet_v2", input_size)
    net.conv("conv1", 32, same(3, 2))
    block = 0
    for expansion, channels, repetitions, stride in _STAGES:
        for i in range(repetitions):
            block += 1
            _inverted_residual(net, f"block{block}", expansion, channels, 1 if i else stride)
    net.conv("conv_last", 1280, same(1))
    net.pool_to("avgpool", 1)
    net.fc("fc", classes)
    return net.profile()


def _inverted_residual(
    net: NetworkBuilder, name: str, expansion: int, channels: int, stride: int
) -> None:
    """Add expansion, depthwise convolution and projection, and the skip where shapes agree."""
    source = net.last
    width = net.shape(source)[0]
    hidden = expansion * width
    if expansion > 1:
        net.conv(f"{name}_expand", hidden, same(1))
    net.conv(f"{name}_depthwise", hidden, same(3, stride), groups=hidden)
    net.conv(f"{name}_project", channels, same(1))
    if stride == 1 and channels == width:
        net.add(f"{name}_add", source, net.last)
