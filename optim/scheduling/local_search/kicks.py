"""Kicks: a random task is forced to another node, and an ejection chain repairs the schedule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optim.jit import jit, jit_lean
from optim.scheduling.local_search.candidates import Candidates
from optim.scheduling.local_search.chain import Chain, Goal, try_chain
from optim.scheduling.local_search.schedule import Instance, Schedule
from optim.solver import IntArray
from optim.stream import Stream, next_uniform
from problems.errors import FloatArray


class Best(NamedTuple):
    """The best schedule so far.

    Attributes
    ----------
    assignment : ndarray of int, shape (k,)
        Node of each task.
    makespan : ndarray, shape (1,)
        In s, infinite where there is none.
    kicks : ndarray of int, shape (1,)
        Kicks so far.
    """

    assignment: IntArray
    makespan: FloatArray
    kicks: IntArray


class Urge(NamedTuple):
    """How hard a search tries, in shares of the gap: the best makespan less the LP bound.

    Attributes
    ----------
    bound : float
        The LP bound in s.
    ambition : float
        How far below the best makespan the target lies.
    overload : float
        Price of a second beyond the target.
    temperature : float
        Mean rise of cost that is let through.
    critical : float
        Probability that the kicked task is one of the critical node.
    """

    bound: float
    ambition: float
    overload: float
    temperature: float
    critical: float


@jit
def kick_often(
    instance: Instance,
    schedule: Schedule,
    candidates: Candidates,
    chain: Chain,
    best: Best,
    urge: Urge,
    kicks: int,
    stream: Stream,
) -> None:
    """Kick `kicks` times and keep the best schedule.

    A chain is kept if it raises the cost by at most an exponential random number, whose mean is
    the temperature: Metropolis' rule, drawn beforehand.
    """
    for _ in range(kicks):
        gap = max(best.makespan[0] - urge.bound, 1e-9 * best.makespan[0])
        goal = Goal(
            best.makespan[0] - urge.ambition * gap,
            urge.overload,
            gap,
            -urge.temperature * gap * np.log(1.0 - next_uniform(stream)),
        )
        best.kicks[0] += 1
        task = _draw_task(schedule, urge.critical, stream)
        c = int(next_uniform(stream) * candidates.node.shape[1])
        node = candidates.node[task, c]
        if candidates.cost[task, c] > goal.reach or node == schedule.assignment[task]:
            continue
        if try_chain(
            instance, schedule, candidates, chain, goal, (task, node), best.kicks[0]
        ):
            keep_if_best(schedule, best)


@jit_lean
def _draw_task(schedule: Schedule, critical: float, stream: Stream) -> int:
    """Return a random task, with some probability one of the critical node."""
    task = int(next_uniform(stream) * len(schedule.assignment))
    if next_uniform(stream) < critical:
        node = schedule.ranks[1]
        while schedule.assignment[task] != node:
            task = task + 1 if task + 1 < len(schedule.assignment) else 0
    return task


@jit_lean
def keep_if_best(schedule: Schedule, best: Best) -> None:
    """Copy a schedule that is better than the best so far."""
    makespan = schedule.loads[schedule.ranks[1]]
    if makespan < best.makespan[0]:
        best.makespan[0] = makespan
        for task in range(len(schedule.assignment)):
            best.assignment[task] = schedule.assignment[task]
