from .plots import RunPlots
from .runs import Runs
from .simulation import SimulatedSchemes, simulate_schemes
from .sweep import sweep

__all__ = [
    "RunPlots",
    "Runs",
    "SimulatedSchemes",
    "simulate_schemes",
    "sweep",
]
