from .anytime import compare_with, gaps_at_budgets, running_times
from .bootstrap import interval
from .comparison import Comparison, compare
from .ratio import paired_ratio
from .tests import friedman, holm, nemenyi, signed_ranks

__all__ = [
    "Comparison",
    "compare",
    "compare_with",
    "friedman",
    "gaps_at_budgets",
    "holm",
    "interval",
    "nemenyi",
    "paired_ratio",
    "running_times",
    "signed_ranks",
]
