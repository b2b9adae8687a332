from .config import AdversaryConfig, read_adversary
from .duel import loss
from .figure import plot_adversary
from .search import anneal_instances
from .space import InstanceSpace, open_space
from .summary import WorstCase, summarize_adversary, worst_cases

__all__ = [
    "AdversaryConfig",
    "InstanceSpace",
    "WorstCase",
    "anneal_instances",
    "loss",
    "open_space",
    "plot_adversary",
    "read_adversary",
    "summarize_adversary",
    "worst_cases",
]
