from . import (
    adversary,
    best_known,
    learning,
    notebook,
    offload,
    paper,
    peers,
    profiling,
    report,
    runs,
    simulation,
    statistics,
    sweep,
    tuning,
)
from .learning.config import LearningConfig, read_learning
from .report.page import write_report
from .runs.merge import merge_runs
from .runs.run import run_sweep
from .simulation.config import SimulationConfig, read_simulation
from .statistics.comparison import compare_solvers
from .style import line_styles, paper_style, save_figure, solver_styles
from .sweep.config import SweepConfig, read_config
from .sweep.summary import read_runs
from .tuning.config import TuneConfig, read_tuning
from .tuning.outcome import Tuning
from .tuning.run import run_tuning
from .tuning.tune import tune

__all__ = [
    "LearningConfig",
    "SimulationConfig",
    "SweepConfig",
    "TuneConfig",
    "Tuning",
    "adversary",
    "best_known",
    "compare_solvers",
    "learning",
    "line_styles",
    "merge_runs",
    "notebook",
    "offload",
    "paper",
    "paper_style",
    "peers",
    "profiling",
    "read_config",
    "read_learning",
    "read_runs",
    "read_simulation",
    "read_tuning",
    "report",
    "run_sweep",
    "run_tuning",
    "runs",
    "save_figure",
    "simulation",
    "solver_styles",
    "statistics",
    "sweep",
    "tune",
    "tuning",
    "write_report",
]
