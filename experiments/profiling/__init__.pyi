from .estimated import estimate_network
from .profile import MeasuredNetwork, profile_network

__all__ = [
    "MeasuredNetwork",
    "estimate_network",
    "profile_network",
]
