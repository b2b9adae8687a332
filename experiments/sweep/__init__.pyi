from .config import SweepConfig, read_config
from .figures import convergence_figure, plot_sweep
from .summary import read_solver_cells, summarize_sweep

__all__ = [
    "SweepConfig",
    "convergence_figure",
    "plot_sweep",
    "read_config",
    "read_solver_cells",
    "summarize_sweep",
]
