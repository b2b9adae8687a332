"""The LP over sets of tasks that a node runs by a deadline: a strong bound, and sets that help."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.knapsack import knapsack
from edgeopt.optim.scheduling.bounds.lp import has_solved, silent_highs
from edgeopt.optim.scheduling.bounds.rounding import ROUNDING
from edgeopt.optim.scheduling.fronts.goal import Goal
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

_EPS = float(np.finfo(np.float64).eps)

_RADIUS, _SMALLEST, _LARGEST = 0.1, 1e-4, 100.0  # of the box, as shares of the prices

_TYPICAL = 0.3  # of the mean price: a price of 0 moves as one of this

_WIDER, _STEADY, _NARROWER = 4.0, 1.5, 0.7  # factors of the radius

_KEPT_PROMISE, _BROKEN_PROMISE = 0.5, -0.5  # shares of the gain that the known sets promise

_PART = 0.03  # of a promised gain, up to which all knapsacks together are solved

_SMALLEST_PART = 1e-9  # of all prices, far above the rounding of a knapsack

_OUTSIDE = 1e-7  # part of a task that no set runs, by rounding

_MOST_SETS = 6  # for each task and node, beyond which the dearest are dropped

_ENTRY_S, _KNAPSACK_S, _CALL_S = 1.5e-9, 6e-7, 5e-4  # see `SetLP.work`


class SetBound(NamedTuple):
    """What the LP over sets says of a deadline.

    Attributes
    ----------
    deadline : float
        In s.
    prices : ndarray, shape (k,)
        Of tasks, >= 0, in units of `SetLP.unit`.
    worth : ndarray, shape (x,)
        By how much each node's best set is worth more than it costs, at most, in that unit.
    value : float
        A lower bound on the value of what ends by the deadline, less `SetLP.base`, in that unit.
    reached : float
        That of the LP over the known sets; infinite where these do not run all tasks.
    shares : ndarray, shape (n,)
        Of the known sets there, the first n of the pool.
    """

    deadline: float
    prices: FloatArray
    worth: FloatArray
    value: float
    reached: float = np.inf
    shares: FloatArray = np.empty(0)


@dataclass
class Pool:
    """The known sets: nodes, tasks, ends in s and costs, in the order of the LP's columns."""

    node: IntArray
    tasks: list[IntArray]
    end: FloatArray
    cost: FloatArray

    def reduced_costs(self, bound: SetBound) -> FloatArray:
        """Return by how much each set misses the best of its node, >= 0 up to tolerances."""
        starts = np.cumsum([0, *(len(tasks) for tasks in self.tasks[:-1])])
        prices = np.add.reduceat(bound.prices[np.concatenate(self.tasks)], starts)
        return np.asarray(self.cost - prices + bound.worth[self.node])


