from .load import load_system, parse_system, save_system
from .presets import system_presets
from .random import random_system
from .system import System

__all__ = [
    "System",
    "load_system",
    "parse_system",
    "random_system",
    "save_system",
    "system_presets",
]
