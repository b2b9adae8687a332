from .config import TuneConfig, read_tuning
from .outcome import Tuning, TuningPlots
from .problem_set import ProblemSet
from .rival_ranks import flip_test, order_changes, rank_changes
from .rival_run import RivalRanks, run_rivals
from .rivals import RivalTunings, read_rivals
from .run import run_tuning
from .tune import tune

__all__ = [
    "ProblemSet",
    "RivalRanks",
    "RivalTunings",
    "TuneConfig",
    "Tuning",
    "TuningPlots",
    "flip_test",
    "order_changes",
    "rank_changes",
    "read_rivals",
    "read_tuning",
    "run_rivals",
    "run_tuning",
    "tune",
]
