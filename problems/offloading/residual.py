"""Residual networks as plans, and the profile of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from problems.errors import check_integer
from problems.offloading.builder import NetworkBuilder
from problems.offloading.profile import Profile
from problems.offloading.window import Window, same


class ResidualPlan(NamedTuple):
    """What tells one residual network from another.

    Parameters
    ----------
    name : str
        Name of the network.
    stem : Window
        Window of the first convolution.
    pool : Window or None
        Window of the max-pool behind it.
    width : int
        Channels of the first stage; each further stage has twice as many and, at its start, a
        stride of 2.
    blocks : tuple of int
        Residual blocks of the stages conv2, conv3, ...
    bottleneck : bool
        Whether a block has the windows 1, 3, 1 and four times its width at its end, not 3, 3.
    """

    name: str
    stem: Window
    pool: Window | None
    width: int
    blocks: tuple[int, ...]
    bottleneck: bool = False


def residual_profile(
    plan: ResidualPlan, input_size: int, classes: int, *, channels: int = 3
) -> Profile:
    """Return the profile of `plan` for a square image of `channels` x `input_size`^2.

    Raises
    ------
    InputError
        If `input_size`, `classes` or `channels` is not positive.

    References
    ----------
    K. He et al., "Deep residual learning for image recognition", CVPR 2016.
    """
    check_integer("classes", classes, at_least=1)
    net = NetworkBuilder(plan.name, input_size, channels=channels)
    net.conv("conv1", plan.width, plan.stem)
    if plan.pool:
        net.pool("pool1", plan.pool)
    for stage, blocks in enumerate(plan.blocks):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            convs = _convs(plan.width * 2**stage, stride, bottleneck=plan.bottleneck)
            _residual(net, f"conv{stage + 2}_", block, convs)
    net.pool_to("avgpool", 1)
    net.fc("fc", classes)
    return net.profile()


def _convs(width: int, stride: int, *, bottleneck: bool) -> list[tuple[int, Window]]:
    """Return channels and window of the convolutions of one block."""
    if bottleneck:
        return [(width, same(1)), (width, same(3, stride)), (4 * width, same(1))]
    return [(width, same(3, stride)), (width, same(3))]


def _residual(
    net: NetworkBuilder, prefix: str, block: int, convs: Sequence[tuple[int, Window]]
) -> None:
    """Add one residual block; the first of a stage has a projection if shapes differ.

    The projection runs as soon as that makes the upload of the cuts inside the block smaller:
    right behind the first convolution if its output is smaller than the block's input (which it
    lets go), right before the addition otherwise.
    """
    source = net.last
    width, side, _ = net.shape(source)
    channels, stride = convs[-1][0], max(window.stride for _, window in convs)
    projection = same(1, stride)
    projected = stride > 1 or channels != width
    shrinks = channels * projection.output_size(side) ** 2 < width * side**2
    main = skip = source
    for i, (features, window) in enumerate(convs):
        main = net.conv(f"{prefix}{block * len(convs) + i + 1}", features, window, source=main)
        if projected and i == (0 if shrinks else len(convs) - 1):
            name = f"{prefix}shortcut"
            skip = net.conv(name, channels, projection, source=source, kind="shortcut")
    net.add(f"{prefix}add{block + 1}", skip, main)
