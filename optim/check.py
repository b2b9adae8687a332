"""The independent checker: no result leaves `solve` on a solver's word alone."""

from __future__ import annotations

import math

from optim.solver import IntArray
from problems.scheduling import SchedulingProblem

TOLERANCE = 1e-9


class CheckError(RuntimeError):
    """A solver's claim does not hold for its assignment."""


def check_schedule(
    problem: SchedulingProblem, assignment: IntArray, claimed: float, lower_bound: float
) -> float:
    """Return the makespan recomputed from the assignment alone.

    Parameters
    ----------
    problem : SchedulingProblem
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
        If memory capacities are exceeded, the claim differs from the recomputed makespan by more
        than 1e-9 of it, or the makespan is below the bound by more than that.
    """
    makespan = problem.makespan(assignment)
    if not problem.fits(assignment):
        raise CheckError("the assignment exceeds the memory capacity of a node")
    if not math.isclose(makespan, claimed, rel_tol=TOLERANCE):
        raise CheckError(f"the solver claims a makespan of {claimed!r} s, it is {makespan!r} s")
    if makespan < lower_bound * (1 - TOLERANCE):
        raise CheckError(f"the makespan {makespan!r} s is below the bound {lower_bound!r} s")
    return makespan
