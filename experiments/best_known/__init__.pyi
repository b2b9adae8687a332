from .facts import published, published_of
from .register import KnownSchedule, keep_better, read_register
from .standing import best_known_makespans

__all__ = [
    "KnownSchedule",
    "best_known_makespans",
    "keep_better",
    "published",
    "published_of",
    "read_register",
]
