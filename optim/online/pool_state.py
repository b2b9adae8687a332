"""The edge nodes while windows are simulated: queues, memory, and which tasks fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.optim.online.changes import FAIL, JOIN, ChangeArrays
from edgeopt.optim.online.edge_queues import EdgeTimes
from edgeopt.optim.online.resources import Resources
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.memory import best_fit_decreasing


@dataclass
class PoolState:
    """The nodes at one moment of a simulation; changed in place.

    Attributes
    ----------
    resources : Resources
        The nodes.
    work : ndarray, shape (K,)
        Work of each task in FLOP.
    memory : ndarray, shape (K,), or None
        Memory that each task holds from its dispatch to its end in byte.
    times : EdgeTimes
        Node and times of every task that has been dispatched so far.
    free : ndarray, shape (x,)
        When each node has finished its queue in s.
    present : ndarray of bool, shape (x,)
        Whether each node is in the pool.
    pending : ndarray of int64
        Tasks in the nodes' queues; those that have ended are dropped at the next `enqueue`.
    """

    resources: Resources
    work: FloatArray
    memory: FloatArray | None
    times: EdgeTimes
    free: FloatArray
    present: NDArray[np.bool_]
    pending: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def enqueue(self, tasks: IntArray, nodes: IntArray, now: float) -> None:
        """Append tasks to the queues of nodes at `now` in s."""
        _append(tasks, nodes, now, self.work, self.resources.flops, self.free, self.times)
        self.pending = np.append(self.pending[self.times.end[self.pending] > now], tasks)

    def apply(self, changes: ChangeArrays, change: int) -> IntArray:
        """Let a node come or go; return the tasks that it gives back, sorted by index."""
        node, now, kind = changes.node[change], changes.time[change], changes.kind[change]
        if kind == JOIN:
            self.present[node] = True
            self.free[node] = max(self.free[node], now)
            return self.pending[:0]
        self.present[node] = False
        # A node that leaves finishes its current task; one that fails loses it.
        begun, ended = self.times.start[self.pending] < now, self.times.end[self.pending] <= now
        own = self.times.node[self.pending] == node
        lost = own & ~(ended if kind == FAIL else begun)
        tasks = np.sort(self.pending[lost])
        # If the node joins again, it is first free when the task that it kept ends.
        self.free[node] = self.times.end[self.pending[own & ~lost]].max(initial=0.0)
        self.pending = self.pending[~lost]
        return tasks

    def free_memory(self, now: float) -> FloatArray:
        """Return the memory of each node that no task holds at `now`, shape (x,) in byte."""
        if self.memory is None or self.resources.capacity is None:
            return np.full(self.resources.nodes, np.inf)
        holding = self.pending[self.times.end[self.pending] > now]
        nodes = self.times.node[holding]
        # Memory is held from dispatch, not from the start of the work: the data wait on the node.
        held = np.bincount(nodes, self.memory[holding], self.resources.nodes)
        # Rounding in the sum may make it negative by a few bytes.
        return np.maximum(self.resources.capacity - held, 0.0)

    def next_end(self, now: float) -> float:
        """Return when the next task ends on any node after `now` in s, infinite if none does."""
        ends = self.times.end[self.pending]
        return float(ends[ends > now].min(initial=np.inf))


@jit
def _append(
    tasks: IntArray,
    nodes: IntArray,
    now: float,
    work: FloatArray,
    flops: FloatArray,
    free: FloatArray,
    times: EdgeTimes,
) -> None:
    """Append tasks to the queues of nodes, in order."""
    for place in range(len(tasks)):
        i, node = tasks[place], nodes[place]
        times.node[i], times.dispatch[i] = node, now
        times.start[i] = max(now, free[node])
        times.end[i] = times.start[i] + work[i] / flops[node]
        free[node] = times.end[i]


# Memory: which of the waiting tasks fit into the nodes.


class Fit(NamedTuple):
    """The oldest ``tasks`` waiting tasks fit together, for instance by ``assignment``."""

    tasks: int
    assignment: IntArray


def oldest_that_fit(memory: FloatArray, free: FloatArray) -> Fit:
    """Return the largest number of the oldest tasks that best-fit decreasing packs together.

    A younger task never takes the memory that an older one waits for; thus none starves.

    Parameters
    ----------
    memory : ndarray, shape (k,)
        Memory of each task in byte, the oldest first.
    free : ndarray, shape (x,)
        Free memory of each node in byte.
    """
    fitting, failing = Fit(0, np.zeros(0, dtype=np.int64)), len(memory) + 1
    tasks = len(memory)  # usually all fit: try that first, then bisect
    while tasks > fitting.tasks:
        assignment = best_fit_decreasing(memory[:tasks], free)
        if assignment is None:
            failing = tasks
        else:
            fitting = Fit(tasks, assignment)
        tasks = (fitting.tasks + failing) // 2
    return fitting
