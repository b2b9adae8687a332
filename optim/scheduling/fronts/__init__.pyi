from .archive import Archive, Front
from .exact import EpsilonConstraint, WeightedSum
from .hypervolume import hypervolume, hypervolume_bound
from .search import FrontSearch
from .solve_front import FrontMethod, front, warm_up_front

__all__ = [
    "Archive",
    "EpsilonConstraint",
    "Front",
    "FrontMethod",
    "FrontSearch",
    "WeightedSum",
    "front",
    "hypervolume",
    "hypervolume_bound",
    "warm_up_front",
]
