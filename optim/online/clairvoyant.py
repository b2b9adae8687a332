"""Clairvoyant scheduling: the whole stream is known before the first task arrives."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from optim.jit import jit
from optim.online.beyond_edge import beyond_edge
from optim.online.changes import change_arrays
from optim.online.dispatch import check_tasks
from optim.online.edge_queues import EARLIEST_FINISH, EdgeTimes, queue_at_edge
from optim.online.reassign import queue_of_nodes, reassign
from optim.online.resources import Resources
from optim.online.timeline import Stages, Timeline
from problems.errors import FloatArray, check_integer


def simulate_clairvoyant(
    time: FloatArray, stages: Stages, resources: Resources, *, sweeps: int = 100
) -> Timeline:
    """Simulate a stream scheduled by one who knows all tasks to come: a yardstick for the others.

    Starts from dispatch by earliest finish, and moves single tasks to other nodes as long as that
    lowers the mean delay at the edge. Each node works in the order of arrival. The result is a
    local optimum; no schedule is better than `least_edge_delay_s`.

    Parameters
    ----------
    time, stages, resources
        As for `simulate_dispatch`. Memory is not looked at.
    sweeps : int
        Passes over the tasks at the most.

    Raises
    ------
    InputError
        If an array has a wrong shape or value.
    """
    time, stages = check_tasks(time, stages)
    check_integer("sweeps", sweeps, at_least=0)
    flops, free = resources.flops, np.zeros(resources.nodes)
    changes = change_arrays((), resources.nodes)
    start = queue_at_edge(time, stages.edge, flops, free, changes, EARLIEST_FINISH)
    queues = queue_of_nodes(time, stages.edge, flops, start.node)
    for _ in range(sweeps):
        if not reassign(time, stages.edge, flops, queues):
            break
    begin = queues.end - stages.edge / flops[queues.node]
    return beyond_edge(EdgeTimes(queues.node, time.copy(), begin, queues.end), stages, resources)


def least_edge_delay_s(time: FloatArray, stages: Stages, resources: Resources) -> float:
    """Return a bound in s below which no schedule brings the mean delay at the edge.

    The larger of two relaxations: every task alone on the fastest node; all nodes as one machine
    that may interrupt its work, on which the shortest remaining work first is optimal (Schrage
    1968, "A proof of the optimality of the shortest remaining processing time discipline").
    """
    time, stages = check_tasks(time, stages)
    alone = stages.edge / resources.flops.max()
    together = _shortest_remaining_first(time, stages.edge / resources.flops.sum())
    return max(float(alone.mean()), together / len(time))


@jit
def _shortest_remaining_first(time: FloatArray, service: FloatArray) -> float:
    """Return the sum of the delays in s on one machine that always does what is done first."""
    total, now = 0.0, 0.0
    open_ = [(0.0, 0.0)]  # remaining service and arrival
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
