from .load import load_system, parse_system, save_system, system_presets
from .system import System, random_system

__all__ = [
    "System",
    "load_system",
    "parse_system",
    "random_system",
    "save_system",
    "system_presets",
]
