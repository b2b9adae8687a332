from .config import SimulationConfig, read_simulation
from .figures import plot_simulation
from .summary import summarize_runs

__all__ = [
    "SimulationConfig",
    "plot_simulation",
    "read_simulation",
    "summarize_runs",
]
