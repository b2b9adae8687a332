"""Solvers, the one loop that runs them, bounds and the independent checker."""

from optim.check import CheckError, check_schedule
from optim.loop import solve
from optim.result import Result, Trace
from optim.solver import OneShot, Solver, State
from optim.stop import Evaluations, Iterations, Progress, Seconds, Stall, TargetGap
from optim.warm_up import warm_up

__all__ = [
    "CheckError",
    "Evaluations",
    "Iterations",
    "OneShot",
    "Progress",
    "Result",
    "Seconds",
    "Solver",
    "Stall",
    "State",
    "TargetGap",
    "Trace",
    "check_schedule",
    "solve",
    "warm_up",
]
