"""The best schedule that any replica has passed through."""

from __future__ import annotations

from typing import NamedTuple

from optim.jit import jit_lean
from optim.scheduling.frontier.replica import Replicas, largest_load
from optim.solver import IntArray
from problems.errors import FloatArray


class Incumbent(NamedTuple):
    """The best schedule so far.

    Attributes
    ----------
    assignment : ndarray of int, shape (k,)
        Node of each task.
    makespan : ndarray, shape (1,)
        When its last node ends, in the model's unit.
    evaluations : ndarray of int, shape (1,)
        Schedules proposed so far, each way to share a block's tasks being one.
    """

    assignment: IntArray
    makespan: FloatArray
    evaluations: IntArray


@jit_lean
def keep_if_better(incumbent: Incumbent, replicas: Replicas, replica: int, a: int, b: int) -> None:
    """Keep a replica's schedule if it is the best so far.

    Parameters
    ----------
    incumbent : Incumbent
        The best so far.
    replicas : Replicas
        With loads up to date.
    replica : int
        Whose schedule.
    a, b : int
        The nodes that have changed; if one of them ends too late no other is looked at.
    """
    best = incumbent.makespan[0]
    for node in (a, b):
        if replicas.loads[replica, node] >= best and replicas.counts[replica, node] > 0:
            return
    makespan = largest_load(replicas, replica)
    if makespan < best:
        incumbent.makespan[0] = makespan
        for i in range(len(incumbent.assignment)):
            incumbent.assignment[i] = replicas.assignment[replica, i]
