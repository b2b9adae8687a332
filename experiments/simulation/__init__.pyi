from .config import SimulationConfig, read_simulation
from .figures import plot_simulation
from .summary import summarize_simulation

__all__ = [
    "SimulationConfig",
    "plot_simulation",
    "read_simulation",
    "summarize_simulation",
]
