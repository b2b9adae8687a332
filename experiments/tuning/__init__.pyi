from .config import ProblemSet, TuneConfig, read_tuning
from .tune import TuningOutcome, tune

__all__ = [
    "ProblemSet",
    "TuneConfig",
    "TuningOutcome",
    "read_tuning",
    "tune",
]
