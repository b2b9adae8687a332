"""Solvers, the one loop that runs them, bounds and the independent checker."""

from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.optim.scheduling.solve import CheckError, check_schedule, solve, warm_up
from edgeopt.optim.scheduling.solver import OneShot, Result, Solver, State, Trace
from edgeopt.optim.scheduling.stop import (
    Evaluations,
    Iterations,
    Progress,
    Seconds,
    Stall,
    Status,
    TargetGap,
)

__all__ = [
    "CheckError",
    "Evaluations",
    "Iterations",
    "OneShot",
    "Progress",
    "Result",
    "Schedule",
    "Seconds",
    "Solver",
    "Stall",
    "State",
    "Status",
    "TargetGap",
    "Trace",
    "check_schedule",
    "solve",
    "warm_up",
]
