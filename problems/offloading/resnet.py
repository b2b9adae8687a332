"""ResNet-34 and ResNet-50, and the residual networks for small images."""

from __future__ import annotations

from problems.offloading.profile import Profile
from problems.offloading.residual import ResidualPlan, residual_profile
from problems.offloading.window import Window, same

_BLOCKS = (3, 4, 6, 3)
_STEM, _POOL = Window(7, 2, 3), same(3, 2)

RESNET34 = ResidualPlan("resnet34", _STEM, _POOL, 64, _BLOCKS)
RESNET50 = ResidualPlan("resnet50", _STEM, _POOL, 64, _BLOCKS, bottleneck=True)
RESNET34_CIFAR = ResidualPlan("resnet34-cifar", same(3), None, 64, _BLOCKS)
RESNET_DIGITS = ResidualPlan("resnet-digits", same(3), None, 12, (1, 1, 1))


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
    return residual_profile(RESNET34, input_size, classes)


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
    return residual_profile(RESNET50, input_size, classes)


def resnet34_cifar(input_size: int = 32, classes: int = 10) -> Profile:
    """Return ResNet-34 for small images, with the same 34 cuts.

    A 3 x 3 convolution of stride 1 without max-pool takes the place of the stem, so that the
    last stage still has maps of 4 x 4 on CIFAR-10. The paper does not say how its network reads
    images of 32 x 32; this is the usual form.

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
    """
    return residual_profile(RESNET34_CIFAR, input_size, classes)


def resnet_digits(input_size: int = 8, classes: int = 10) -> Profile:
    """Return a residual network of 8 layers for grey images of 8 x 8, 12 to 48 channels wide.

    Parameters
    ----------
    input_size : int
        Side of the square image of one channel, >= 1.
    classes : int
        Outputs of the last layer, >= 1.

    Raises
    ------
    InputError
        If `input_size` or `classes` is not positive.
    """
    return residual_profile(RESNET_DIGITS, input_size, classes, channels=1)
