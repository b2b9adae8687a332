"""Solvers of the scheduling problem, and bounds on its makespan."""

from optim.scheduling.aco import ACO
from optim.scheduling.atsa import ATSA
from optim.scheduling.bounds import combinatorial_bound, lower_bound, lp_bound, lp_duals
from optim.scheduling.catalog import SOLVERS, find_solver, make_solver
from optim.scheduling.fcfs import fcfs, round_robin
from optim.scheduling.frontier.solver import Frontier
from optim.scheduling.knapsack_bound import knapsack_bound
from optim.scheduling.lagrangian_bound import Multipliers, lagrangian_bound
from optim.scheduling.local_search import LocalSearch
from optim.scheduling.lp_rounding import lp_rounding
from optim.scheduling.mct import lpt, mct
from optim.scheduling.met import met
from optim.scheduling.milp import MILP
from optim.scheduling.min_min import min_min
from optim.scheduling.pso import PSO
from optim.scheduling.two_best import max_min, sufferage

__all__ = [
    "ACO",
    "ATSA",
    "MILP",
    "PSO",
    "SOLVERS",
    "Frontier",
    "LocalSearch",
    "Multipliers",
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
