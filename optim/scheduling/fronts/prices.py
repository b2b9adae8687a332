"""Prices of the nodes for a deadline: an LP over all pairs, and the bounds that it gives."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.lp import has_solved, silent_highs
from edgeopt.optim.scheduling.bounds.rounding import ROUNDING, whole_memory
from edgeopt.optim.scheduling.fronts.goal import Goal
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

_EPS = float(np.finfo(np.float64).eps)


class Prices(NamedTuple):
    """What the LP of a deadline says.

    Attributes
    ----------
    u : ndarray, shape (x,)
        Price of a second on each node, >= 0, in units of the goal.
    v : ndarray, shape (x,)
        Price of a byte on each node, >= 0; 0 where the problem has no memory.
    makespan : float
        Of the LP, at most the deadline, in s, > 0.
    largest : ndarray of int, shape (k,)
        The node with the largest share of each task.
    """

    u: FloatArray
    v: FloatArray
    makespan: float
    largest: IntArray


class DeadlineLP:
    """The LP relaxation of least value for a deadline, kept by HiGHS from one to the next.

    Minimise sum_ij pairs_ij z_ij + rate C subject to sum_j z_ij = 1, sum_i et_ij z_ij <= C -
    ready_j, memory, z >= 0 and C <= deadline. Ready times count for nodes that are ready before
    any schedule ends.

    Parameters
    ----------
    problem, goal
        What is scheduled, and the objective.
    least : float
        No schedule has a smaller makespan, in s.
    """

    def __init__(self, problem: Problem, goal: Goal, least: float) -> None:
        self.problem, self.goal = problem, goal
        self.memory, self.capacity = whole_memory(problem)
        ready = ready_times(problem)
        self.ready = np.where(ready <= least, ready, 0.0)
        fits = self.memory[:, None] <= self.capacity * (1 + ROUNDING)
        self.legal = np.isfinite(goal.pairs) & fits
        self._task, self._node = np.nonzero(self.legal)
        self._unit = least or float(problem.matrix[self.legal].max()) or 1.0
        self._size = float(np.abs(goal.pairs[self.legal]).max()) or 1.0
        self._room = float(self.capacity.max()) or 1.0
        self._highs = silent_highs(solver="simplex")
        self._highs.passModel(self._model())

    def solve(self, deadline: float = math.inf) -> Prices | None:
        """Return the prices for a deadline in s; None without a solution, or without time."""
        from highspy import HighsModelStatus

        n, x = len(self._task), self.problem.nodes
        self._highs.changeColBounds(n, 0.0, deadline / self._unit)
        if not has_solved(self._highs):
            return None
        if self._highs.getModelStatus() != HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        values, duals = np.array(solution.col_value), -np.array(solution.row_dual)
        duals = np.maximum(duals[self.problem.tasks :], 0.0) * self._size
        v = np.zeros(x)
        if len(duals) > x:
            v = duals[x:] / self._room
        makespan = (float(values[n]) or 1.0) * self._unit
        order = np.lexsort((values[:n], self._task))  # the largest share of each task comes last
        largest = np.empty(self.problem.tasks, dtype=np.int64)
        largest[self._task[order]] = self._node[order]
        return Prices(duals[:x] / self._unit, v, makespan, largest)

    def costs(self, prices: Prices) -> FloatArray:
        """Return what pairs cost at given prices, shape (k, x); infinite where not legal."""
        costs = np.full(self.legal.shape, np.inf)
        times = np.where(self.legal, self.problem.matrix, 0.0)
        priced = times * prices.u + self.memory[:, None] * prices.v
        np.add(self.goal.pairs, priced, out=costs, where=self.legal)
        return costs

    def line(self, prices: Prices) -> tuple[float, float]:
        """Return intercept and slope of a bound that any prices prove, rounded down.

        Each task costs at least its cheapest node, and nodes sell at most the time up to the
        makespan, and their memory.
        """
        cheapest = self.costs(prices).min(axis=1)
        rooms = prices.v * np.where(prices.v > 0.0, self.capacity, 0.0)
        terms = np.concatenate([cheapest, -rooms, prices.u * self.ready, [self.goal.constant]])
        slope = self.goal.rate - float(prices.u.sum())
        # As in `rounded_down`, but of a sum with negative terms, at any makespan up to the longest.
        longest = float(np.where(self.legal, self.problem.matrix, 0.0).max(axis=1).sum())
        latest = longest + float(ready_times(self.problem).max())
        size = float(np.abs(terms).sum()) + (self.goal.rate + float(prices.u.sum())) * latest
        lost = 4 * _EPS * (self.problem.tasks + 2 * self.problem.nodes + 8) * size
        return math.fsum(terms) - lost, slope

    def _model(self) -> Any:
        """Return the LP with an infinite deadline, in units of about 1."""
        from highspy import HighsLp, MatrixFormat
        from scipy.sparse import coo_array

        k, x, n = self.problem.tasks, self.problem.nodes, len(self._task)
        times = self.problem.matrix[self._task, self._node] / self._unit
        rows = [self._task, k + self._node, k + np.arange(x)]
        columns, values = [np.arange(n), np.arange(n), np.full(x, n)], [np.ones(n), times]
        values.append(np.full(x, -1.0))
        upper = [np.ones(k), -self.ready / self._unit]
        if np.isfinite(self.capacity).all():
            rows, columns = [*rows, k + x + self._node], [*columns, np.arange(n)]
            values.append(self.memory[self._task] / self._room)
            upper.append(self.capacity / self._room)
        most = np.concatenate(upper)
        entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        matrix = coo_array(entries, shape=(len(most), n + 1)).tocsc()
        model = HighsLp()
        model.num_col_, model.num_row_ = n + 1, len(most)
        pairs = self.goal.pairs[self._task, self._node] / self._size
        model.col_cost_ = np.append(pairs, self.goal.rate * self._unit / self._size)
        model.col_lower_, model.col_upper_ = np.zeros(n + 1), np.full(n + 1, np.inf)
        model.row_lower_ = np.where(np.arange(len(most)) < k, 1.0, -np.inf)
        model.row_upper_ = most
        model.a_matrix_.format_ = MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        return model
