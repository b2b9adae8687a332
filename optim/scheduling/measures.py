"""What a schedule is worth beside its makespan: energy, cost, balance, completion, deadlines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.problems.errors import FloatArray, InputError, IntArray
from edgeopt.problems.scheduling.problem import Problem

_ROUNDING = 1e-9  # relative: a task that ends later than its deadline by less is in time


class Measures(NamedTuple):
    """Measures of a schedule; None for those whose data the problem does not state.

    Attributes
    ----------
    energy : float or None
        Of the tasks, and of nodes that wait, in J.
    cost : float or None
        In the problem's currency.
    imbalance : float
        Degree of imbalance, (latest - earliest) / mean of the times at which the nodes end.
    utilisation : float
        Share of the nodes' time, from when they are ready to the makespan, in which they run tasks.
    mean_completion : float
        Mean time at which a task ends in s, each node running its tasks in order of index.
    deadline_misses : int or None
        Number of tasks that end after their deadlines, in the same order.

    Examples
    --------
    >>> from edgeopt import Problem, lpt, solve
    >>> result = solve(Problem([[3.0, 5.0], [2.0, 1.0]], deadlines=[2.0, 2.0]), lpt)
    >>> result.measures.utilisation, result.measures.deadline_misses
    (0.6666666666666666, 1)
    """

    energy: float | None
    cost: float | None
    imbalance: float
    utilisation: float
    mean_completion: float
    deadline_misses: int | None


def measure(problem: Problem, assignment: ArrayLike) -> Measures:
    """Return the measures of a schedule.

    Parameters
    ----------
    problem : Problem
        States what can be measured.
    assignment : array_like of int, shape (k,)
        Node of each task.

    Raises
    ------
    InputError
        If the assignment is not k node indices, or a node cannot run its task.

    References
    ----------
    Dhinesh Babu, Krishna, "Honey bee behavior inspired load balancing of tasks in cloud computing
    environments", Applied Soft Computing 13, 2013 (degree of imbalance).

    Examples
    --------
    >>> from edgeopt import Problem
    >>> from edgeopt.optim import measure
    >>> times = [[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]]
    >>> power = {"active_power": [5.0, 10.0], "idle_power": [2.0, 4.0]}
    >>> found = measure(Problem(times, **power), [0, 1, 1])
    >>> found.energy  # 3 s and 5 s of work, 2 s of waiting
    69.0
    >>> found.imbalance, found.utilisation, found.mean_completion, found.cost
    (0.5, 0.8, 3.0, None)
    """
    if not problem.runs(assignment).all():
        raise InputError("assignment", assignment, "of nodes that can run their tasks")
    schedule = Schedule.of(problem, assignment)
    chosen, ends = schedule.assignment, schedule.loads + schedule.ready
    mean = float(ends.mean())
    available = float(np.maximum(schedule.makespan - schedule.ready, 0.0).sum())
    finish = schedule.finish_times
    late = None
    if problem.deadlines is not None:
        late = int((finish > problem.deadlines * (1 + _ROUNDING)).sum())
    return Measures(
        energy=energy_of(problem, schedule),
        cost=None if problem.cost is None else float(_of_pairs(problem.cost, chosen).sum()),
        imbalance=float(np.ptp(ends)) / mean if mean > 0.0 else 0.0,
        utilisation=float(schedule.loads.sum()) / available if available > 0.0 else 0.0,
        mean_completion=float(finish.mean()),
        deadline_misses=late,
    )


def energy_of(problem: Problem, schedule: Schedule) -> float | None:
    """Return the energy of a schedule in J, None if the problem does not state it."""
    if problem.energy is not None:
        used = float(_of_pairs(problem.energy, schedule.assignment).sum())
    elif problem.active_power is not None:
        used = float(schedule.loads @ problem.active_power)
    else:
        return None
    if problem.idle_power is not None:
        waiting = np.maximum(schedule.makespan - schedule.ready - schedule.loads, 0.0)
        used += float(waiting @ problem.idle_power)
    return used


def _of_pairs(values: FloatArray, assignment: IntArray) -> FloatArray:
    """Return the value of each task on its node."""
    return np.take_along_axis(values, assignment[:, None], axis=1)[:, 0]
