from .counting import counting_bound
from .deadline import deadline_bound
from .knapsack_bound import knapsack_bound
from .lagrangian import Multipliers, lagrangian_bound
from .quick_bounds import combinatorial_bound, lower_bound, lp_bound, lp_duals

__all__ = [
    "Multipliers",
    "combinatorial_bound",
    "counting_bound",
    "deadline_bound",
    "knapsack_bound",
    "lagrangian_bound",
    "lower_bound",
    "lp_bound",
    "lp_duals",
]
