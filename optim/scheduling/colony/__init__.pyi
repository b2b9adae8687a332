from .atsa import ACO, ATSA

__all__ = [
    "ACO",
    "ATSA",
]
