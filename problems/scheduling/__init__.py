"""Scheduling problems: which task runs on which edge node (section 2.3 of the paper)."""

from edgeopt.problems.scheduling.formats import load_file, write_hcsp, write_npz
from edgeopt.problems.scheduling.generators import braun, coefficient_of_variation
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import SchedulingProblem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

__all__ = [
    "SchedulingProblem",
    "UniformTimes",
    "braun",
    "coefficient_of_variation",
    "load_file",
    "load_problem",
    "paper_pool",
    "write_hcsp",
    "write_npz",
]
