"""A period: which node does which task, and how long the period takes in simulated time."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.learning.costs import TaskCosts
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound
from edgeopt.optim.scheduling.catalog import build_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.parameters import check_names
from edgeopt.problems.scheduling.problem import Problem

_DISPATCH_FIELDS = ("solver", "parameters", "budget")


@dataclass(frozen=True)
class Dispatch:
    """The solver that schedules a period's window of K tasks, and its budget.

    Attributes
    ----------
    solver : dict
        ``{"solver": name, parameter: value, ...}``.
    budget : dict
        Stopping criteria by name. A limit on wall time makes runs differ.
    """

    solver: dict[str, Any] = field(default_factory=lambda: {"solver": "atsa-repaired"})
    budget: dict[str, Any] = field(default_factory=lambda: {"evaluations": 1000})

    def __post_init__(self) -> None:
        as_solver(build_solver(self.solver))
        make_criteria(self.budget)


def make_dispatch(table: Any) -> Dispatch:
    """Return the dispatch of a table with ``solver``, its ``parameters`` and ``budget``, if any.

    Raises
    ------
    InputError
        If a field is unknown or illegal.
    """
    if not isinstance(table, dict):
        raise InputError("dispatch", table, "a table")
    check_names(table, dict.fromkeys(_DISPATCH_FIELDS))
    default = Dispatch()
    name = table.get("solver", default.solver["solver"])
    if not isinstance(name, str):
        raise InputError("dispatch.solver", name, "the name of a solver")
    solver = {"solver": name, **table.get("parameters", {})}
    return Dispatch(solver, table.get("budget", default.budget))


def assign(dispatch: Dispatch, costs: TaskCosts, rng: np.random.Generator) -> IntArray:
    """Return the node of each task of a window, shape (K,).

    Raises
    ------
    InputError
        If the solver finds no schedule within its budget.
    """
    # The solver sees tasks as if the cloud were idle; its queue depends on the schedule.
    problem = Problem(costs.occupied_s, name="period")  # (1)
    result = solve(
        problem,
        build_solver(dispatch.solver),
        stop=make_criteria(dispatch.budget),
        rng=rng,
        bound=combinatorial_bound,
        catch_interrupt=False,
    )
    if result.assignment is None:
        raise InputError("dispatch.budget", dispatch.budget, "enough for a schedule")
    return result.assignment


# Simulated time of the tasks, whose nodes wait for the gradients.


class PeriodTimeline(NamedTuple):
    """The simulated course of a period.

    Attributes
    ----------
    order : ndarray of int64, shape (K,)
        The tasks in the order in which they reach the cloud, or the exit head if they end there.
    seconds : float
        When the last node is done, s.
    """

    order: IntArray
    seconds: float


def simulate_period(costs: TaskCosts, assignment: IntArray) -> PeriodTimeline:
    """Simulate each node's tasks one after another, in their order; ties go to the lower node.

    A node computes its layers forward, sends, waits for the gradients, and computes backward. The
    cloud has one copy of its layers and thus takes one task at a time in order of arrival, whereas
    (14) has no queue.
    """
    queues = [deque(np.flatnonzero(assignment == node)) for node in range(costs.forward.shape[1])]
    arrivals: list[tuple[float, int]] = []

    def send_next(node: int, now: float) -> None:
        task = queues[node][0]
        arrival = now + costs.forward[task, node] + costs.upload[task, node]
        heapq.heappush(arrivals, (arrival, node))

    # Events in order of time; the heap breaks ties by node.
    for node in range(len(queues)):
        if queues[node]:
            send_next(node, 0.0)
    order, cloud_free, end = [], 0.0, 0.0
    while arrivals:
        now, node = heapq.heappop(arrivals)
        task = queues[node].popleft()
        order.append(task)
        # The exit head is sent its map when the upload begins, and works beside the cloud.
        back = now - costs.upload[task, node] + costs.exit[task, node]
        # The queue of the cloud, which dormant tasks and those at cut N do not enter.
        if costs.cloud[task]:
            cloud_free = max(now, cloud_free) + costs.cloud[task]
            back = max(back, cloud_free + costs.download[task, node])
        done = float(max(back, now) + costs.backward[task, node])
        end = max(end, done)
        if queues[node]:
            send_next(node, done)
    return PeriodTimeline(np.array(order, dtype=np.int64), end)
