"""Lower bounds on the makespan, proved, and kept as long as the problem lives."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from optim.scheduling.lagrangian_bound import Multipliers, ascend, lagrangian_bound
from optim.scheduling.load_lifting import lifted_bound
from optim.scheduling.lp_relaxation import solve_relaxation
from optim.scheduling.task_groups import grouped_multipliers
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem, WorkSpeed

LP_ENTRIES = 300_000  # above, the LP takes more than a few seconds
_known: WeakKeyDictionary[SchedulingProblem, float] = WeakKeyDictionary()
_duals: WeakKeyDictionary[SchedulingProblem, Multipliers] = WeakKeyDictionary()


def lower_bound(problem: SchedulingProblem) -> float:
    """Return the best bound that is quick to get, in s; computed once for each problem.

    The combinatorial bound or that of the LP's multipliers, lifted by integrality and by ready
    times. The knapsack bound (`optim.scheduling.knapsack_bound`) is better and takes seconds.
    """
    if problem not in _known:
        floor = max(combinatorial_bound(problem), lp_bound(problem))
        _known[problem] = lifted_bound(problem, lp_duals(problem), floor)
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

    What is returned is not the LP's objective but the Lagrangian bound of its multipliers, which
    holds for any multipliers; beyond 300,000 pairs of task and node, a little less than the LP.
    """
    return lagrangian_bound(problem, lp_duals(problem))


def lp_duals(problem: SchedulingProblem) -> Multipliers:
    """Return the LP's multipliers ``(u, v)`` of loads and memory, computed once for each problem.

    A second less on node j lowers the makespan of the relaxation by u_j seconds (u >= 0, of sum
    1); a byte more, by v_j seconds. Beyond 300,000 pairs they come from the LP of grouped tasks
    (`WorkSpeed`) or from subgradient ascent (a matrix).

    Notes
    -----
    The reduced cost of the pair (i, j) is r_ij = u_j et_ij + v_j memory_i - min_l (u_l et_il +
    v_l memory_i): a schedule with that pair is at least `lp_bound` + r_ij long.
    """
    if problem not in _duals:
        _duals[problem] = _multipliers(problem)
    return _duals[problem]


def _multipliers(problem: SchedulingProblem) -> Multipliers:
    """Solve the LP, or come near to it where it is large."""
    if problem.tasks * problem.nodes <= LP_ENTRIES:
        return solve_relaxation(problem).multipliers
    if isinstance(problem.et, WorkSpeed):
        return ascend(problem, grouped_multipliers(problem, problem.et))
    return ascend(problem)
