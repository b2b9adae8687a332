from .register import KnownSchedule, keep_better, read_register
from .standing import best_known_makespans, published

__all__ = [
    "KnownSchedule",
    "best_known_makespans",
    "keep_better",
    "published",
    "read_register",
]
