from . import figures
from .config import SweepConfig, read_config
from .figures.boxes import plot_gaps
from .figures.choice import choose_runs
from .figures.curves import convergence_figure, plot_convergence
from .figures.folder import plot_sweep
from .figures.heat import plot_heatmap
from .figures.loads import plot_loads
from .figures.ranks import plot_ranks
from .figures.shares import plot_ecdf, plot_profile
from .grid import expand_grids
from .objects import store_solver, store_solvers
from .replay import replay
from .sets import instance_set
from .summary import read_solver_cells, summarize_sweep

__all__ = [
    "SweepConfig",
    "choose_runs",
    "convergence_figure",
    "expand_grids",
    "figures",
    "instance_set",
    "plot_convergence",
    "plot_ecdf",
    "plot_gaps",
    "plot_heatmap",
    "plot_loads",
    "plot_profile",
    "plot_ranks",
    "plot_sweep",
    "read_config",
    "read_solver_cells",
    "replay",
    "store_solver",
    "store_solvers",
    "summarize_sweep",
]
