from .cell import simulation_cells
from .config import SimulationConfig, read_simulation
from .figures import plot_simulation
from .summary import summarize_runs

__all__ = [
    "SimulationConfig",
    "plot_simulation",
    "read_simulation",
    "simulation_cells",
    "summarize_runs",
]
