"""ResNet-34 and ResNet-50."""

from __future__ import annotations

from collections.abc import Sequence

from problems.errors import check_integer
from problems.offloading.builder import NetworkBuilder
from problems.offloading.profile import Profile
from problems.offloading.window import Window, same

_BLOCKS = (3, 4, 6, 3)
"""Residual blocks of the stages conv2..conv5."""


def resnet34(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return ResNet-34, the paper's network, with its 34 cuts numbered as the paper does.

    conv1 is cut 1, the stages conv2..conv5 are the cuts 2-7, 8-15, 16-27 and 28-33, fc is cut 34.
    The convolutions are named by stage and number: cut 20 is ``conv4_5``.

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
    K. He et al., "Deep residual learning for image recognition", CVPR 2016, Table 1.
    """
    return _resnet("resnet34", input_size, classes, bottleneck=False)


def resnet50(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return ResNet-50 with the stride in the 3 x 3 convolutions, as torchvision has it.

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
    K. He et al., "Deep residual learning for image recognition", CVPR 2016, Table 1.
    """
    return _resnet("resnet50", input_size, classes, bottleneck=True)


def _resnet(name: str, input_size: int, classes: int, *, bottleneck: bool) -> Profile:
    check_integer("classes", classes, at_least=1)
    net = NetworkBuilder(name, input_size)
    net.conv("conv1", 64, Window(7, 2, 3))
    net.pool("pool1", same(3, 2))
    for stage, blocks in enumerate(_BLOCKS):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            plan = _plan(64 * 2**stage, stride, bottleneck=bottleneck)
            _residual(net, f"conv{stage + 2}_", block, plan)
    net.pool_to("avgpool", 1)
    net.fc("fc", classes)
    return net.profile()


def _plan(width: int, stride: int, *, bottleneck: bool) -> list[tuple[int, Window]]:
    """Return channels and window of the convolutions of one block."""
    if bottleneck:
        return [(width, same(1)), (width, same(3, stride)), (4 * width, same(1))]
    return [(width, same(3, stride)), (width, same(3))]


def _residual(
    net: NetworkBuilder, prefix: str, block: int, plan: Sequence[tuple[int, Window]]
) -> None:
    """Add one residual block; the first of a stage has a projection if shapes differ.

    The projection runs as soon as that makes the upload of the cuts inside the block smaller:
    right behind the first convolution if its output is smaller than the block's input (which it
    lets go), right before the addition otherwise.
    """
    source = net.last
    width, side, _ = net.shape(source)
    channels, stride = plan[-1][0], max(window.stride for _, window in plan)
    projection = same(1, stride)
    projected = stride > 1 or channels != width
    shrinks = channels * projection.output_size(side) ** 2 < width * side**2
    main = skip = source
    for i, (features, window) in enumerate(plan):
        main = net.conv(f"{prefix}{block * len(plan) + i + 1}", features, window, source=main)
        if projected and i == (0 if shrinks else len(plan) - 1):
            name = f"{prefix}shortcut"
            skip = net.conv(name, channels, projection, source=source, kind="shortcut")
    net.add(f"{prefix}add{block + 1}", skip, main)