class SetLP:
    """Minimise what sets cost, such that they run each task, and a node one set by the deadline.

    By Dantzig-Wolfe decomposition this is the LP over pairs of task and node with the knapsack of
    each node's time kept whole. Its sets are found by knapsacks at the prices of tasks, and its
    prices in a box around the best so far. Any prices prove a bound: tasks cost at least their
    price, less what the best set of each node is worth more than it costs.

    Costs are those beyond a task's cheapest node. They are not negative, and a task may as well be
    in two sets: it leaves one, which gets cheaper.

    Parameters
    ----------
    problem, goal
        What is scheduled, and the objective. Memory is not looked at.

    Attributes
    ----------
    base, unit : float
        Value of all tasks on their cheapest nodes, and the unit of costs, > 0.
    work : float
        About the processor time of all iterations in s; counted, not measured.

    References
    ----------
    Savelsbergh, "A branch-and-price algorithm for the generalized assignment problem", Operations
    Research 45, 1997; Marsten, Hogan, Blankenship, "The boxstep method for large-scale
    optimization", Operations Research 23, 1975.
    """

    def __init__(self, problem: Problem, goal: Goal) -> None:
        self.problem, self.goal = problem, goal
        cheapest = goal.pairs.min(axis=1)
        self.base = math.fsum(cheapest) + goal.constant
        legal = np.isfinite(goal.pairs)
        costs = np.full(goal.pairs.shape, np.inf)
        np.subtract(goal.pairs, cheapest[:, None], out=costs, where=legal)
        self.unit = float(costs[legal].mean()) or 1.0
        self.costs = np.ascontiguousarray(costs.T) / self.unit
        self.times = np.ascontiguousarray(problem.matrix.T)
        self.ready = ready_times(problem)
        self.work = 0.0
        self.pool = Pool(np.empty(0, np.int64), [], np.empty(0), np.empty(0))
        self._known = set[tuple[int, bytes]]()
        self._master = _empty_master(problem.tasks, problem.nodes)
        self.evaluate(np.zeros(problem.tasks), 0.0)  # compiles it

    def evaluate(
        self, prices: FloatArray, deadline: float, tolerance: float = 0.0, *, keep: bool = False
    ) -> SetBound:
        """Return the bound that prices prove, and keep the best sets if asked."""
        k, x = self.problem.tasks, self.problem.nodes
        taken = np.zeros((x, k), dtype=np.bool_)
        tolerance = max(tolerance, _least_tolerance(prices))
        rooms = (deadline - self.ready) * (1.0 + ROUNDING)
        worth = _best_sets(prices, self.costs, self.times, rooms, tolerance, taken)
        self.work += _KNAPSACK_S * k * x
        value = math.fsum(prices) - math.fsum(worth)
        if keep:
            self.add(taken, deadline)
        return SetBound(deadline, prices, worth, value)

    def improve(self, start: SetBound, wanted: float, close: float, work: float) -> SetBound:
        """Return a better bound for a deadline, from prices and sets that are known.

        Parameters
        ----------
        start : SetBound
            Its prices are the first.
        wanted, close : float
            A larger bound is of no use, nor one that gains less.
        work : float
            Allowed, see `work`.
        """
        best, radius, part, last = start, _RADIUS, _PART, self.work + work
        self._drop(start)
        self._use(start.deadline)
        while best.value < wanted and self.work < last and not is_over():
            answer = self._solve(best.prices, radius)
            if answer is None:
                break
            promised = answer.value - best.value
            if answer.is_inside:
                best = best._replace(reached=answer.value, shares=answer.shares)
            if promised <= close + _SMALLEST_PART * abs(answer.value):  # nothing better in the box
                if answer.is_inside or radius >= _LARGEST:
                    break
                radius *= _WIDER
                continue
            known, tolerance = len(self.pool.end), part * promised / self.problem.nodes
            found = self.evaluate(answer.prices, start.deadline, tolerance, keep=True)
            success = (found.value - best.value) / promised
            if success > _KEPT_PROMISE:
                radius *= _STEADY
            elif success < _BROKEN_PROMISE:
                radius = max(radius * _NARROWER, _SMALLEST)
            if success > 0.0:
                best = found._replace(reached=best.reached, shares=best.shares)
            elif len(self.pool.end) == known:  # better sets are hidden by the tolerance, if any
                if tolerance <= _least_tolerance(answer.prices):
                    break
                part *= _PART
        return best

    def line(self, bound: SetBound) -> tuple[float, float]:
        """Return intercept and slope of the bound on what ends by the deadline, rounded down."""
        size = float(bound.prices.sum() + bound.worth.sum()) * self.unit
        size += float(np.abs(self.goal.pairs.min(axis=1)).sum()) + abs(self.goal.constant)
        lost = 4 * _EPS * (self.problem.tasks + 2 * self.problem.nodes + 8) * size
        return self.base + bound.value * self.unit - lost, self.goal.rate

    def add(self, taken: NDArray[np.bool_], deadline: float) -> None:
        """Keep a set of tasks of each node, shape (x, k), for deadlines as this one."""
        found = list[tuple[int, IntArray]]()
        for node, chosen in enumerate(taken):
            tasks = np.flatnonzero(chosen)
            key = (node, tasks.tobytes())
            if len(tasks) and key not in self._known:
                self._known.add(key)
                found.append((node, tasks))
        if not found:
            return
        end = np.array([self.ready[node] + self.times[node, tasks].sum() for node, tasks in found])
        cost = np.array([self.costs[node, tasks].sum() for node, tasks in found])
        rows = [np.append(tasks, self.problem.tasks + node) for node, tasks in found]
        starts = np.cumsum([0, *(len(each) for each in rows[:-1])]).astype(np.int32)
        index = np.concatenate(rows).astype(np.int32)
        upper = np.where(end <= deadline * (1.0 + ROUNDING), np.inf, 0.0)
        self._master.addCols(
            len(rows), cost, np.zeros(len(rows)), upper, len(index), starts, index,
            np.ones(len(index)),
        )  # fmt: skip
        pool = self.pool
        self.pool = Pool(
            np.append(pool.node, [node for node, _ in found]),
            pool.tasks + [tasks for _, tasks in found],
            np.append(pool.end, end),
            np.append(pool.cost, cost),
        )

    def _use(self, deadline: float) -> None:
        """Let the LP use the sets that end by a deadline."""
        n, first = len(self.pool.end), 2 * self.problem.tasks
        if n:
            upper = np.where(self.pool.end <= deadline * (1.0 + ROUNDING), np.inf, 0.0)
            places = np.arange(first, first + n, dtype=np.int32)
            self._master.changeColsBounds(n, places, np.zeros(n), upper)

    def _solve(self, center: FloatArray, radius: float) -> _Answer | None:
        """Solve the LP of the known sets with prices in a box; None if there was no time."""
        k, master = self.problem.tasks, self._master
        width = radius * np.maximum(center, _TYPICAL * (float(center.mean()) or 1.0))
        low = np.maximum(center - width, 0.0)
        box = np.concatenate([center + width, -low])
        master.changeColsCost(2 * k, np.arange(2 * k, dtype=np.int32), box)
        if not has_solved(master):
            return None
        info, solution = master.getInfo(), master.getSolution()
        pivots = max(1, int(info.simplex_iteration_count))
        self.work += _CALL_S + _ENTRY_S * pivots * int(master.getNumNz())
        values = np.array(solution.col_value)
        outside = values[: 2 * k] * np.append(np.ones(k), low > 0.0)
        prices = np.maximum(np.array(solution.row_dual[:k]), 0.0)
        value = float(info.objective_function_value)
        return _Answer(value, prices, outside.max() <= _OUTSIDE, values[2 * k :])

    def _drop(self, bound: SetBound) -> None:
        """Drop the half of the sets that cost most at given prices, where there are many."""
        most, pool = _MOST_SETS * (self.problem.tasks + self.problem.nodes), self.pool
        if len(pool.end) <= most:
            return
        order = np.argsort(pool.reduced_costs(bound), kind="stable")
        kept, gone = np.sort(order[: most // 2]), np.sort(order[most // 2 :])
        for place in gone.tolist():
            self._known.discard((int(pool.node[place]), pool.tasks[place].tobytes()))
        columns = (2 * self.problem.tasks + gone).astype(np.int32)
        self._master.deleteCols(len(columns), columns)
        tasks = [pool.tasks[place] for place in kept.tolist()]
        self.pool = Pool(pool.node[kept], tasks, pool.end[kept], pool.cost[kept])


def _least_tolerance(prices: FloatArray) -> float:
    """Return the least tolerance of a knapsack."""
    return _SMALLEST_PART * (float(prices.sum()) or 1.0)


class _Answer(NamedTuple):
    """Value and prices of the LP in a box, whether known sets run all tasks, and their shares."""

    value: float
    prices: FloatArray
    is_inside: bool
    shares: FloatArray


def _empty_master(tasks: int, nodes: int) -> Any:
    """Return the LP without sets: a part of a task may be bought and sold outside."""
    master = silent_highs(solver="simplex", presolve="off")
    for count, lower, upper in ((tasks, 1.0, 1.0), (nodes, -np.inf, 1.0)):
        none = np.zeros(count, dtype=np.int32)
        master.addRows(
            count, np.full(count, lower), np.full(count, upper), 0, none, none[:0], np.empty(0)
        )
    for sign in (1.0, -1.0):
        index = np.arange(tasks, dtype=np.int32)
        master.addCols(
            tasks, np.zeros(tasks), np.zeros(tasks), np.full(tasks, np.inf), tasks, index, index,
            np.full(tasks, sign),
        )  # fmt: skip
    return master


@jit
def _best_sets(
    prices: FloatArray,
    costs: FloatArray,
    times: FloatArray,
    rooms: FloatArray,
    tolerance: float,
    taken: NDArray[np.bool_],
) -> FloatArray:
    """Return bounds on what each node's best set is worth more than it costs; mark the sets."""
    worth = np.zeros(len(times))
    for node in range(len(times)):
        if rooms[node] >= 0.0:
            profit = prices - costs[node]
            worth[node] = knapsack(profit, times[node], rooms[node], tolerance, taken[node])
    return worth
