"""The arrays of a local search: problem, candidates, the current schedule and the best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.bounds.lagrangian import lagrangian_value
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals, nearest_bound
from edgeopt.optim.scheduling.local_search.candidates import Candidates, find_candidates
from edgeopt.optim.scheduling.local_search.schedule_arrays import (
    Instance,
    ScheduleArrays,
    empty_schedule,
    instance_of,
    schedule_makespan,
)
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

DEFAULT_WIDTH, DEFAULT_DEPTH = 8, 4  # candidate nodes of a task, and longest chain

WORK = 20_000_000  # neighbours compared in a step, about 0.1 s; reached beyond 2048 x 64 or so


class EjectionChain(NamedTuple):
    """The steps of an ejection chain, recorded to undo it.

    Attributes
    ----------
    task, origin : ndarray of int, shape (depth,)
        Which task moved, and from which node.
    before : ndarray, shape (depth, 4)
        Load and memory of both nodes before the step, in s and byte.
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
        The problem, and the nodes considered for each task.
    schedule : ScheduleArrays
        The current schedule.
    best : Best
        The best schedule.
    chain : EjectionChain
        Scratch.
    kicks : ndarray of int, shape (1,)
        Number of kicks, which is also the number of the current chain.
    compared : ndarray of int, shape (1,)
        Number of neighbours compared: shifts, swaps and steps of chains whose cost was computed.
    limit : ndarray of int, shape (1,)
        Value of `compared` at which descents and kicks stop for now (`allow_work`).
    bound : float
        The LP bound in s, or `nearest_bound` if nodes have ready times.
    """

    instance: Instance
    candidates: Candidates
    schedule: ScheduleArrays
    best: Best
    chain: EjectionChain
    kicks: IntArray
    compared: IntArray
    limit: IntArray
    bound: float


def open_search(problem: Problem, width: int = DEFAULT_WIDTH, depth: int = DEFAULT_DEPTH) -> Search:
    """Return the arrays for a local search of `problem`, still without a schedule.

    Parameters
    ----------
    problem : Problem
        Its LP is solved unless its bound is already known.
    width : int
        Candidate nodes of a task.
    depth : int
        Longest ejection chain.

    Examples
    --------
    See `LocalSearch`, which calls it.
    """
    instance = instance_of(problem)
    # The LP knows nothing of ready times; a gap measured from its bound would be far too large.
    if problem.ready is None:
        bound = lagrangian_value(problem, lp_duals(problem))
    else:
        bound = nearest_bound(problem)
    return empty_search(instance, find_candidates(problem, width), depth, bound)


def take_best(state: State, best: Best) -> None:
    """Copy the best schedule of the kernels to the state of a solver, if it is better."""
    if best.makespan[0] < state.makespan:
        state.assignment = best.assignment.copy()
        state.makespan = float(best.makespan[0])


def empty_search(instance: Instance, candidates: Candidates, depth: int, bound: float) -> Search:
    """Return the arrays of a local search with these candidates, still without a schedule."""
    k = len(instance.memory)
    task, origin = np.zeros(depth, dtype=np.int64), np.zeros(depth, dtype=np.int64)
    return Search(
        instance=instance,
        candidates=candidates,
        schedule=empty_schedule(instance),
        best=Best(np.zeros(k, dtype=np.int64), np.full(1, np.inf)),
        chain=EjectionChain(task, origin, np.zeros((depth, 4)), np.full(k, -1)),
        kicks=np.zeros(1, dtype=np.int64),
        compared=np.zeros(1, dtype=np.int64),
        limit=np.full(1, np.iinfo(np.int64).max),
        bound=bound,
    )


@jit_lean
def allow_work(search: Search, shares: int = 1) -> None:
    """Let descents and kicks compare at most `WORK` more neighbours, or several times as many."""
    search.limit[0] = search.compared[0] + shares * WORK


@jit_lean
def keep_if_best(search: Search) -> None:
    """Keep a copy of the current schedule if it is the best so far."""
    keep(search.schedule, search.best)


@jit_lean
def keep(schedule: ScheduleArrays, best: Best) -> None:
    """Keep a copy of a schedule if it is the best so far."""
    makespan = schedule_makespan(schedule)
    if makespan < best.makespan[0]:
        best.makespan[0] = makespan
        for task in range(len(schedule.assignment)):
            best.assignment[task] = schedule.assignment[task]
