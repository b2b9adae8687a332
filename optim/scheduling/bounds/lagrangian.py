"""The Lagrangian bound on the makespan, and its multipliers by subgradient ascent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, time_of
from edgeopt.optim.scheduling.bounds.rounding import ROUNDING, rounded_down, whole_memory
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_FIRST_STEP, _NEXT_STEP = 0.2, 0.01  # from any prices, and from those of a sample

_SAMPLE_PAIRS = 130_000  # of a sample of tasks, whose prices a large ascent begins with

_LARGE = 8  # times as many pairs: smaller matrices need no sample

_PATIENCE = 20  # iterations without progress, after which the step is halved

_PROGRESS = 1e-6  # least relative gain that counts as progress

_SMALLEST_STEP = 1e-4

_PAIRS_VISITED = 2e9  # pairs of task and node visited in all, which takes a few seconds

_MOST_ITERATIONS = 1000

_FEW_ITERATIONS = 200  # of a quick ascent

_PAIRS_AT_ONCE = 2e7  # in one call of the kernel, about 0.05 s


class Multipliers(NamedTuple):
    """Prices of the nodes.

    Attributes
    ----------
    u : ndarray, shape (x,)
        Of time: >= 0, of sum 1, without unit.
    v : ndarray, shape (x,)
        Of memory: >= 0, in s/byte; 0 where the problem has no memory.

    Examples
    --------
    See `lagrangian_bound`.
    """

    u: FloatArray
    v: FloatArray


def lagrangian_bound(problem: Problem, multipliers: Multipliers) -> float:
    """Return the bound that any multipliers give, in s, rounded down.

    L(u, v) = sum_i min_j (u_j et_ij + v_j memory_i) - sum_j v_j capacity_j: a schedule of
    makespan C costs at least the sum and at most C sum_j u_j + sum_j v_j capacity_j. Capacities
    are rounded down to the memory's unit, and nodes that a task cannot run on for its memory are
    left out of its minimum.

    Examples
    --------
    >>> from edgeopt import lagrangian_bound, load_problem
    >>> from edgeopt.optim.scheduling import lp_bound, lp_duals
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> bool(abs(lagrangian_bound(problem, lp_duals(problem)) / lp_bound(problem) - 1) < 1e-6)
    True
    """
    cost, room = _relaxed(problem, multipliers)
    return rounded_down(max(0.0, cost - room), problem.tasks + problem.nodes + 4, cost + room)


def lagrangian_value(problem: Problem, multipliers: Multipliers) -> float:
    """Return the nearest float to the Lagrangian bound in s: a measure, but no proof."""
    cost, room = _relaxed(problem, multipliers)
    return max(0.0, cost - room)


def _relaxed(problem: Problem, multipliers: Multipliers) -> tuple[float, float]:
    """Return the sum of the tasks' least costs and the price of all memory, in s."""
    memory, capacity = whole_memory(problem)
    loads, used = np.empty(problem.nodes), np.empty(problem.nodes)
    longest = np.full(problem.nodes, np.inf)
    cost = relax_assignment(problem.et, memory, capacity, multipliers, longest, loads, used)
    return cost, priced_memory(multipliers.v, capacity)


