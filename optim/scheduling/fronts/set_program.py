"""A schedule that is put together from known sets of tasks, by HiGHS where the LP splits sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.optim.scheduling.bounds.lp import silent_highs
from edgeopt.optim.scheduling.bounds.rounding import ROUNDING
from edgeopt.optim.scheduling.fronts.sets import SetBound, SetLP
from edgeopt.optim.scheduling.integer_program import run_program, work_of
from edgeopt.problems.errors import IntArray

_WHOLE = 0.5  # a variable above is 1

_NOTHING = 1e-6  # of a set, by rounding

_SPLIT = 4.0  # sets that share a node, on average: with more, HiGHS takes too long

_MOST = 10  # sets for each task and node


def combine(
    sets: SetLP, bound: SetBound, wanted: float, close: float, checks: float, seed: int
) -> tuple[IntArray | None, float]:
    """Return a cheap schedule of known sets by a deadline, if any, and HiGHS's work in about s.

    Parameters
    ----------
    sets, bound
        The known sets, and a bound for the deadline, with a value reached.
    wanted : float
        Schedules of a larger value are of no use. Those of a smaller one use no set whose reduced
        cost is larger than the gap to the bound.
    close : float
        A gap at which HiGHS ends. Both in units of `SetLP.unit`.
    checks : float
        How often HiGHS may ask whether to go on.
    seed : int
        Of HiGHS.

    Notes
    -----
    Sets may share tasks: such a task runs where it costs less, and the other node ends earlier.
    """
    used = np.flatnonzero(bound.shares > _NOTHING)
    if (bound.shares[used] > 1.0 - _NOTHING).all():
        return _joined(sets, used), 0.0
    if len(used) > _SPLIT * len(np.unique(sets.pool.node[used])):
        return None, 0.0
    chosen = _worthwhile(sets, bound, wanted - bound.value)
    highs = silent_highs(mip_rel_gap=0.0, mip_abs_gap=close, random_seed=seed)
    highs.passModel(_model_of(sets, chosen))
    if not run_program(highs, checks):
        return None, 0.0
    work = work_of(highs)
    info = highs.getInfo()
    if not (np.isfinite(info.objective_function_value) and info.primal_solution_status):
        return None, work
    return _joined(sets, chosen[np.array(highs.getSolution().col_value) > _WHOLE]), work


def _worthwhile(sets: SetLP, bound: SetBound, gap: float) -> IntArray:
    """Return places of the sets that end by the deadline, and are of small reduced cost."""
    pool = sets.pool
    reduced = pool.reduced_costs(bound)
    reduced[pool.end > bound.deadline * (1.0 + ROUNDING)] = np.inf
    most = _MOST * (sets.problem.tasks + sets.problem.nodes)
    chosen = np.argsort(reduced, kind="stable")[:most]
    return np.sort(chosen[reduced[chosen] <= gap])


def _joined(sets: SetLP, used: IntArray) -> IntArray:
    """Return the schedule of given sets, -1 for tasks in none."""
    assignment = np.full(sets.problem.tasks, -1)
    cost = np.full(sets.problem.tasks, np.inf)
    for place in used.tolist():
        node, tasks = sets.pool.node[place], sets.pool.tasks[place]
        better = tasks[sets.costs[node, tasks] < cost[tasks]]
        assignment[better], cost[better] = node, sets.costs[node, better]
    return assignment


def _model_of(sets: SetLP, chosen: IntArray) -> Any:
    """Return the program: each task at least once, each node at most one set."""
    from highspy import HighsLp, HighsVarType, MatrixFormat

    pool, k, x, n = sets.pool, sets.problem.tasks, sets.problem.nodes, len(chosen)
    rows = [np.append(pool.tasks[place], k + pool.node[place]) for place in chosen.tolist()]
    model = HighsLp()
    model.num_col_, model.num_row_ = n, k + x
    model.col_cost_ = pool.cost[chosen]
    model.col_lower_, model.col_upper_ = np.zeros(n), np.ones(n)
    model.row_lower_ = np.append(np.ones(k), np.full(x, -np.inf))
    model.row_upper_ = np.append(np.full(k, np.inf), np.ones(x))
    model.a_matrix_.format_ = MatrixFormat.kColwise
    model.a_matrix_.start_ = np.cumsum([0, *map(len, rows)])
    model.a_matrix_.index_ = np.concatenate(rows)
    model.a_matrix_.value_ = np.ones(sum(map(len, rows)))
    model.integrality_ = [HighsVarType.kInteger] * n
    return model
