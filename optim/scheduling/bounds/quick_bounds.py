"""Lower bounds on the makespan that take a few seconds at most, kept as long as the problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.lagrangian import (
    Multipliers,
    ascend,
    lagrangian_bound,
    lagrangian_value,
    priced_memory,
    relax_assignment,
)
from edgeopt.optim.scheduling.bounds.lp import (
    AssignmentLP,
    Vertex,
    solve_pairs,
    solve_relaxation,
)
from edgeopt.optim.scheduling.bounds.rounding import (
    ROUNDING,
    largest_multiple,
    lifted_to_units,
    rounded_down,
    time_units,
    whole_memory,
)
from edgeopt.optim.scheduling.run_time import is_kept, is_over, keep
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

LP_ENTRIES = 300_000  # above, the LP takes more than a few seconds


class _KnownBounds(NamedTuple):
    """Bounds of a problem in s.

    Attributes
    ----------
    nearest : float
        The nearest float to the bound, which rounding may have put above it.
    proved : float
        Rounded down: at most the makespan of every schedule, however its loads are summed.
    """

    nearest: float
    proved: float


class _Relaxed(NamedTuple):
    """What is known of the LP of a problem.

    Attributes
    ----------
    multipliers : Multipliers
        Optimal, or nearly.
    end : float
        When the last pair that its vertex uses would end, in s; infinite where there is none.
    """

    multipliers: Multipliers
    end: float


_BISECTIONS = 50

_GROUPED_PAIRS = 50_000  # of kind and node in the LP of grouped tasks

_USED = 1e-9  # a smaller share of a pair is rounding

_PLACES = 9  # decimals to which ratios of memory to work are compared

_known: WeakKeyDictionary[Problem, _KnownBounds] = WeakKeyDictionary()

_relaxed: WeakKeyDictionary[Problem, _Relaxed] = WeakKeyDictionary()


def lower_bound(problem: Problem) -> float:
    """Return the best bound that is quick to get, in s; computed once for each problem.

    The larger of the combinatorial bound and that of the LP's multipliers, lifted by integrality
    and by ready times, and rounded down. `knapsack_bound` is better and takes seconds. In a run
    whose time is up, it is what the multipliers found by then prove.

    Examples
    --------
    >>> from edgeopt import Problem, lower_bound
    >>> lower_bound(Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]]))
    4.0
    """
    return _bounds(problem).proved


def nearest_bound(problem: Problem) -> float:
    """Return `lower_bound` in s without rounding down: a unit for makespans, not a proof."""
    return _bounds(problem).nearest


def _bounds(problem: Problem) -> _KnownBounds:
    """Return both bounds, computed once."""
    return keep(_known, problem, lambda: _computed(problem))


def _computed(problem: Problem) -> _KnownBounds:
    """Compute both bounds."""
    duals = lp_duals(problem)
    floor = max(*_longest_and_shared(problem), lagrangian_value(problem, duals))
    nearest = lifted_bound(problem, duals, floor)
    proved = max(combinatorial_bound(problem), lp_bound(problem))
    if nearest > floor:
        # What lifting proves has its own allowance for rounding.
        proved = nearest
    return _KnownBounds(nearest, lifted_to_units(problem, proved))


def combinatorial_bound(problem: Problem) -> float:
    """Return the largest of three bounds that need one pass over the times, in s.

    The longest task on its best node; the sum of the tasks' best times, shared by all nodes; and
    for uniform machines, for every r, the r largest works on the r fastest nodes (Lawler et al.
    1993, "Sequencing and scheduling", section on uniform machines). Memory is ignored, which is a
    relaxation; nodes that can run no task do not share. Sums are rounded down.

    Examples
    --------
    >>> from edgeopt import Problem
    >>> from edgeopt.optim.scheduling import combinatorial_bound
    >>> combinatorial_bound(Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]]))
    4.0
    """
    longest, shared = _longest_and_shared(problem)
    return max(longest, rounded_down(shared, problem.tasks + problem.nodes))


def _longest_and_shared(problem: Problem) -> tuple[float, float]:
    """Return the longest task's best time, and the bound of shared work before rounding, in s."""
    if isinstance(problem.et, UniformTimes):
        longest = float(problem.et.work.max() / problem.et.speed.max())
        return longest, _uniform_bound(problem.et.work, problem.et.speed)
    best = problem.et.min(axis=1)
    sharing = problem.nodes if problem.allowed is None else problem.allowed.any(axis=0).sum()
    return float(best.max()), float(best.sum()) / int(sharing)


