from .child_peers import CpSat, Highs
from .mealpy_peers import Mealpy
from .pygmo_peers import PsoGen, Sga
from .pymoo_ga import Ga

__all__ = [
    "CpSat",
    "Ga",
    "Highs",
    "Mealpy",
    "PsoGen",
    "Sga",
]
