"""LP rounding with a guarantee of 2: a vertex of the LP, and a matching of its split tasks."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays
from edgeopt.optim.scheduling.bounds.lp import Vertex, solve_relaxation
from edgeopt.optim.scheduling.bounds.quick_bounds import LP_ENTRIES, lower_bound, lp_duals
from edgeopt.optim.scheduling.heuristics.list_rules import complete
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import InputError, IntArray
from edgeopt.problems.scheduling.memory import best_fit_decreasing
from edgeopt.problems.scheduling.problem import Problem

_MOST_PAIRS = 2_000_000  # of task and node; a larger LP takes minutes

_ROUNDING = 1 + 1e-9  # factor on limits, as the LP's solution is rounded

_INTEGRAL = 1e-7  # a share within this of 0 or 1 counts as 0 or 1


def lp_rounding(problem: Problem, rng: np.random.Generator) -> IntArray:
    """Round a vertex of the LP relaxation: at most twice the optimum, without memory or late nodes.

    Parameters
    ----------
    problem : Problem
        Up to 2,000,000 pairs of task and node.
    rng : Generator
        Not used.

    Returns
    -------
    ndarray, shape (k,)
        Node of each task; -1 where no room was found.

    Raises
    ------
    InputError
        If the problem is larger.

    Notes
    -----
    Let T be the least makespan for which the LP over the pairs et_ij <= T has a solution. A vertex
    of it splits at most x tasks, and in the graph of split tasks and their nodes every component
    has at most one cycle. The split tasks can therefore be matched to nodes that hold a part of
    them, one to each node. This adds at most T to a load of at most T, and T is at most the
    optimum, up to the LP's tolerances (1e-6). Tasks placed greedily instead of by the matching make
    a second schedule; the shorter one is returned.

    The LP knows no ready times. With them, T is still at most the optimum, and a node that is ready
    at r ends no later than r + 2 T: the makespan is at most the latest ready time plus twice the
    optimum. There is no guarantee of a factor, as the optimum may leave the latest node unused.

    Memory rows invalidate both the count and the graph, and no rounding is known that keeps
    capacities. With memory, whole tasks stay where they are, as far as they fit, and all others
    follow by falling memory, each to the node with room that completes it first. If a task finds no
    room, all tasks are packed again by best fit.

    When the time of a run is up before the LP is solved, all tasks are placed by `lpt`.

    References
    ----------
    Lenstra, Shmoys, Tardos, "Approximation algorithms for scheduling unrelated parallel
    machines", Mathematical Programming 46, 1990.

    Examples
    --------
    >>> from edgeopt import Problem, lp_rounding, solve
    >>> problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    >>> solve(problem, lp_rounding).makespan
    5.0
    """
    check_pairs(problem, "lp-rounding")
    vertex = least_deadline(problem)
    whole = np.full(problem.tasks, -1)
    if np.isinf(vertex.makespan) and is_over():
        return complete(problem, whole)
    certain = vertex.share > 1.0 - _INTEGRAL
    whole[vertex.task[certain]] = vertex.node[certain]
    _take_off_excess(problem, whole)
    greedy = _place(problem, whole)
    if problem.task_memory is not None:
        return greedy
    # Greedy placement has no guarantee, but is often better than the matching, which has.
    matched = _place(problem, _match(problem, vertex, whole))
    return min(matched, greedy, key=problem.makespan)


def check_pairs(problem: Problem, solver: str) -> None:
    """Raise an InputError if the problem is too large for a linear program over all its pairs."""
    if problem.tasks * problem.nodes > _MOST_PAIRS:
        size = f"{problem.tasks} x {problem.nodes}"
        raise InputError("problem", size, f"of at most {_MOST_PAIRS} pairs for {solver}")


def least_deadline(problem: Problem) -> Vertex:
    """Return a vertex of the LP over the pairs et_ij <= T for the least T >= its makespan.

    With more pairs allowed, the LP's makespan C falls and T rises. Bisection finds the least
    execution time T that C does not exceed; C of the pairs below T may be smaller still. Usually
    one LP is enough: over the pairs up to the lower bound, its makespan is that bound.
    """
    memory, capacity = memory_arrays(problem)
    fits = memory[:, None] <= capacity
    times = problem.matrix[np.isfinite(problem.matrix)]
    floor = lower_bound(problem)
    limits = np.append(floor, np.unique(times[times > floor]))
    # Those of the LP itself are optimal, so that ties would be broken otherwise than by default.
    prices = lp_duals(problem) if problem.matrix.size > LP_ENTRIES else None

    @cache
    def vertex(t: int) -> Vertex:
        short = fits & (problem.matrix <= limits[t] * _ROUNDING)
        return solve_relaxation(problem, short, prices)

    def in_time(t: int) -> bool:
        return vertex(t).makespan <= float(limits[t]) * _ROUNDING

    # Each value of the bisection is a linear program: the likely answer is tried first.
    if in_time(0):
        return vertex(0)
    t = bisect_left(range(len(limits) - 1), True, key=in_time)
    return vertex(t - 1) if vertex(t - 1).makespan <= limits[t] else vertex(t)


def _take_off_excess(problem: Problem, whole: IntArray) -> None:
    """Take the smallest tasks off nodes that the LP's tolerance has filled beyond capacity."""
    memory, capacity = memory_arrays(problem)
    placed = np.flatnonzero((whole >= 0) & (memory > 0.0))
    used = np.bincount(whole[placed], memory[placed], problem.nodes)
    for node in np.flatnonzero(used > capacity):
        tasks = placed[whole[placed] == node]
        tasks = tasks[np.argsort(-memory[tasks], kind="stable")]
        whole[tasks[np.cumsum(memory[tasks]) > capacity[node]]] = -1


def _match(problem: Problem, vertex: Vertex, whole: IntArray) -> IntArray:
    """Return the assignment with each split task on a node of its own that holds a part of it."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    # Without memory rows the matching covers all split tasks; one left over stays at -1.
    split = (vertex.share > _INTEGRAL) & (whole[vertex.task] < 0)
    pairs = (vertex.task[split], vertex.node[split])
    shape = (problem.tasks, problem.nodes)
    graph = csr_array((np.ones(split.sum()), pairs), shape=shape)
    return np.where(whole < 0, maximum_bipartite_matching(graph, perm_type="column"), whole)


def _place(problem: Problem, assignment: IntArray) -> IntArray:
    """Return the assignment with the tasks at -1 on the nodes with room that complete them first.

    Tasks are placed by falling memory, then by falling execution time. If one finds no room, all
    tasks are packed by best fit; if that fails too, it stays at -1.
    """
    memory, capacity = memory_arrays(problem)
    done, times = assignment.copy(), problem.matrix
    placed = np.flatnonzero(done >= 0)
    # without tasks, bincount would count in integers
    loads = np.bincount(done[placed], times[placed, done[placed]], problem.nodes).astype(float)
    used = np.bincount(done[placed], memory[placed], problem.nodes).astype(float)
    open_tasks = np.flatnonzero(done < 0)
    for i in open_tasks[np.lexsort((-times[open_tasks].min(axis=1), -memory[open_tasks]))]:
        # Infinite also where the node cannot run the task.
        ends = np.where(used + memory[i] <= capacity, loads + times[i], np.inf)
        j = int(ends.argmin())
        if np.isinf(ends[j]):
            packed = best_fit_decreasing(memory, capacity, problem.allowed)
            return done if packed is None else packed
        done[i] = j
        loads[j] += times[i, j]
        used[j] += memory[i]
    return done
