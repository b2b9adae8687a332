from . import (
    bounds,
    branch_and_price,
    colony,
    fronts,
    heuristics,
    local_search,
    rivals,
    tempering,
)
from .bounds.counting import counting_bound
from .bounds.deadline import deadline_bound
from .bounds.knapsack_bound import knapsack_bound
from .bounds.lagrangian import Multipliers, lagrangian_bound
from .bounds.quick_bounds import combinatorial_bound, lower_bound, lp_bound, lp_duals
from .branch_and_price.checker import check_certificate
from .branch_and_price.solver import BranchAndPrice
from .catalog import find_solver, make_solver
from .certificate import Certificate, read_certificate, write_certificate
from .checker import check_schedule
from .colony.atsa import ACO, ATSA
from .fronts.archive import Front
from .fronts.exact import EpsilonConstraint, WeightedSum
from .fronts.search import FrontSearch
from .fronts.solve_front import front
from .heuristics.batch_rules import max_min, min_min, sufferage
from .heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from .heuristics.lp_rounding import lp_rounding
from .local_search.iterated import LocalSearch
from .measures import Measures, measure
from .milp import MILP
from .named_bounds import best_bound
from .pso import PSO
from .rivals.annealing import SimulatedAnnealing
from .rivals.discrete_pso import DiscretePSO
from .rivals.genetic import GeneticAlgorithm
from .rivals.iterated_greedy import IteratedGreedy
from .rivals.tabu import TabuSearch
from .run_time import budget_used, time_left
from .schedule import Schedule
from .seeds import read_stream, write_stream
from .solve import solve, warm_up
from .solver import Result, Solver, State, as_solver
from .stop import Evaluations, Iterations, Progress, Seconds, Stall, Status, TargetGap
from .tempering.solver import Frontier

__all__ = [
    "ACO",
    "ATSA",
    "MILP",
    "PSO",
    "BranchAndPrice",
    "Certificate",
    "DiscretePSO",
    "EpsilonConstraint",
    "Evaluations",
    "Front",
    "FrontSearch",
    "Frontier",
    "GeneticAlgorithm",
    "IteratedGreedy",
    "Iterations",
    "LocalSearch",
    "Measures",
    "Multipliers",
    "Progress",
    "Result",
    "Schedule",
    "Seconds",
    "SimulatedAnnealing",
    "Solver",
    "Stall",
    "State",
    "Status",
    "TabuSearch",
    "TargetGap",
    "WeightedSum",
    "as_solver",
    "best_bound",
    "bounds",
    "branch_and_price",
    "budget_used",
    "check_certificate",
    "check_schedule",
    "colony",
    "combinatorial_bound",
    "counting_bound",
    "deadline_bound",
    "fcfs",
    "find_solver",
    "front",
    "fronts",
    "heuristics",
    "knapsack_bound",
    "lagrangian_bound",
    "local_search",
    "lower_bound",
    "lp_bound",
    "lp_duals",
    "lp_rounding",
    "lpt",
    "make_solver",
    "max_min",
    "mct",
    "measure",
    "met",
    "min_min",
    "read_certificate",
    "read_stream",
    "rivals",
    "round_robin",
    "solve",
    "sufferage",
    "tempering",
    "time_left",
    "warm_up",
    "write_certificate",
    "write_stream",
]
