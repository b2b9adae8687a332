"""Solvers of the scheduling problem, and bounds on its makespan."""

from edgeopt.optim.scheduling.bounds.knapsack_bound import knapsack_bound
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers, lagrangian_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import (
    combinatorial_bound,
    lower_bound,
    lp_bound,
    lp_duals,
)
from edgeopt.optim.scheduling.catalog import SOLVERS, find_solver, make_solver
from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from edgeopt.optim.scheduling.heuristics.lp_rounding import lp_rounding
from edgeopt.optim.scheduling.heuristics.min_min import min_min
from edgeopt.optim.scheduling.heuristics.two_best import max_min, sufferage
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.tempering.solver import ParallelTempering

__all__ = [
    "ACO",
    "ATSA",
    "MILP",
    "PSO",
    "SOLVERS",
    "LocalSearch",
    "Multipliers",
    "ParallelTempering",
    "combinatorial_bound",
    "fcfs",
    "find_solver",
    "knapsack_bound",
    "lagrangian_bound",
    "lower_bound",
    "lp_bound",
    "lp_duals",
    "lp_rounding",
    "lpt",
    "make_solver",
    "max_min",
    "mct",
    "met",
    "min_min",
    "round_robin",
    "sufferage",
]
