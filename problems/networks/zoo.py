"""The built-in networks: ResNets, AlexNet, MobileNetV2 and VGG-16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgeopt.problems.errors import check_integer
from edgeopt.problems.networks.builder import NetworkBuilder, Window, same
from edgeopt.problems.networks.profile import Profile

# Residual networks as plans, and the profile of a plan.


class ResidualPlan(NamedTuple):
    """The parameters in which residual networks differ.

    Parameters
    ----------
    name : str
        Name of the network.
    stem : Window
        Window of the first convolution.
    pool : Window or None
        Window of the max-pool after it.
    width : int
        Channels of the first stage; each further stage has twice as many and, at its start, a
        stride of 2.
    blocks : tuple of int
        Residual blocks of the stages conv2, conv3, ...
    bottleneck : bool
        Whether a block has windows of 1, 3, 1 and ends four times as wide, instead of 3, 3.
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
    net = NetworkBuilder(plan.name, input_size, channels=channels)
    net.conv("conv1", plan.width, plan.stem)
    if plan.pool:
        net.pool("pool1", plan.pool)
    for stage, blocks in enumerate(plan.blocks):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            convs = _convs(plan.width * 2**stage, stride, bottleneck=plan.bottleneck)
            _residual(net, f"conv{stage + 2}_", block, convs)
    return _classified(net, 1, classes)


def _convs(width: int, stride: int, *, bottleneck: bool) -> list[tuple[int, Window]]:
    """Return channels and window of each convolution of one block."""
    if bottleneck:
        return [(width, same(1)), (width, same(3, stride)), (4 * width, same(1))]
    return [(width, same(3, stride)), (width, same(3))]


def _residual(
    net: NetworkBuilder, prefix: str, block: int, convs: Sequence[tuple[int, Window]]
) -> None:
    """Add one residual block; the first of a stage has a projection if shapes differ.

    The projection is placed where it makes the uploads of the cuts inside the block smallest:
    right after the first convolution if its output is smaller than the input of the block, which
    is then no longer needed, else right before the addition.
    """
    source = net.last
    width, side, _ = net.shape(source)
    channels, stride = convs[-1][0], max(window.stride for _, window in convs)
    projection = same(1, stride)
    # The skip must have the shape of the sum: an identity unless channels or side change.
    projected = stride > 1 or channels != width
    shrinks = channels * projection.output_size(side) ** 2 < width * side**2
    main = skip = source
    for i, (features, window) in enumerate(convs):
        main = net.conv(f"{prefix}{block * len(convs) + i + 1}", features, window, source=main)
        if projected and i == (0 if shrinks else len(convs) - 1):
            name = f"{prefix}shortcut"
            skip = net.conv(name, channels, projection, source=source, kind="shortcut")
    net.add(f"{prefix}add{block + 1}", skip, main)


_BLOCKS = (3, 4, 6, 3)

_STEM, _POOL = Window(7, 2, 3), same(3, 2)

RESNET34 = ResidualPlan("resnet34", _STEM, _POOL, 64, _BLOCKS)

_RESNET50 = ResidualPlan("resnet50", _STEM, _POOL, 64, _BLOCKS, bottleneck=True)

RESNET34_CIFAR = ResidualPlan("resnet34-cifar", same(3), None, 64, _BLOCKS)

RESNET_DIGITS = ResidualPlan("resnet-digits", same(3), None, 12, (1, 1, 1))


