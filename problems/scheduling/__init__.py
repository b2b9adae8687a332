"""Scheduling: which task runs on which edge node (section 2.3 of the paper)."""

from problems.scheduling.braun import braun
from problems.scheduling.cov import coefficient_of_variation
from problems.scheduling.files import load_file
from problems.scheduling.hcsp import write_hcsp
from problems.scheduling.npz import write_npz
from problems.scheduling.paper_pool import paper_pool
from problems.scheduling.problem import SchedulingProblem
from problems.scheduling.spec import load_problem
from problems.scheduling.times import WorkSpeed

__all__ = [
    "SchedulingProblem",
    "WorkSpeed",
    "braun",
    "coefficient_of_variation",
    "load_file",
    "load_problem",
    "paper_pool",
    "write_hcsp",
    "write_npz",
]
