"""Simulated time: a period of tasks that wait for their gradients."""

from __future__ import annotations

import heapq
from collections import deque
from typing import NamedTuple

import numpy as np

from experiments.learning.costs import TaskCosts
from optim.solver import IntArray


class Timeline(NamedTuple):
    """A period.

    Attributes
    ----------
    order : ndarray of int64, shape (K,)
        The tasks in the order in which they reach the cloud, or the exit head if they end there.
    seconds : float
        When the last node is done.
    """

    order: IntArray
    seconds: float


def simulate_period(costs: TaskCosts, assignment: IntArray) -> Timeline:
    """Run each node's tasks one after another, in their order; ties go to the lower node.

    A node goes forth through its layers, sends, waits for the gradients and goes back. The cloud,
    of which there is one copy, takes one task at a time in the order of arrival; (14) has no queue.
    """
    queues = [deque(np.flatnonzero(assignment == node)) for node in range(costs.forward.shape[1])]
    arrivals: list[tuple[float, int]] = []

    def send_next(node: int, now: float) -> None:
        task = queues[node][0]
        arrival = now + costs.forward[task, node] + costs.upload[task, node]
        heapq.heappush(arrivals, (arrival, node))

    for node in range(len(queues)):
        if queues[node]:
            send_next(node, 0.0)
    order, cloud_free, end = [], 0.0, 0.0
    while arrivals:
        now, node = heapq.heappop(arrivals)
        task = queues[node].popleft()
        order.append(task)
        back = now - costs.upload[task, node] + costs.exit[task, node]
        if costs.cloud[task]:
            cloud_free = max(now, cloud_free) + costs.cloud[task]
            back = max(back, cloud_free + costs.download[task, node])
        done = float(max(back, now) + costs.backward[task, node])
        end = max(end, done)
        if queues[node]:
            send_next(node, done)
    return Timeline(np.array(order, dtype=np.int64), end)
