"""The first schedule of a large problem: a list rule at the LP's prices, and descent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals, nearest_bound
from edgeopt.optim.scheduling.local_search.candidates import priced_costs
from edgeopt.optim.scheduling.local_search.moves import descend_further, restart_from
from edgeopt.optim.scheduling.local_search.search import WORK, Search, open_search
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

FEWEST_PAIRS = 20_000  # of task and node: smaller problems need no better start than a list rule's

MARGINS = (0.0, 0.01, 0.02, 0.03)  # of the deadline above the bound

_QUICK_PAIRS = 1_000_000  # of task and node, that the processor's cache has room for

_MOST_PARTS = 5  # a descent that finds no move in a part is at its end

_MOST_WORK = 3 * WORK  # neighbours compared by all descents, about 0.3 s


def needs_priced_start(problem: Problem) -> bool:
    """Whether a problem is so large, and its nodes unrelated, that `priced_start` pays."""
    unrelated = not isinstance(problem.et, UniformTimes) and problem.nodes > 1
    return unrelated and problem.tasks * problem.nodes >= FEWEST_PAIRS


def priced_start(problem: Problem) -> tuple[IntArray | None, int]:
    """Return a schedule, shape (k,), or None if none was found that fits, and its evaluations.

    One task after the other is put on the node where it costs least at the LP's prices, plus the
    priced time by which the node then exceeds a deadline just above the bound. Long tasks come
    first, by the cost on their second-best node, or tasks that would lose most there. The
    schedules of both orders and of several deadlines are improved by descent; the best is
    returned. On matrices of Braun's classes it is 0.4 to 2 % above the bound, where Min-Min is at
    13 to 50 %.

    Parameters
    ----------
    problem : Problem
        Of at least two nodes. Its LP is solved unless its multipliers are already known.
    """
    bound, search, tried = nearest_bound(problem), open_search(problem), 0
    for assignment in place_at_prices(problem, lp_duals(problem), bound):
        if assignment.min() >= 0:
            tried += 1
            _descend(search, assignment, _work_at_once(problem))
        if is_over() or search.compared[0] >= _MOST_WORK:
            break
    found = search.best.assignment.copy() if tried else None
    return found, tried + int(search.compared[0])


def place_at_prices(problem: Problem, multipliers: Multipliers, bound: float) -> Iterator[IntArray]:
    """Yield the schedules, shape (k,), of both orders and all deadlines; -1 finds no room.

    Parameters
    ----------
    problem : Problem
        Of at least two nodes.
    multipliers : Multipliers
        Prices of time and memory.
    bound : float
        In s; deadlines are just above it.
    """
    costs, u = priced_costs(problem, slice(None), multipliers), multipliers.u
    memory, capacity = memory_arrays(problem)
    least, second = np.partition(costs, 1, axis=1)[:, :2].T
    with np.errstate(invalid="ignore"):  # of a task that fits nowhere
        orders = [np.argsort(-keys, kind="stable") for keys in (second, second - least)]
        costs -= least[:, None]
    for margin, order in product(MARGINS, orders):
        yield _place(
            problem.matrix, costs, u, order, memory, capacity, ready_times(problem),
            bound * (1.0 + margin),
        )  # fmt: skip


def _work_at_once(problem: Problem) -> int:
    """Return how many neighbours to compare between looks at the clock; large matrices are slow."""
    pairs = problem.tasks * problem.nodes
    return WORK // min(max(1, pairs // _QUICK_PAIRS), _MOST_PARTS)


def _descend(search: Search, assignment: IntArray, at_once: int) -> None:
    """Descend from an assignment as long as all descents together may."""
    search.limit[0] = search.compared[0] + at_once
    going = restart_from(search, assignment)
    while going and search.compared[0] < _MOST_WORK and not is_over():
        search.limit[0] = search.compared[0] + at_once
        going = descend_further(search)


@jit
def _place(
    et: FloatArray,
    costs: FloatArray,
    u: FloatArray,
    order: IntArray,
    memory: FloatArray,
    capacity: FloatArray,
    ready: FloatArray,
    deadline: float,
) -> IntArray:
    """Place the tasks in an order by cost and priced time beyond a deadline; -1 finds no room."""
    assignment, loads, used = np.full(len(order), -1), ready.copy(), np.zeros(len(ready))
    for task in order:
        best, least = -1, np.inf
        for node in range(len(loads)):
            if used[node] + memory[task] > capacity[node]:
                continue
            over = min(et[task, node], max(0.0, loads[node] + et[task, node] - deadline))
            cost = costs[task, node] + u[node] * over
            if cost < least:
                best, least = node, cost
        if best >= 0:
            assignment[task] = best
            loads[best] += et[task, best]
            used[best] += memory[task]
    return assignment
