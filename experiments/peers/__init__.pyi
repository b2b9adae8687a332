from .child_peers import CpSat, Highs
from .mealpy_peers import Mealpy
from .nsga2 import Nsga2
from .pygmo_peers import PsoGen, Sga
from .pymoo_ga import Ga

__all__ = [
    "CpSat",
    "Ga",
    "Highs",
    "Mealpy",
    "Nsga2",
    "PsoGen",
    "Sga",
]
