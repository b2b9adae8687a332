"""AlexNet."""

from __future__ import annotations

from problems.errors import check_integer
from problems.offloading.builder import NetworkBuilder
from problems.offloading.profile import Profile
from problems.offloading.window import Window, same


def alexnet(input_size: int = 224, classes: int = 1000) -> Profile:
    """Return AlexNet, the variant with one column of filters.

    Parameters
    ----------
    input_size : int
        Side of the square RGB image, >= 63.
    classes : int
        Outputs of the last layer, >= 1.

    Raises
    ------
    InputError
        If the image is too small or `classes` is not positive.

    References
    ----------
    A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014,
    arXiv:1404.5997; layer sizes as in torchvision, 6 x 6 adaptive pooling included.
    """
    check_integer("classes", classes, at_least=1)
    net = NetworkBuilder("alexnet", input_size)
    net.conv("conv1", 64, Window(11, 4, 2), norm=False)
    net.pool("pool1", Window(3, 2))
    net.conv("conv2", 192, same(5), norm=False)
    net.pool("pool2", Window(3, 2))
    net.conv("conv3", 384, same(3), norm=False)
    net.conv("conv4", 256, same(3), norm=False)
    net.conv("conv5", 256, same(3), norm=False)
    net.pool("pool5", Window(3, 2))
    net.pool_to("avgpool", 6)
    net.fc("fc6", 4096)
    net.fc("fc7", 4096)
    net.fc("fc8", classes)
    return net.profile()
