from .changes import Change
from .clairvoyant import simulate_clairvoyant
from .dispatch import simulate_dispatch, simulate_masters
from .resources import Resources, Stages, Timeline, Uplink
from .sliding_window import Window
from .windows import simulate_windows

__all__ = [
    "Change",
    "Resources",
    "Stages",
    "Timeline",
    "Uplink",
    "Window",
    "simulate_clairvoyant",
    "simulate_dispatch",
    "simulate_masters",
    "simulate_windows",
]
