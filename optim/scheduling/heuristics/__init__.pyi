from .batch_rules import max_min, min_min, sufferage
from .list_rules import fcfs, lpt, mct, met, round_robin
from .lp_rounding import lp_rounding

__all__ = [
    "fcfs",
    "lp_rounding",
    "lpt",
    "max_min",
    "mct",
    "met",
    "min_min",
    "round_robin",
    "sufferage",
]