def _uniform_bound(work: FloatArray, speed: FloatArray) -> float:
    """Return max over r < x of (r largest works) / (r fastest speeds), and all over all."""
    fastest = np.cumsum(np.sort(speed)[::-1])
    largest = np.cumsum(np.sort(work)[::-1])
    r = min(len(work), len(speed))
    return max(float((largest[:r] / fastest[:r]).max()), float(largest[-1] / fastest[-1]))


def lp_bound(problem: Problem) -> float:
    """Return the LP relaxation's bound in s, made safe against the solver's rounding.

    The value is not the LP's objective but the Lagrangian bound of its multipliers, which is valid
    for any multipliers, rounded down. Beyond 300,000 pairs of task and node it is a little below
    the LP's optimum.

    Examples
    --------
    >>> from edgeopt import load_problem
    >>> from edgeopt.optim.scheduling import combinatorial_bound, lp_bound
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> lp_bound(problem) > combinatorial_bound(problem)
    True
    """
    return lagrangian_bound(problem, lp_duals(problem))


def lp_duals(problem: Problem) -> Multipliers:
    """Return the LP's multipliers ``(u, v)`` of loads and memory, computed once for each problem.

    A second less on node j lowers the makespan of the relaxation by u_j seconds (u >= 0, of sum
    1); a byte more, by v_j seconds. Beyond 300,000 pairs they come from the LP of grouped tasks
    (`UniformTimes`) or from subgradient ascent (a matrix).

    Notes
    -----
    The reduced cost of the pair (i, j) is r_ij = u_j et_ij + v_j memory_i - min_l (u_l et_il +
    v_l memory_i): a schedule with that pair is at least `lp_bound` + r_ij long.

    Examples
    --------
    See `lagrangian_bound`.
    """
    return keep(_relaxed, problem, lambda: _relax(problem)).multipliers


def knows_lp(problem: Problem) -> bool:
    """Whether `lp_duals` has been computed for a problem, and takes no time."""
    return is_kept(_relaxed, problem)


def lp_end(problem: Problem) -> float:
    """Return when the last pair that the LP's vertex uses would end if it ran alone, in s.

    Infinite where there is no vertex. The LP without pairs that end later has the same optimum.
    """
    return keep(_relaxed, problem, lambda: _relax(problem)).end


def _relax(problem: Problem) -> _Relaxed:
    """Solve the LP, or approximate its multipliers where it is large."""
    if problem.tasks * problem.nodes <= LP_ENTRIES:
        vertex = solve_relaxation(problem)
        return _Relaxed(vertex.multipliers, _end_of(problem, vertex))
    if isinstance(problem.et, UniformTimes) and problem.nodes <= _GROUPED_PAIRS:
        return _Relaxed(ascend(problem, grouped_multipliers(problem, problem.et)), np.inf)
    return _Relaxed(ascend(problem), np.inf)


def _end_of(problem: Problem, vertex: Vertex) -> float:
    """Return when the last pair of a vertex would end if it ran alone, in s."""
    if not vertex.makespan < np.inf:
        return np.inf
    used = vertex.share > _USED
    task, node = vertex.task[used], vertex.node[used]
    return float((ready_times(problem)[node] + problem.matrix[task, node]).max(initial=0.0))


# Lifting by integrality: below a given makespan a node can only have certain loads.


