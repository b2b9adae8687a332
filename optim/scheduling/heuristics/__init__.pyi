from .list_rules import fcfs, lpt, mct, met, round_robin
from .lp_rounding import lp_rounding
from .min_min import min_min
from .two_best import max_min, sufferage

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
