"""Local search: shifts, swaps and ejection chains, guided by the prices of the LP relaxation."""

from edgeopt.optim.scheduling.local_search.candidates import (
    Candidates,
    find_candidates,
    reduced_costs,
)
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.local_search.moves import improve
from edgeopt.optim.scheduling.local_search.search import Search, open_search

__all__ = [
    "Candidates",
    "LocalSearch",
    "Search",
    "find_candidates",
    "improve",
    "open_search",
    "reduced_costs",
]