def lifted_bound(problem: Problem, multipliers: Multipliers, floor: float) -> float:
    """Return the largest makespan in s that the multipliers prove to be out of reach, or `floor`.

    Parameters
    ----------
    problem : Problem
        The tasks and nodes.
    multipliers : Multipliers
        Any prices; those of the LP are good ones.
    floor : float
        A bound already known in s.

    Notes
    -----
    Below a makespan T, node j has the time T_j = max(T - ready_j, 0). No task runs on a node where
    it takes longer, and if all times of node j are multiples of a unit g_j, its load is at most
    floor(T_j / g_j) g_j; the same holds for memory. Thus T is out of reach if

        sum_i min_{j: et_ij <= T - ready_j} (u_j et_ij + v_j memory_i)
            > sum_j u_j g_j floor(T_j / g_j) + sum_j v_j g' floor(capacity_j / g').

    As T falls, the left side grows and the right side falls, which allows bisection. Without
    units, with all pairs below T and all nodes ready at 0, this is the Lagrangian bound. On paper
    pools, where work comes in whole batches, it adds about one per cent to the LP bound.
    """
    units = time_units(problem)
    memory, capacity = whole_memory(problem)
    room = priced_memory(multipliers.v, capacity)
    ready = ready_times(problem) * (1 - ROUNDING)
    scratch = np.empty(problem.nodes), np.empty(problem.nodes)

    def cost(makespan: float) -> float:
        longest = (makespan - ready) * (1 + ROUNDING)
        return relax_assignment(problem.et, memory, capacity, multipliers, longest, *scratch)

    fixed = cost(np.inf)
    rounding = 2 * float(np.finfo(np.float64).eps) * (problem.tasks + problem.nodes)  # of sums
    limits = room + float(multipliers.u @ ready)
    # Above the floor fewer pairs are left out. If none of the cheapest is left out even there, the
    # left side is the same for all T, and one pass over the pairs is enough.
    narrow = cost(floor) > fixed

    def out_of_reach(makespan: float) -> bool:
        least = cost(makespan) if narrow else fixed
        if least == np.inf:
            return True
        most = float(multipliers.u @ largest_multiple(np.maximum(makespan - ready, 0), units))
        slack = (ROUNDING + rounding) * (least + limits)  # of this T: pairs left out cost more
        return least - slack > most + room

    return _largest(out_of_reach, floor)


def _largest(out_of_reach: Callable[[float], bool], floor: float) -> float:
    """Return the largest value from `floor` on that bisection finds out of reach."""
    if floor == 0.0 or not out_of_reach(floor):
        return floor
    low, high = floor, 2 * floor
    while out_of_reach(high):
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        if is_over():
            break
        middle = (low + high) / 2
        low, high = (middle, high) if out_of_reach(middle) else (low, middle)
    return low


def grouped_multipliers(problem: Problem, et: UniformTimes) -> Multipliers:
    """Return the LP's multipliers, with tasks of about equal memory per work as one kind.

    A relaxed task may be split at will. Tasks of one ratio of memory to work are therefore
    interchangeable, whatever their size: the LP of the kinds, with the mean task of each, is that
    of the tasks if all ratios in a kind are equal, as in the paper pools, and close to it
    otherwise. The number of kinds is chosen such that the LP has at most 50,000 pairs, or one for
    each node.

    Parameters
    ----------
    problem : Problem
        On uniform machines.
    et : UniformTimes
        Its times.
    """
    memory, capacity = whole_memory(problem)
    angle = np.arctan2(memory / (memory.max() or 1.0), et.work / et.work.max())
    # The angle is a ratio that stays finite for tasks without work.
    _, kind = np.unique(angle.round(_PLACES), return_inverse=True)
    most = max(1, _GROUPED_PAIRS // problem.nodes)
    if kind.max() >= most:
        # `unique` numbers the ratios by size: neighbours are merged.
        kind = kind * most // (kind.max() + 1)
    count = np.bincount(kind).astype(np.float64)
    work, held = np.bincount(kind, et.work) / count, np.bincount(kind, memory) / count
    program = AssignmentLP(work[:, None] / et.speed, held, count, capacity)
    return solve_pairs(program, np.ones(program.times.shape, dtype=np.bool_)).multipliers
