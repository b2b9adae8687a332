"""CP-SAT of OR-Tools on the whole problem."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from experiments.peers.child_process import ChildState, start_child, step_child
from optim.parameters import check_parameters, parameter
from problems.errors import InputError
from problems.scheduling import SchedulingProblem

PYTHON = "EDGEOPT_ORTOOLS_PYTHON"


@dataclass(frozen=True)
class CpSat:
    """CP-SAT with one worker and its defaults (`experiments.peers.child.cp_sat_model`).

    OR-Tools and highspy cannot share a process, nor need they share an environment: the variable
    `PYTHON` names an interpreter that has ortools. Without any schedule in time, or without the
    memory for the model, there is no result (status ``infeasible``).

    References
    ----------
    Perron, Didier, "CP-SAT", part of OR-Tools, Google, https://developers.google.com/optimization.
    """

    seconds: float = parameter(60.0, "time for model and search in s", above=0)
    gigabytes: float = parameter(8.0, "memory that it may have", above=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> ChildState:
        """Start it.

        Raises
        ------
        InputError
            If the variable is not set, or names no interpreter.
        """
        python = os.environ.get(PYTHON)
        if not python:
            rule = "set to a python that has ortools, e.g. /opt/ortools/bin/python"
            raise InputError(PYTHON, python, rule)
        limits = {"seconds": self.seconds, "gigabytes": self.gigabytes}
        return start_child(python, "cp_sat_model", problem, rng, limits)

    def step(self, problem: SchedulingProblem, state: ChildState) -> ChildState:
        """Wait a moment for its next schedule."""
        return step_child(problem, state)
