"""The objective that is traded for the makespan, as a sum over pairs of task and node."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.measures import energy_of
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.problems.errors import FloatArray, InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem

GOALS = ("energy", "cost")
"""Objectives that can be traded for the makespan."""


class Goal(NamedTuple):
    """An objective that is at least sum_i pairs_i,a(i) + rate * makespan + constant.

    It is equal to that unless a node without tasks is ready only after the makespan.

    Attributes
    ----------
    name : str
        One of `GOALS`.
    pairs : ndarray, shape (k, x)
        What each pair adds, < 0 where a node uses more while it waits; infinite where the node
        cannot run the task.
    idle : ndarray, shape (x,)
        What each node adds in a second that it waits.
    constant : float
        What waiting does not add before nodes are ready.
    """

    name: str
    pairs: FloatArray
    idle: FloatArray
    constant: float

    @property
    def rate(self) -> float:
        """What a second of the makespan adds, if all nodes wait."""
        return float(self.idle.sum())


def goal_of(problem: Problem, objectives: tuple[str, ...]) -> Goal:
    """Return the objective beside the makespan.

    Raises
    ------
    InputError
        If there is none, more than one, or the problem does not state its data.
    """
    others = [name for name in objectives if name != "makespan"]
    if len(objectives) != 2 or len(others) != 1 or others[0] not in GOALS:
        rule = f"makespan and one of {', '.join(GOALS)}"
        raise InputError("objectives", ",".join(objectives), rule)
    name = others[0]
    if name == "cost":
        if problem.cost is None:
            raise InputError("objectives", name, "stated by the problem: cost, of shape (k, x)")
        pairs = np.where(np.isfinite(problem.matrix), problem.cost, np.inf)
        return Goal(name, pairs, np.zeros(problem.nodes), 0.0)
    energy = problem.pair_energy
    if energy is None:
        raise InputError("objectives", name, "stated by the problem: energy, or active_power")
    idle = np.zeros(problem.nodes) if problem.idle_power is None else problem.idle_power
    # While a node works, it does not wait.
    runs = np.isfinite(problem.matrix)
    pairs = np.full(energy.shape, np.inf)
    np.subtract(energy, np.where(runs, problem.matrix, 0.0) * idle, out=pairs, where=runs)
    return Goal(name, pairs, idle, -float(idle @ ready_times(problem)))


def value_of(problem: Problem, goal: Goal, assignment: IntArray) -> float:
    """Return the objective of a schedule, computed from the problem alone."""
    if goal.name == "cost":
        assert problem.cost is not None
        return float(np.take_along_axis(problem.cost, assignment[:, None], axis=1).sum())
    energy = energy_of(problem, Schedule.of(problem, assignment))
    assert energy is not None
    return energy