def resnet34(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return ResNet-34, the paper's network, with its 34 cuts numbered as the paper does.

    conv1 is cut 1, the stages conv2 to conv5 are the cuts 2-7, 8-15, 16-27 and 28-33, fc is
    cut 34. Convolutions are named by stage and number: cut 20 is ``conv4_5``.

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
    return residual_profile(RESNET34, input_size, classes)


def resnet50(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return ResNet-50 with the strides in the 3 x 3 convolutions, as in torchvision.

    Parameters and errors are those of `resnet34`.

    References
    ----------
    K. He et al., "Deep residual learning for image recognition", CVPR 2016, Table 1.
    """
    return residual_profile(_RESNET50, input_size, classes)


def resnet34_cifar(input_size: int = 32, classes: int = 10) -> Profile:
    """Return ResNet-34 for small images, with the same 34 cuts.

    A 3 x 3 convolution of stride 1 without max-pool replaces the stem; thus the last stage still
    has maps of 4 x 4 on CIFAR-10. The paper does not say how its network reads images of 32 x 32;
    this is the usual form.

    Parameters and errors are those of `resnet34`.
    """
    return residual_profile(RESNET34_CIFAR, input_size, classes)


def resnet_digits(input_size: int = 8, classes: int = 10) -> Profile:
    """Return a residual network of 8 layers, 12 to 48 channels wide, for grey 8 x 8 images.

    Parameters and errors are those of `resnet34`.
    """
    return residual_profile(RESNET_DIGITS, input_size, classes, channels=1)


# Plain chains: AlexNet and VGG-16.

_VGG_STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and channels of each stage: configuration D."""


def alexnet(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return AlexNet, the variant with one column of filters.

    Parameters and errors are those of `resnet34`, but `input_size` is at least 63.

    References
    ----------
    A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014,
    arXiv:1404.5997; layer sizes as in torchvision, 6 x 6 adaptive pooling included.
    """
    net = NetworkBuilder("alexnet", input_size)
    net.conv("conv1", 64, Window(11, 4, 2), norm=False)
    net.pool("pool1", Window(3, 2))
    net.conv("conv2", 192, same(5), norm=False)
    net.pool("pool2", Window(3, 2))
    net.conv("conv3", 384, same(3), norm=False)
    net.conv("conv4", 256, same(3), norm=False)
    net.conv("conv5", 256, same(3), norm=False)
    net.pool("pool5", Window(3, 2))
    return _classified(net, 6, classes, names=("fc6", "fc7", "fc8"))


def vgg16(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return VGG-16 without batch norm.

    Parameters and errors are those of `resnet34`, but `input_size` is at least 32.

    References
    ----------
    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
    recognition", ICLR 2015, arXiv:1409.1556; 7 x 7 adaptive pooling as in torchvision.
    """
    net = NetworkBuilder("vgg16", input_size)
    for stage, (convolutions, channels) in enumerate(_VGG_STAGES, start=1):
        for i in range(1, convolutions + 1):
            net.conv(f"conv{stage}_{i}", channels, same(3), norm=False)
        net.pool(f"pool{stage}", Window(2, 2))
    return _classified(net, 7, classes, names=("fc6", "fc7", "fc8"))


# MobileNetV2.

_MOBILENET_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion t, channels c, repetitions n and first stride s of each stage (its Table 2)."""


def mobilenet_v2(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return MobileNetV2 of width 1.

    Parameters and errors are those of `resnet34`.

    References
    ----------
    M. Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018,
    arXiv:1801.04381.
    """
    net = NetworkBuilder("mobilenet_v2", input_size)
    net.conv("conv1", 32, same(3, 2))
    block = 0
    for expansion, channels, repetitions, stride in _MOBILENET_STAGES:
        for i in range(repetitions):
            block += 1
            _inverted_residual(net, f"block{block}", expansion, channels, 1 if i else stride)
    net.conv("conv_last", 1280, same(1))
    return _classified(net, 1, classes)


def _inverted_residual(
    net: NetworkBuilder, name: str, expansion: int, channels: int, stride: int
) -> None:
    """Add expansion, depthwise convolution and projection, and the skip if shapes agree."""
    source = net.last
    width = net.shape(source)[0]
    hidden = expansion * width
    if expansion > 1:  # the first block has no expansion
        net.conv(f"{name}_expand", hidden, same(1))
    net.conv(f"{name}_depthwise", hidden, same(3, stride), groups=hidden)
    net.conv(f"{name}_project", channels, same(1))
    if stride == 1 and channels == width:
        net.add(f"{name}_add", source, net.last)


# The end that all networks have in common.


def _classified(
    net: NetworkBuilder, side: int, classes: int, *, names: Sequence[str] = ("fc",)
) -> Profile:
    """Add pooling to `side` and fully connected layers, the hidden ones with 4096 features."""
    check_integer("classes", classes, at_least=1)
    net.pool_to("avgpool", side)
    for name in names[:-1]:
        net.fc(name, 4096)
    net.fc(names[-1], classes)
    return net.profile()
