"""HiGHS on the whole mixed-integer program."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from experiments.peers.child_process import ChildState, start_child, step_child
from optim.parameters import check_parameters, parameter
from problems.scheduling import SchedulingProblem


@dataclass(frozen=True)
class Highs:
    """HiGHS as it comes: one thread, no warm start (`experiments.peers.child.highs_milp`).

    It runs in a process of its own, as it can neither be stopped nor be kept from taking memory
    while it builds or presolves. Without any schedule in time, or without the memory for the
    model, there is no result (status ``infeasible``).

    References
    ----------
    Huangfu, Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
    Computation 10, 2018.
    """

    seconds: float = parameter(60.0, "time for model and search in s", above=0)
    gigabytes: float = parameter(8.0, "memory that it may have", above=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> ChildState:
        """Start it."""
        limits = {"seconds": self.seconds, "gigabytes": self.gigabytes}
        return start_child(sys.executable, "highs_milp", problem, rng, limits)

    def step(self, problem: SchedulingProblem, state: ChildState) -> ChildState:
        """Wait a moment for its next schedule."""
        return step_child(problem, state)
