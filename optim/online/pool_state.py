"""What the edge nodes do and hold while windows are simulated."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optim.jit import jit
from optim.online.changes import FAIL, JOIN, ChangeArrays
from optim.online.edge_queues import EdgeTimes
from optim.online.resources import Resources
from optim.solver import IntArray
from problems.errors import FloatArray


@dataclass
class PoolState:
    """The nodes at one moment of a simulation.

    Attributes
    ----------
    resources : Resources
        The nodes.
    work : ndarray, shape (K,)
        Work of each task in FLOP.
    memory : ndarray, shape (K,), or None
        Memory that each task holds from its dispatch to its end in byte.
    times : EdgeTimes
        What is decided so far.
    free : ndarray, shape (x,)
        When each node has done what it has in s.
    there : ndarray of bool, shape (x,)
        Whether each node is there.
    given : ndarray of int64
        Tasks given to nodes that had not ended when last looked at.
    """

    resources: Resources
    work: FloatArray
    memory: FloatArray | None
    times: EdgeTimes
    free: FloatArray
    there: NDArray[np.bool_]
    given: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def give(self, tasks: IntArray, nodes: IntArray, now: float) -> None:
        """Append tasks to the queues of nodes at `now` in s."""
        _append(tasks, nodes, now, self.work, self.resources.flops, self.free, self.times)
        self.given = np.append(self.given[self.times.end[self.given] > now], tasks)

    def apply(self, changes: ChangeArrays, change: int) -> IntArray:
        """Let a node come or go; return the tasks that it gives back, sorted."""
        node, now, kind = changes.node[change], changes.time[change], changes.kind[change]
        if kind == JOIN:
            self.there[node] = True
            self.free[node] = max(self.free[node], now)
            return self.given[:0]
        self.there[node] = False
        begun, ended = self.times.start[self.given] < now, self.times.end[self.given] <= now
        own = self.times.node[self.given] == node
        lost = own & ~(ended if kind == FAIL else begun)
        tasks = np.sort(self.given[lost])
        self.free[node] = self.times.end[self.given[own & ~lost]].max(initial=0.0)
        self.given = self.given[~lost]
        return tasks

    def free_memory(self, now: float) -> FloatArray:
        """Return the memory of each node that no task holds at `now`, shape (x,) in byte."""
        if self.memory is None or self.resources.capacity is None:
            return np.full(self.resources.nodes, np.inf)
        holding = self.given[self.times.end[self.given] > now]
        nodes = self.times.node[holding]
        held = np.bincount(nodes, self.memory[holding], self.resources.nodes)
        return np.maximum(self.resources.capacity - held, 0.0)

    def next_end(self, now: float) -> float:
        """Return when the next task ends on a node after `now` in s, infinite if none does."""
        ends = self.times.end[self.given]
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
