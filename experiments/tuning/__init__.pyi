from .config import ProblemSet, TuneConfig, read_tuning
from .outcome import Tuning, TuningPlots
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
