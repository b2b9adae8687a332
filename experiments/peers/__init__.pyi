from .child_peers import CpSat, Highs
from .pygmo_peers import PsoGen, Sga
from .pymoo_ga import Ga

__all__ = [
    "CpSat",
    "Ga",
    "Highs",
    "PsoGen",
    "Sga",
]
