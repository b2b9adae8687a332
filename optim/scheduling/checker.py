"""The independent checker: `solve` returns no result that only the solver vouches for."""

from __future__ import annotations

import math

import numpy as np

from edgeopt.optim.scheduling.bounds.rounding import sum_rounding
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem

_TOLERANCE = 1e-9  # relative, of the makespan that a solver claims


class CheckError(RuntimeError):
    """A solver's claim does not hold for its assignment.

    Examples
    --------
    See `check_schedule`.
    """


def check_schedule(
    problem: Problem, assignment: IntArray, claimed: float, lower_bound: float
) -> float:
    """Return the makespan recomputed from the assignment alone.

    Parameters
    ----------
    problem : Problem
        The problem solved.
    assignment : ndarray, shape (k,)
        Node of each task.
    claimed : float
        The solver's makespan in s.
    lower_bound : float
        Bound on every makespan in s.

    Raises
    ------
    InputError
        If the assignment is not k node indices.
    CheckError
        If a node cannot run a task, memory capacities are exceeded, the claim differs from the
        recomputed makespan by more than 1e-9 of it, or the makespan is below the bound by more
        than the rounding of a sum.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt import Problem
    >>> from edgeopt.optim import check_schedule
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0]])
    >>> check_schedule(problem, np.array([0, 1]), 3.0, 3.0)
    3.0
    >>> check_schedule(problem, np.array([0, 1]), 2.0, 2.0)
    Traceback (most recent call last):
        ...
    edgeopt.optim.scheduling.checker.CheckError: the solver claims a makespan of 2.0 s, it is 3.0 s
    """
    makespan = problem.makespan(assignment)
    forbidden = np.flatnonzero(~problem.runs(assignment))
    if forbidden.size:
        task = int(forbidden[0])
        raise CheckError(f"node {assignment[task]} cannot run task {task}, which is assigned to it")
    if not problem.fits(assignment):
        raise CheckError("the assignment exceeds the memory capacity of a node")
    if not math.isclose(makespan, claimed, rel_tol=_TOLERANCE):
        raise CheckError(f"the solver claims a makespan of {claimed!r} s, it is {makespan!r} s")
    if lower_bound > makespan * (1 + sum_rounding(problem)):
        raise CheckError(f"the makespan {makespan!r} s is below the bound {lower_bound!r} s")
    return makespan
