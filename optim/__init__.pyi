from . import framework, learning, offloading, online, scheduling
from .scheduling.checker import CheckError, check_schedule
from .scheduling.measures import Measures, measure
from .scheduling.run_time import budget_used, time_left
from .scheduling.schedule import Schedule
from .scheduling.solve import solve, warm_up
from .scheduling.solver import OneShot, Result, Solver, State, Trace
from .scheduling.stop import Evaluations, Iterations, Progress, Seconds, Stall, Status, TargetGap

__all__ = [
    "CheckError",
    "Evaluations",
    "Iterations",
    "Measures",
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
    "budget_used",
    "check_schedule",
    "framework",
    "learning",
    "measure",
    "offloading",
    "online",
    "scheduling",
    "solve",
    "time_left",
    "warm_up",
]
