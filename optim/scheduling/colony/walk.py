"""The state of a colony, and the walk of its ants (Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.arrays import sum_four
from edgeopt.optim.scheduling.colony.lockstep import Lanes
from edgeopt.optim.scheduling.colony.pheromone import Trail, prepare, update_locally
from edgeopt.optim.scheduling.colony.selection import (
    Nodes,
    Visibility,
    largest_free_share,
    reject,
    roulette,
)
from edgeopt.optim.scheduling.local_search.search import Search
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.stream import RandomStream
from edgeopt.problems.errors import FloatArray, IntArray


class Tours(NamedTuple):
    """The assignments of the ants of one iteration.

    Attributes
    ----------
    assignments : ndarray, shape (ants, k)
        Node of each task; meaningless where the makespan is infinite.
    makespans, totals : ndarray, shape (ants,)
        max_j load_j and Z_y = sum_j load_j in s, infinite where a task found no room.
    """

    assignments: IntArray
    makespans: FloatArray
    totals: FloatArray


@dataclass(kw_only=True)
class ColonyState(State):
    """State of a colony between two iterations.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    memory : ndarray, shape (k,)
        Memory of each task in byte.
    ready : ndarray, shape (x,)
        When each node can start in s.
    visibility, tries, rate
        Arguments of `walk` that follow from the solver's parameters.
    order : ndarray, shape (k,)
        The order in which ants assign the tasks.
    trail, tours, nodes, lanes
        Pheromone, the last iteration, and the nodes' loads during a walk (scratch).
    leader : ndarray, shape (k,)
        The assignment of least cost so far, on which the global best deposits.
    leader_cost : float
        Its cost in s.
    stalled : int
        Iterations since the leader was found.
    search : Search or None
        Local search, if ants are improved.
    """

    stream: RandomStream
    memory: FloatArray
    ready: FloatArray
    visibility: Visibility
    tries: int
    rate: float
    order: IntArray
    trail: Trail
    tours: Tours
    nodes: Nodes
    lanes: Lanes
    leader: IntArray
    leader_cost: float = np.inf
    stalled: int = 0
    search: Search | None = None


@jit_lean
def walk(
    times: FloatArray,
    memory: FloatArray,
    ready: FloatArray,
    order: IntArray,
    trail: Trail,
    tours: Tours,
    nodes: Nodes,
    visibility: Visibility,
    tries: int,
    alpha: float,
    rate: float,
    stream: RandomStream,
    first: int,
    last: int,
) -> None:
    """Let the ants from `first` to `last` - 1 assign all tasks in `order` (Algorithm 1).

    Before the first ant of all, the weights are computed from the pheromone. Then each task is
    assigned to a node drawn by (2): by rejection from its alias table, at most `tries` times, then
    by roulette. A rate above 0 is that of the local rule. An ant stops at the first task that finds
    no node with room that can run it.
    """
    x = times.shape[1]
    if first == 0:
        prepare(trail, alpha, tries > 0)
    for ant in range(first, last):
        for j in range(x):
            nodes.loads[j], nodes.used[j] = ready[j], 0.0
        tours.makespans[ant] = tours.totals[ant] = np.inf
        free, makespan = 1.0, 0.0
        for position in range(len(order)):
            i = order[position]
            node = -1
            # Free shares only fall while an ant walks: an older bound is valid, and computing it
            # once in x tasks costs O(1) a task.
            if tries > 0 and position % x == 0:
                free = largest_free_share(nodes)
            if tries > 0 and trail.keep[i, 0] >= 0.0:
                node = reject(
                    trail.keep, trail.alias, i, nodes, memory[i], free, visibility, tries, stream
                )
            # A table of tiny weights is inexact, and may lead to a node that cannot run the task.
            if node < 0 or times[i, node] == np.inf:
                node = roulette(trail.weights, times, i, nodes, memory[i], visibility, stream)
            if node < 0:
                break
            tours.assignments[ant, i] = node
            nodes.loads[node] += times[i, node]
            makespan = max(makespan, nodes.loads[node])
            nodes.used[node] += memory[i]
            if rate > 0.0:
                update_locally(trail, i, node, alpha, rate)
        else:
            tours.makespans[ant] = makespan
            # Z_y (below (3) in the paper)
            tours.totals[ant] = sum_four(nodes.loads) - sum_four(ready)
