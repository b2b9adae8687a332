from .solver import ParallelTempering

__all__ = [
    "ParallelTempering",
]
