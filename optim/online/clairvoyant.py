"""Clairvoyant scheduling, a yardstick: all arrivals are known before the first task arrives."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.online.beyond_edge import beyond_edge
from edgeopt.optim.online.changes import change_arrays
from edgeopt.optim.online.dispatch import check_tasks
from edgeopt.optim.online.edge_queues import EARLIEST_FINISH, EdgeTimes, queue_at_edge
from edgeopt.optim.online.resources import Resources, Stages, Timeline
from edgeopt.problems.errors import FloatArray, IntArray, check_integer


def simulate_clairvoyant(
    time: FloatArray, stages: Stages, resources: Resources, *, sweeps: int = 100
) -> Timeline:
    """Simulate a stream that is scheduled with knowledge of all arrivals.

    A local search: it starts from dispatch by earliest finish and moves single tasks to other
    nodes as long as that lowers the mean delay at the edge. Each node works in order of arrival.
    No schedule is better than `least_edge_delay_s`.

    Parameters
    ----------
    time, stages, resources
        As for `simulate_dispatch`, which raises the same errors. Memory is ignored.
    sweeps : int
        Largest number of passes over the tasks.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.online import Resources, Stages, simulate_clairvoyant
    >>> time, zero = np.zeros(3), np.zeros(3)
    >>> stages = Stages(np.array([1e9, 1e9, 2e9]), zero, zero, zero)
    >>> simulate_clairvoyant(time, stages, Resources(np.array([1e9, 1e9]))).finish
    array([1., 1., 3.])
    """
    time, stages = check_tasks(time, stages)
    check_integer("sweeps", sweeps, at_least=0)
    flops, free = resources.flops, np.zeros(resources.nodes)
    changes = change_arrays((), resources.nodes)
    # Any assignment would do as a start; a good one saves sweeps.
    start = queue_at_edge(time, stages.edge, flops, free, changes, EARLIEST_FINISH)
    queues = queue_of_nodes(time, stages.edge, flops, start.node)
    for _ in range(sweeps):
        if not reassign(time, stages.edge, flops, queues):
            break
    begin = queues.end - stages.edge / flops[queues.node]
    return beyond_edge(EdgeTimes(queues.node, time.copy(), begin, queues.end), stages, resources)


def least_edge_delay_s(time: FloatArray, stages: Stages, resources: Resources) -> float:
    """Return a lower bound on the mean delay at the edge of any schedule, s.

    The larger of two relaxations: every task alone on the fastest node; and all nodes as one
    preemptive machine, on which shortest remaining processing time first is optimal (Schrage 1968,
    "A proof of the optimality of the shortest remaining processing time discipline").
    """
    time, stages = check_tasks(time, stages)
    alone = stages.edge / resources.flops.max()
    together = _shortest_remaining_first(time, stages.edge / resources.flops.sum())
    return max(float(alone.mean()), together / len(time))


@jit
def _shortest_remaining_first(time: FloatArray, service: FloatArray) -> float:
    """Return the sum of the delays in s under shortest remaining processing time first."""
    total, now = 0.0, 0.0
    open_ = [(0.0, 0.0)]  # remaining service and arrival; the entry tells numba the type
    open_.clear()
    for i in range(len(time) + 1):
        until = time[i] if i < len(time) else np.inf
        while open_ and now < until:
            left, arrived = heappop(open_)
            if now + left > until:
                heappush(open_, (left - (until - now), arrived))
                now = until
            else:
                now += left
                total += now - arrived
        if i < len(time):
            now = max(now, until)
            heappush(open_, (service[i], until))
    return total


# The local search: moves of single tasks between the nodes' queues, which are linked lists.

_GAIN = 1e-9  # least relative improvement, so that rounding errors end the search


class NodeQueues(NamedTuple):
    """The nodes' queues as linked lists, in order of arrival.

    Attributes
    ----------
    node, before, after : ndarray of int64, shape (K,)
        The task's node, and the tasks before and after it on that node, -1 for none.
    first : ndarray of int64, shape (x,)
        The first task of each node, -1 for none.
    end : ndarray, shape (K,)
        When the task ends in s.
    """

    node: IntArray
    before: IntArray
    after: IntArray
    first: IntArray
    end: FloatArray


@jit
def queue_of_nodes(
    time: FloatArray, work: FloatArray, flops: FloatArray, node: IntArray
) -> NodeQueues:
    """Return the queues of an assignment, shape (K,); tasks without work are in no queue."""
    tasks, nodes = len(time), len(flops)
    queues = NodeQueues(
        node.copy(), np.full(tasks, -1), np.full(tasks, -1), np.full(nodes, -1), time.copy()
    )
    last = np.full(nodes, -1)
    for i in range(tasks):
        if work[i] > 0.0:
            _link(i, last[node[i]], node[i], queues)
            _update(i, time, work, flops, queues)
            last[node[i]] = i
    return queues


@jit
def reassign(time: FloatArray, work: FloatArray, flops: FloatArray, queues: NodeQueues) -> bool:
    """Move each task to the node where the sum of all ends is least; return if any moved.

    Parameters
    ----------
    time, work : ndarray, shape (K,)
        Arrivals in s and work in FLOP.
    flops : ndarray, shape (x,)
        Speeds in FLOP/s.
    queues : NodeQueues
        Changed in place.
    """
    nodes, moved = len(flops), False
    last = np.full(nodes, -1)  # of each node, the last task before the current one
    for i in range(len(time)):
        if work[i] == 0.0:
            continue
        old, before = queues.node[i], queues.before[i]
        follower, end = queues.after[i], queues.end[i]
        _unlink(i, queues)
        _update(follower, time, work, flops, queues)
        best, least = old, _cost(i, before, old, time, work, flops, queues)
        # The old node wins unless another is better by more than rounding.
        least -= _GAIN * (abs(least) + end)
        for j in range(nodes):
            if j != old:
                cost = _cost(i, last[j], j, time, work, flops, queues)
                if cost < least:
                    best, least = j, cost
        _link(i, last[best], best, queues)
        _update(i, time, work, flops, queues)
        last[best] = i
        moved = moved or best != old
    return moved


@jit_lean
def _cost(
    i: int,
    before: int,
    node: int,
    time: FloatArray,
    work: FloatArray,
    flops: FloatArray,
    queues: NodeQueues,
) -> float:
    """Return how much the sum of all ends grows in s if task i is inserted after `before`."""
    end = queues.end[before] if before >= 0 else 0.0
    end = max(time[i], end) + work[i] / flops[node]
    cost: float = end
    follower = queues.after[before] if before >= 0 else queues.first[node]
    while follower >= 0 and end > time[follower]:  # later tasks are pushed back
        end = max(time[follower], end) + work[follower] / flops[node]
        if end <= queues.end[follower]:
            break
        cost += end - queues.end[follower]
        follower = queues.after[follower]
    return cost


@jit_lean
def _unlink(i: int, queues: NodeQueues) -> None:
    """Remove task i from its queue."""
    before, after = queues.before[i], queues.after[i]
    if before >= 0:
        queues.after[before] = after
    else:
        queues.first[queues.node[i]] = after
    if after >= 0:
        queues.before[after] = before


@jit_lean
def _link(i: int, before: int, node: int, queues: NodeQueues) -> None:
    """Insert task i after `before` into the queue of a node."""
    after = queues.after[before] if before >= 0 else queues.first[node]
    queues.node[i], queues.before[i], queues.after[i] = node, before, after
    if before >= 0:
        queues.after[before] = i
    else:
        queues.first[node] = i
    if after >= 0:
        queues.before[after] = i


@jit_lean
def _update(
    i: int, time: FloatArray, work: FloatArray, flops: FloatArray, queues: NodeQueues
) -> None:
    """Recompute the ends from task i onwards, as far as they change."""
    first = i
    while i >= 0:
        before = queues.before[i]
        begin = max(time[i], queues.end[before]) if before >= 0 else time[i]
        end = begin + work[i] / flops[queues.node[i]]
        # The tasks after an unchanged end are unchanged as well.
        if end == queues.end[i] and i != first:
            break
        queues.end[i] = end
        i = queues.after[i]
