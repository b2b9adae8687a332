from .iterated import LocalSearch
from .moves import improve
from .search import open_search

__all__ = [
    "LocalSearch",
    "improve",
    "open_search",
]
