from .solver import Frontier

__all__ = [
    "Frontier",
]
