from .layers import ExitHead
from .resnet import SplitNetwork, build_network

__all__ = [
    "ExitHead",
    "SplitNetwork",
    "build_network",
]
