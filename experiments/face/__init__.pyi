from . import experiments, optim, problems
from .experiments.live.run import run_live
from .experiments.notebook.adversary import WorstCases, adversary
from .experiments.notebook.runs import Runs
from .experiments.notebook.simulation import SimulatedSchemes, simulate_schemes
from .experiments.notebook.sweep import sweep
from .experiments.offload.choice import CutChoice, offload
from .experiments.profiling.profile import MeasuredNetwork, profile_network
from .experiments.runs.merge import merge_runs
from .experiments.runs.run import run_sweep
from .experiments.simulation.config import SimulationConfig, read_simulation
from .experiments.statistics.comparison import compare_solvers
from .experiments.sweep.config import SweepConfig, read_config
from .experiments.sweep.replay import replay
from .experiments.sweep.summary import read_runs
from .experiments.tuning.config import TuneConfig, read_tuning
from .experiments.tuning.outcome import Tuning
from .experiments.tuning.run import run_tuning
from .experiments.tuning.tune import tune
from .optim.framework.simulate import simulate
from .optim.framework.split_system import SplitSystem
from .optim.offloading.sensitivity import sensitivities
from .optim.offloading.solvers import pareto_cuts, scan
from .optim.scheduling.bounds.deadline import deadline_bound
from .optim.scheduling.bounds.knapsack_bound import knapsack_bound
from .optim.scheduling.bounds.lagrangian import lagrangian_bound
from .optim.scheduling.bounds.quick_bounds import lower_bound
from .optim.scheduling.branch_and_price.solver import BranchAndPrice
from .optim.scheduling.catalog import find_solver
from .optim.scheduling.colony.atsa import ACO, ATSA
from .optim.scheduling.fronts.archive import Front
from .optim.scheduling.fronts.solve_front import front
from .optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from .optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from .optim.scheduling.heuristics.lp_rounding import lp_rounding
from .optim.scheduling.local_search.iterated import LocalSearch
from .optim.scheduling.milp import MILP
from .optim.scheduling.named_bounds import best_bound
from .optim.scheduling.pso import PSO
from .optim.scheduling.rivals.annealing import SimulatedAnnealing
from .optim.scheduling.rivals.discrete_pso import DiscretePSO
from .optim.scheduling.rivals.genetic import GeneticAlgorithm
from .optim.scheduling.rivals.iterated_greedy import IteratedGreedy
from .optim.scheduling.rivals.tabu import TabuSearch
from .optim.scheduling.schedule import Schedule
from .optim.scheduling.solve import solve
from .optim.scheduling.solver import Result, State
from .optim.scheduling.stop import Evaluations, Iterations, Seconds, Stall, Status, TargetGap
from .optim.scheduling.tempering.solver import Frontier
from .problems.arrivals.streams import Stream, poisson
from .problems.errors import InputError
from .problems.networks.load import load_network
from .problems.offloading.program import build_program
from .problems.scheduling.problem import Problem, UniformTimes
from .problems.scheduling.spec import load_problem
from .problems.systems.load import load_system
from .version import __version__

__all__ = [
    "ACO",
    "ATSA",
    "MILP",
    "PSO",
    "BranchAndPrice",
    "CutChoice",
    "DiscretePSO",
    "Evaluations",
    "Front",
    "Frontier",
    "GeneticAlgorithm",
    "InputError",
    "IteratedGreedy",
    "Iterations",
    "LocalSearch",
    "MeasuredNetwork",
    "Problem",
    "Result",
    "Runs",
    "Schedule",
    "Seconds",
    "SimulatedAnnealing",
    "SimulatedSchemes",
    "SimulationConfig",
    "SplitSystem",
    "Stall",
    "State",
    "Status",
    "Stream",
    "SweepConfig",
    "TabuSearch",
    "TargetGap",
    "TuneConfig",
    "Tuning",
    "UniformTimes",
    "WorstCases",
    "__version__",
    "adversary",
    "best_bound",
    "build_program",
    "compare_solvers",
    "deadline_bound",
    "experiments",
    "fcfs",
    "find_solver",
    "front",
    "knapsack_bound",
    "lagrangian_bound",
    "load_network",
    "load_problem",
    "load_system",
    "lower_bound",
    "lp_rounding",
    "lpt",
    "max_min",
    "mct",
    "merge_runs",
    "met",
    "min_min",
    "offload",
    "optim",
    "pareto_cuts",
    "poisson",
    "problems",
    "profile_network",
    "read_config",
    "read_runs",
    "read_simulation",
    "read_tuning",
    "replay",
    "round_robin",
    "run_live",
    "run_sweep",
    "run_tuning",
    "scan",
    "sensitivities",
    "simulate",
    "simulate_schemes",
    "solve",
    "sufferage",
    "sweep",
    "tune",
]