def ascend(problem: Problem, start: Multipliers | None = None) -> Multipliers:
    """Return near-optimal multipliers of the Lagrangian bound.

    Parameters
    ----------
    problem : Problem
        Either form of the times; a matrix is never made of the other.
    start : Multipliers, optional
        Where to start; equal prices of time, none of memory, if not given.

    Notes
    -----
    Subgradient ascent. In the relaxation every task runs on its cheapest node. The price of time
    on a node with more than the mean load (weighted by u) is raised by a factor, as in the
    multiplicative-weights methods for packing; the price of memory changes in proportion to what
    is missing or free. After 20 iterations without progress, the step is halved and the ascent
    resumes from the best point. From 1,000,000 pairs on, the ascent of a matrix without memory
    begins with the prices of a sample of its tasks, which takes a third of the time.

    References
    ----------
    Held, Wolfe, Crowder, "Validation of subgradient optimization", Mathematical Programming 6,
    1974. Plotkin, Shmoys, Tardos, "Fast approximation algorithms for fractional packing and
    covering problems", Math. of Operations Research 20, 1995.
    """
    x = problem.nodes
    equal = Multipliers(np.full(x, 1 / x), np.zeros(x))
    memory, capacity = whole_memory(problem)
    large = problem.tasks * x >= _LARGE * _SAMPLE_PAIRS and problem.task_memory is None
    if start is None and large and not isinstance(problem.et, UniformTimes):
        sample = _sampled(problem.et, -(-_SAMPLE_PAIRS // x))
        start = _ascended(sample, memory[: len(sample)], capacity, equal, _FIRST_STEP)
        return _ascended(problem.et, memory, capacity, start, _NEXT_STEP)
    return _ascended(problem.et, memory, capacity, start or equal, _FIRST_STEP)


def quick_multipliers(problem: Problem, visits: float) -> Multipliers:
    """Return the multipliers of an ascent that visits about so many pairs of task and node.

    Where that is too few for some hundred iterations, and there is no memory, it is the ascent of a
    sample of the tasks. On uniform nodes without memory, no ascent is needed: a second on a node
    is worth what it gets done.
    """
    memory, capacity = whole_memory(problem)
    et, x = problem.et, problem.nodes
    prices = np.full(x, 1 / x)
    if isinstance(et, UniformTimes):
        prices = et.speed / et.speed.sum()
        if problem.task_memory is None:
            return Multipliers(prices, np.zeros(x))
    elif problem.task_memory is None:
        tasks = max(x, int(visits / (_FEW_ITERATIONS * x)))
        if tasks < problem.tasks:
            et, memory = _sampled(et, tasks), memory[:tasks]
    return _ascended(et, memory, capacity, Multipliers(prices, np.zeros(x)), _FIRST_STEP, visits)


def _sampled(et: FloatArray, tasks: int) -> FloatArray:
    """Return the times of a random sample of tasks, always the same."""
    # Every so many tasks could be of one kind: in semi-consistent matrices every other one is.
    order = np.random.default_rng(0).permutation(len(et))
    sample = et[np.sort(order[:tasks])]
    sample.flags.writeable = False  # one type for the compiler
    return sample


def _ascended(
    et: FloatArray | UniformTimes,
    memory: FloatArray,
    capacity: FloatArray,
    start: Multipliers,
    first_step: float,
    visits: float = _PAIRS_VISITED,
) -> Multipliers:
    """Return the best multipliers of an ascent while time is left."""
    pairs = len(memory) * len(capacity)
    iterations = int(min(_MOST_ITERATIONS, max(1.0, visits / pairs)))
    at, best = (Multipliers(start.u.copy(), start.v.copy()) for _ in range(2))
    at_once = int(max(1.0, _PAIRS_AT_ONCE / pairs))
    record = np.array([-np.inf, first_step, 0.0])
    for first in range(0, iterations, at_once):
        count = min(at_once, iterations - first)
        if not _ascend(et, memory, capacity, at, best, record, count) or is_over():
            break
    return best


def priced_memory(v: FloatArray, capacity: FloatArray) -> float:
    """Return sum_j v_j capacity_j in s, where nodes of infinite capacity have no price."""
    return float(np.where(v > 0.0, v * np.where(v > 0.0, capacity, 0.0), 0.0).sum())


@jit
def relax_assignment(
    et: FloatArray | UniformTimes,
    memory: FloatArray,
    capacity: FloatArray,
    multipliers: Multipliers,
    longest: FloatArray,
    loads: FloatArray,
    used: FloatArray,
) -> float:
    """Assign each task to its cheapest node; return the sum of costs in s.

    A pair is not allowed if its execution time exceeds the node's `longest`, shape (x,), or its
    memory the node's capacity; if a task has no node left, the sum is infinite. `loads` in s and
    `used` in byte, both (x,), are overwritten by what the nodes get.
    """
    loads[:] = 0.0
    used[:] = 0.0
    total = 0.0
    for i in range(len(memory)):
        best, least = -1, np.inf  # an infinite cost is no candidate
        for j in range(len(capacity)):
            time = time_of(et, i, j)
            cost = multipliers.u[j] * time + multipliers.v[j] * memory[i]
            if cost < least and time <= longest[j] and memory[i] <= capacity[j] * (1.0 + ROUNDING):
                best, least = j, cost
        if best < 0:
            return np.inf
        total += least
        loads[best] += time_of(et, i, best)
        used[best] += memory[i]
    return total


@jit
def _ascend(
    et: FloatArray | UniformTimes,
    memory: FloatArray,
    capacity: FloatArray,
    at: Multipliers,
    found: Multipliers,
    record: FloatArray,
    iterations: int,
) -> bool:
    """Do `iterations` steps from `at`, which changes; return whether to do more.

    `found` holds the best multipliers; `record`, shape (3,), their value in s, the size of the
    step, and the iterations without progress.
    """
    loads, used, longest = np.empty_like(at.u), np.empty_like(at.u), np.full(len(at.u), np.inf)
    best, step, stalled = record
    going = True
    for _ in range(iterations):
        value = relax_assignment(et, memory, capacity, at, longest, loads, used)
        for j in range(len(capacity)):
            value -= at.v[j] * capacity[j] if at.v[j] > 0.0 else 0.0
        stalled = 0.0 if value > best + _PROGRESS * abs(best) else stalled + 1.0
        if value > best:
            best = value
            _copy(at, found)
        if stalled > _PATIENCE:
            # The subgradient at the best point is needed again, hence the relaxation once more.
            step, stalled = step / 2.0, 0.0
            _copy(found, at)
            relax_assignment(et, memory, capacity, at, longest, loads, used)
        if step < _SMALLEST_STEP or not _move(at, loads, used, capacity, step):
            going = False
            break
    record[0], record[1], record[2] = best, step, stalled
    return going


@jit
def _copy(source: Multipliers, target: Multipliers) -> None:
    """Copy the multipliers; one by one, as numba compiles slices ten times as long."""
    for j in range(len(source.u)):
        target.u[j], target.v[j] = source.u[j], source.v[j]


@jit
def _move(
    at: Multipliers, loads: FloatArray, used: FloatArray, capacity: FloatArray, step: float
) -> bool:
    """Change the prices by the subgradient; return False if there is no load to compare."""
    mean = (at.u * loads).sum()
    if not mean > 0.0:
        return False
    for j in range(len(capacity)):
        change = step * (loads[j] / mean - 1.0)
        # A factor keeps prices of time positive; limited, as a load can be many times the mean.
        at.u[j] *= np.exp(min(max(change, -1.0), 1.0))
        if 0.0 < capacity[j] < np.inf:
            missing = used[j] / capacity[j] - 1.0
            at.v[j] = max(0.0, at.v[j] + step * mean / capacity[j] / len(capacity) * missing)
    # The bound needs prices of time that sum to 1; those of memory are scaled with them.
    total = at.u.sum()
    for j in range(len(at.u)):
        at.u[j] /= total
        at.v[j] /= total
    return True
