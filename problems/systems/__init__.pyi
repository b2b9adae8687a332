from .load import load_system, parse_system, save_system, system_presets
from .system import System, random_system
from .tiers import Codec, Exit, Tier, Tiers, load_tiers

__all__ = [
    "Codec",
    "Exit",
    "System",
    "Tier",
    "Tiers",
    "load_system",
    "load_tiers",
    "parse_system",
    "random_system",
    "save_system",
    "system_presets",
]
