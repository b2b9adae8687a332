"""VGG-16."""

from __future__ import annotations

from problems.errors import check_integer
from problems.offloading.builder import NetworkBuilder
from problems.offloading.profile import Profile
from problems.offloading.window import Window, same

_STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and channels of each stage: configuration D."""


def vgg16(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return VGG-16 without batch norm.

    Parameters
    ----------
    input_size : int
        Side of the square RGB image, >= 32.
    classes : int
        Outputs of the last layer, >= 1.

    Raises
    ------
    InputError
        If the image is too small or `classes` is not positive.

    References
    ----------
    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
    recognition", ICLR 2015, arXiv:1409.1556; 7 x 7 adaptive pooling as in torchvision.
    """
    check_integer("classes", classes, at_least=1)
    net = NetworkBuilder("vgg16", input_size)
    for stage, (convolutions, channels) in enumerate(_STAGES, start=1):
        for i in range(1, convolutions + 1):
            net.conv(f"conv{stage}_{i}", channels, same(3), norm=False)
        net.pool(f"pool{stage}", Window(2, 2))
    net.pool_to("avgpool", 7)
    net.fc("fc6", 4096)
    net.fc("fc7", 4096)
    net.fc("fc8", classes)
    return net.profile()
