from . import framework, learning, offloading, online, scheduling
from .scheduling.solve import CheckError, check_schedule, solve, warm_up
from .scheduling.solver import OneShot, Result, Solver, State, Trace
from .scheduling.stop import Evaluations, Iterations, Progress, Seconds, Stall, TargetGap

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
    "framework",
    "learning",
    "offloading",
    "online",
    "scheduling",
    "solve",
    "warm_up",
]
