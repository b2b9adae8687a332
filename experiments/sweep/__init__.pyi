from .config import SweepConfig, read_config
from .figures import convergence_figure, plot_sweep
from .grid import expand_grids
from .summary import read_solver_cells, summarize_sweep

__all__ = [
    "SweepConfig",
    "convergence_figure",
    "expand_grids",
    "plot_sweep",
    "read_config",
    "read_solver_cells",
    "summarize_sweep",
]
