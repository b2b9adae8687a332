"""Lower bounds on the makespan, proved, and kept as long as the problem lives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LP_ENTRIES = 300_000  # above, the LP takes more than a few seconds
_known: WeakKeyDictionary[SchedulingProblem, float] = WeakKeyDictionary()
_duals: WeakKeyDictionary[SchedulingProblem, tuple[FloatArray, FloatArray]] = WeakKeyDictionary()


def lower_bound(problem: SchedulingProblem) -> float:
    """Return the best bound that is quick to get, in s; computed once for each problem.

    The larger of the combinatorial and the LP bound; beyond 300,000 entries the former alone.
    """
    if problem not in _known:
        bound = combinatorial_bound(problem)
        if problem.tasks * problem.nodes <= LP_ENTRIES:
            bound = max(bound, lp_bound(problem))
        _known[problem] = bound
    return _known[problem]


def combinatorial_bound(problem: SchedulingProblem) -> float:
    """Return the largest of three bounds that need one pass over the times, in s.

    The longest task on its best node; the tasks' best times shared by all nodes; for uniform
    machines also, for every r, the r largest works on the r fastest nodes (Lawler et al. 1993,
    "Sequencing and scheduling", section on uniform machines). Memory is left out (a relaxation).
    """
    if isinstance(problem.et, WorkSpeed):
        return _uniform_bound(problem.et.work, problem.et.speed)
    best = problem.et.min(axis=1)
    return max(float(best.max()), float(best.sum()) / problem.nodes)


def _uniform_bound(work: FloatArray, speed: FloatArray) -> float:
    """Return max over r < x of (r largest works) / (r fastest speeds), and all over all."""
    fastest = np.cumsum(np.sort(speed)[::-1])
    largest = np.cumsum(np.sort(work)[::-1])
    r = min(len(work), len(speed))
    return max(float((largest[:r] / fastest[:r]).max()), float(largest[-1] / fastest[-1]))


def lp_bound(problem: SchedulingProblem) -> float:
    """Return the LP relaxation's bound in s, made safe against the solver's rounding.

    Minimise C subject to sum_j x_ij = 1, sum_i et_ij x_ij <= C, sum_i memory_i x_ij <=
    capacity_j, x >= 0, by HiGHS. What is returned is not its objective but the Lagrangian bound
    of its (clipped, normalised) multipliers, which holds for any multipliers:
    sum_i min_j (u_j et_ij + v_j memory_i) - sum_j v_j capacity_j with u, v >= 0, sum u = 1.
    """
    u, v = lp_duals(problem)
    costs = problem.matrix * u
    if problem.task_memory is None or problem.node_capacity is None:
        return float(costs.min(axis=1).sum())
    costs += np.outer(problem.task_memory, v)
    return max(0.0, float(costs.min(axis=1).sum() - v @ problem.node_capacity))


def lp_duals(problem: SchedulingProblem) -> tuple[FloatArray, FloatArray]:
    """Return the LP's multipliers, computed once for each problem.

    Returns
    -------
    u : ndarray, shape (x,)
        Of the load rows: >= 0, of sum 1, without unit. A second less on node j lowers the
        makespan of the relaxation by u_j seconds.
    v : ndarray, shape (x,)
        Of the memory rows: >= 0, in s/byte; 0 where the problem has no memory.

    Notes
    -----
    The reduced cost of the pair (i, j) is r_ij = u_j et_ij + v_j memory_i - min_l (u_l et_il +
    v_l memory_i): a schedule with that pair is at least `lp_bound` + r_ij long.
    """
    if problem not in _duals:
        _duals[problem] = _lp_multipliers(problem)
    return _duals[problem]


def _lp_multipliers(problem: SchedulingProblem) -> tuple[FloatArray, FloatArray]:
    """Return HiGHS's multipliers of the load rows (x,) and of the memory rows (x,)."""
    from scipy.optimize import linprog  # takes long to import
    from scipy.sparse import csr_array, vstack

    k, x = problem.tasks, problem.nodes
    scale = combinatorial_bound(problem) or float(problem.matrix.max())  # tolerances are absolute
    rows, room, size = [_node_rows(problem.matrix / scale, -1.0)], np.zeros(x), 1.0
    if problem.task_memory is not None and problem.node_capacity is not None:
        size = float(problem.node_capacity.max()) or 1.0
        held = np.repeat(problem.task_memory[:, None] / size, x, axis=1)
        rows.append(_node_rows(held, 0.0))
        room = np.concatenate([room, problem.node_capacity / size])
    each_task = csr_array(
        (np.ones(k * x), np.arange(k * x), np.arange(0, k * x + 1, x)), shape=(k, k * x + 1)
    )
    answer = linprog(  # type: ignore[call-overload]  # the stubs know no sparse matrices
        np.append(np.zeros(k * x), 1.0),
        A_ub=vstack(rows, format="csr"),
        b_ub=room,
        A_eq=each_task,
        b_eq=np.ones(k),
        method="highs-ds",
    )
    duals = np.zeros(2 * x) if answer.status else np.maximum(-answer.ineqlin.marginals, 0.0)
    total = duals[:x].sum()
    if total == 0.0:
        return np.full(x, 1 / x), np.zeros(x)  # any multipliers give a valid bound
    v = duals[x:] * (scale / size) / total if len(rows) > 1 else np.zeros(x)
    return duals[:x] / total, v


def _node_rows(values: FloatArray, makespan: float) -> csr_array:
    """Return the matrix, shape (x, k x + 1), whose row j sums values_ij x_ij + makespan C."""
    from scipy.sparse import csr_array

    k, x = values.shape
    data = np.hstack([values.T, np.full((x, 1), makespan)])
    columns = np.hstack([np.arange(k * x).reshape(k, x).T, np.full((x, 1), k * x)])
    return csr_array(
        (data.ravel(), columns.ravel(), np.arange(0, x * (k + 1) + 1, k + 1)),
        shape=(x, k * x + 1),
    )
