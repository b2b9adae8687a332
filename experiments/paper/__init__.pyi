from .claims import read_claims, read_points
from .regenerate import regenerate

__all__ = [
    "read_claims",
    "read_points",
    "regenerate",
]
