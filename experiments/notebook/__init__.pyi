from .adversary import WorstCases, adversary
from .plots import RunPlots
from .runs import Runs
from .simulation import SimulatedSchemes, simulate_schemes
from .sweep import sweep

__all__ = [
    "RunPlots",
    "Runs",
    "SimulatedSchemes",
    "WorstCases",
    "adversary",
    "simulate_schemes",
    "sweep",
]
