from .config import TuneConfig, read_tuning
from .outcome import Tuning, TuningPlots
from .problem_set import ProblemSet
from .run import run_tuning
from .tune import tune

__all__ = [
    "ProblemSet",
    "TuneConfig",
    "Tuning",
    "TuningPlots",
    "read_tuning",
    "run_tuning",
    "tune",
]
