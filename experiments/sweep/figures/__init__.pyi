from .boxes import plot_gaps
from .choice import choose_runs
from .curves import convergence_figure, plot_convergence
from .folder import plot_sweep
from .heat import plot_heatmap
from .loads import plot_loads
from .ranks import plot_ranks
from .shares import plot_ecdf, plot_profile

__all__ = [
    "choose_runs",
    "convergence_figure",
    "plot_convergence",
    "plot_ecdf",
    "plot_gaps",
    "plot_heatmap",
    "plot_loads",
    "plot_profile",
    "plot_ranks",
    "plot_sweep",
]
