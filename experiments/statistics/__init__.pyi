from .advice import advise
from .anytime import compare_with, gaps_at_budgets
from .bootstrap import interval
from .comparison import Comparison, compare_solvers
from .profiles import running_times
from .rank_tests import friedman, holm, nemenyi, signed_ranks
from .ratio import paired_ratio
from .separation import separation
from .worth import seconds_to_beat

__all__ = [
    "Comparison",
    "advise",
    "compare_solvers",
    "compare_with",
    "friedman",
    "gaps_at_budgets",
    "holm",
    "interval",
    "nemenyi",
    "paired_ratio",
    "running_times",
    "seconds_to_beat",
    "separation",
    "signed_ranks",
]
