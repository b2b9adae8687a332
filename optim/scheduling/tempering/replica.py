"""The replicas of parallel tempering, schedules kept up to date, and the best one visited."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.tempering.model import Model
from edgeopt.problems.errors import FloatArray, IntArray


class Replicas(NamedTuple):
    """The arrays of all replicas.

    Attributes
    ----------
    assignment : ndarray of int, shape (m, k)
        Node of each task.
    loads, used : ndarray, shape (m, x)
        When each node ends, in the model's unit, and the memory that its tasks use in byte.
    members : ndarray of int32, shape (m, x, k)
        The tasks of each node, in any order.
    counts : ndarray of int, shape (m, x)
        Number of tasks of each node.
    places : ndarray of int, shape (m, k)
        Position of each task among the members of its node.
    costs, overloads : ndarray, shape (m,)
        Sum of reduced costs, and half the weighted sum of squared overloads.
    at : ndarray of int, shape (m,)
        The replica at each level of the ladder.
    """

    assignment: IntArray
    loads: FloatArray
    used: FloatArray
    members: IntArray
    counts: IntArray
    places: IntArray
    costs: FloatArray
    overloads: FloatArray
    at: IntArray


class Incumbent(NamedTuple):
    """The best schedule that any replica has visited.

    Attributes
    ----------
    assignment : ndarray of int, shape (k,)
        Node of each task.
    makespan : ndarray, shape (1,)
        When its last node ends, in the model's unit.
    evaluations : ndarray of int, shape (1,)
        Neighbours compared so far, and each way to share a block.
    """

    assignment: IntArray
    makespan: FloatArray
    evaluations: IntArray


def start_replicas(model: Model, levels: int, assignment: IntArray) -> Replicas:
    """Return replicas that all start from one assignment.

    Parameters
    ----------
    model : Model
        Gives the numbers of tasks and nodes.
    levels : int
        Number of replicas, m.
    assignment : ndarray of int, shape (k,)
        Node of each task.

    Returns
    -------
    Replicas
        Loads, memory and energies are 0 until `recompute`.
    """
    k, x = model.times.shape
    replicas = Replicas(
        np.tile(assignment, (levels, 1)),
        np.zeros((levels, x)),
        np.zeros((levels, x)),
        np.zeros((levels, x, k), dtype=np.int32),
        np.zeros((levels, x), dtype=np.int64),
        np.zeros((levels, k), dtype=np.int64),
        np.zeros(levels),
        np.zeros(levels),
        np.arange(levels),
    )
    for replica in range(levels):
        _fill(replicas, replica, assignment)
    return replicas


@jit_lean
def _fill(replicas: Replicas, replica: int, assignment: IntArray) -> None:
    """Give an empty replica an assignment, shape (k,)."""
    for task in range(len(assignment)):
        _add(replicas, replica, task, assignment[task])


@jit_lean
def move(replicas: Replicas, replica: int, task: int, node: int) -> None:
    """Move a task to another node; the caller updates loads and memory.

    Parameters
    ----------
    replicas : Replicas
        Assignment, members, counts and places change.
    replica, task, node : int
        Which replica, which of its tasks, and to which node.
    """
    old, place = replicas.assignment[replica, task], replicas.places[replica, task]
    replicas.counts[replica, old] -= 1
    # The last member takes the place that becomes free: constant time, in any order.
    last = replicas.members[replica, old, replicas.counts[replica, old]]
    replicas.members[replica, old, place] = last
    replicas.places[replica, last] = place
    _add(replicas, replica, task, node)


@jit_lean
def _add(replicas: Replicas, replica: int, task: int, node: int) -> None:
    """Append a task to a node's members."""
    place = replicas.counts[replica, node]
    replicas.members[replica, node, place] = task
    replicas.places[replica, task] = place
    replicas.counts[replica, node] += 1
    replicas.assignment[replica, task] = node


@jit_lean
def copy_replica(replicas: Replicas, origin: int, copy: int) -> None:
    """Overwrite a replica's assignment with another's; loads and memory are to be recomputed.

    Parameters
    ----------
    replicas : Replicas
        Assignment, members, counts and places change.
    origin, copy : int
        Which replica to read, and which to overwrite.
    """
    for j in range(replicas.counts.shape[1]):
        replicas.counts[copy, j] = 0
    _fill(replicas, copy, replicas.assignment[origin])


@jit_lean
def recompute(model: Model, replicas: Replicas, replica: int, target: float) -> None:
    """Compute loads, memory, cost and overload from the assignment, without accumulated rounding.

    Parameters
    ----------
    model : Model
        Times, reduced costs, weights, memory and ready times.
    replicas : Replicas
        Loads, used, costs and overloads change.
    replica : int
        Which replica.
    target : float
        Loads above it are overloads.
    """
    # Sums in the order of the tasks: equal assignments have equal bits, whatever their moves.
    loads, used = replicas.loads[replica], replicas.used[replica]
    for j in range(len(loads)):
        loads[j], used[j] = model.ready[j], 0.0
    cost = 0.0
    for i in range(model.times.shape[0]):
        j = replicas.assignment[replica, i]
        loads[j] += model.times[i, j]
        used[j] += model.memory[i]
        cost += model.costs[i, j]
    replicas.costs[replica] = cost
    replicas.overloads[replica] = 0.0
    for j in range(len(loads)):
        replicas.overloads[replica] += model.weights[j] * overload(loads[j] - target)


@jit_lean
def overload(excess: float) -> float:
    """Return half the square of `excess`, a load less the target; 0 if negative."""
    return 0.5 * max(excess, 0.0) ** 2


@jit_lean
def largest_load(replicas: Replicas, replica: int) -> float:
    """Return the makespan: when the last node with tasks ends."""
    latest = 0.0
    for j in range(replicas.loads.shape[1]):
        if replicas.counts[replica, j] > 0:
            latest = max(latest, replicas.loads[replica, j])
    return latest


@jit_lean
def keep_if_better(incumbent: Incumbent, replicas: Replicas, replica: int, a: int, b: int) -> None:
    """Keep a replica's schedule if it is the best so far.

    Parameters
    ----------
    incumbent : Incumbent
        The best schedule so far.
    replicas : Replicas
        With loads up to date.
    replica : int
        Which replica.
    a, b : int
        The nodes that have changed; if one of them ends too late, no other is examined.
    """
    best = incumbent.makespan[0]
    # Most calls end here, after two comparisons.
    for node in (a, b):
        if replicas.loads[replica, node] >= best and replicas.counts[replica, node] > 0:
            return
    makespan = largest_load(replicas, replica)
    if makespan < best:
        incumbent.makespan[0] = makespan
        for i in range(len(incumbent.assignment)):
            incumbent.assignment[i] = replicas.assignment[replica, i]
