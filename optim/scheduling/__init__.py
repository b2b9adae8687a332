"""Solvers of the scheduling problem, and bounds on its makespan."""

from optim.scheduling.aco import ACO
from optim.scheduling.atsa import ATSA
from optim.scheduling.bounds import combinatorial_bound, lower_bound, lp_bound, lp_duals
from optim.scheduling.catalog import SOLVERS, find_solver, make_solver
from optim.scheduling.fcfs import fcfs, round_robin
from optim.scheduling.local_search import LocalSearch
from optim.scheduling.mct import lpt, mct
from optim.scheduling.met import met
from optim.scheduling.min_min import min_min
from optim.scheduling.pso import PSO
from optim.scheduling.two_best import max_min, sufferage

__all__ = [
    "ACO",
    "ATSA",
    "PSO",
    "SOLVERS",
    "LocalSearch",
    "combinatorial_bound",
    "fcfs",
    "find_solver",
    "lower_bound",
    "lp_bound",
    "lp_duals",
    "lpt",
    "make_solver",
    "max_min",
    "mct",
    "met",
    "min_min",
    "round_robin",
    "sufferage",
]
