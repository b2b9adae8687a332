"""What a local search holds: problem, candidates, the schedule at hand and the best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.bounds.bounds import lp_duals, nearest_bound
from edgeopt.optim.scheduling.bounds.lagrangian import lagrangian_value
from edgeopt.optim.scheduling.local_search.candidates import Candidates, find_candidates
from edgeopt.optim.scheduling.local_search.schedule import (
    Instance,
    Schedule,
    empty_schedule,
    instance_of,
    schedule_makespan,
)
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import SchedulingProblem

WIDTH, DEPTH = 8, 4


class EjectionChain(NamedTuple):
    """The steps of an ejection chain, so that it can be undone.

    Attributes
    ----------
    task, origin : ndarray of int, shape (depth,)
        Who moved, and from where.
    before : ndarray, shape (depth, 4)
        Load and memory of origin and end before the step, in s and byte.
    mark : ndarray of int, shape (k,)
        Number of the last chain in which a task moved.
    """

    task: IntArray
    origin: IntArray
    before: FloatArray
    mark: IntArray


class Best(NamedTuple):
    """The best schedule so far.

    Attributes
    ----------
    assignment : ndarray of int, shape (k,)
        Node of each task.
    makespan : ndarray, shape (1,)
        In s, infinite where there is none.
    """

    assignment: IntArray
    makespan: FloatArray


class Search(NamedTuple):
    """Local search on one problem.

    Attributes
    ----------
    instance, candidates
        The problem, and where its tasks may go.
    schedule : Schedule
        The schedule at hand.
    best : Best
        The best one.
    chain : Chain
        Scratch.
    kicks : ndarray of int, shape (1,)
        Kicks so far, by which chains are numbered.
    bound : float
        The LP bound in s, or a better one where nodes are not ready at once.
    """

    instance: Instance
    candidates: Candidates
    schedule: Schedule
    best: Best
    chain: EjectionChain
    kicks: IntArray
    bound: float


def open_search(problem: SchedulingProblem, width: int = WIDTH, depth: int = DEPTH) -> Search:
    """Return the local search of `problem`, without a schedule.

    Parameters
    ----------
    problem : SchedulingProblem
        Its LP is solved unless its bound is known already.
    width : int
        Candidate nodes of a task.
    depth : int
        Longest ejection chain.

    Examples
    --------
    See `LocalSearch`, which calls it.
    """
    instance, k = instance_of(problem), problem.tasks
    if problem.ready is None:
        bound = lagrangian_value(problem, lp_duals(problem))
    else:
        bound = nearest_bound(problem)
    task, origin = np.zeros(depth, dtype=np.int64), np.zeros(depth, dtype=np.int64)
    return Search(
        instance=instance,
        candidates=find_candidates(problem, width),
        schedule=empty_schedule(instance),
        best=Best(np.zeros(k, dtype=np.int64), np.full(1, np.inf)),
        chain=EjectionChain(task, origin, np.zeros((depth, 4)), np.full(k, -1)),
        kicks=np.zeros(1, dtype=np.int64),
        bound=bound,
    )


@jit_lean
def keep_if_best(search: Search) -> None:
    """Copy a schedule that is better than the best so far."""
    schedule, best = search.schedule, search.best
    makespan = schedule_makespan(schedule)
    if makespan < best.makespan[0]:
        best.makespan[0] = makespan
        for task in range(len(schedule.assignment)):
            best.assignment[task] = schedule.assignment[task]
