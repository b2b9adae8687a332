"""Candidate nodes of each task: those of least reduced cost in the LP relaxation."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals
from edgeopt.optim.scheduling.run_time import keep
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_LEAST_PRICE = 1e-3  # of a node's time, as a share of the mean price

_PAIRS_AT_ONCE = 2_000_000  # pairs of task and node priced in one block, for memory

_ROUNDING = 1e-12  # relative: prices closer than this are equal

_known: dict[int, WeakKeyDictionary[Problem, Candidates]] = {}  # by width


class Candidates(NamedTuple):
    """Prices of time and memory, and the cheapest nodes of each task at these prices.

    Attributes
    ----------
    node : ndarray of int, shape (k, w)
        The w nodes of least reduced cost for each task, the cheapest first.
    cost : ndarray, shape (k, w)
        Their reduced costs in s.
    price : ndarray, shape (x,)
        Price of a second on a node, without unit: the LP's multipliers of the loads, not quite 0.
    memory_price : ndarray, shape (x,)
        Price of a byte, in s/byte.
    """

    node: IntArray
    cost: FloatArray
    price: FloatArray
    memory_price: FloatArray


def find_candidates(problem: Problem, width: int) -> Candidates:
    """Return the `width` best nodes of each task, or all if fewer; computed once for a problem.

    The reduced cost is r_ij = u_j et_ij + v_j memory_i - min_l (u_l et_il + v_l memory_i) with
    the LP's multipliers u and v. A schedule in which task i runs on node j is at least `lp_bound`
    + r_ij long; pairs of a larger reduced cost than the gap can be left out. Nodes too small for
    the task, or that cannot run it, come last, with an infinite cost.
    """
    width = min(width, problem.nodes)
    cache = _known.setdefault(width, WeakKeyDictionary())
    return keep(cache, problem, lambda: candidates_at(problem, width, lp_duals(problem)))


def reduced_costs(problem: Problem, tasks: slice = slice(None)) -> FloatArray:
    """Return r_ij of some tasks in s, shape (tasks, x); infinite where the task cannot run."""
    priced = priced_costs(problem, tasks)
    reduced: FloatArray = priced - priced.min(axis=1, keepdims=True)
    return reduced


def price_ratios(problem: Problem) -> FloatArray:
    """Return each task's cost on its cheapest node divided by its cost on each node, shape (k, x).

    In [0, 1], at the LP's prices of time and memory; 1 if a task costs nothing there, 0 if it
    cannot run there.
    """
    priced = priced_costs(problem, slice(None))
    least = priced.min(axis=1, keepdims=True)
    ratios: FloatArray = np.divide(least, priced, out=np.ones_like(priced), where=priced > 0)
    return ratios


def priced_costs(
    problem: Problem, tasks: slice, multipliers: Multipliers | None = None
) -> FloatArray:
    """Return u_j et_ij + v_j memory_i in s, infinite where the task does not fit or cannot run.

    The multipliers are the LP's if not given.
    """
    memory, capacity = memory_arrays(problem)
    u, v = multipliers or lp_duals(problem)
    if isinstance(problem.et, UniformTimes):
        priced = problem.et.work[tasks, None] * (u / problem.et.speed)
    else:
        # A node without a price, u_j = 0, still cannot run a task of infinite time.
        allowed = True if problem.allowed is None else problem.allowed[tasks]
        times = problem.et[tasks]
        priced = np.multiply(times, u, out=np.full_like(times, np.inf), where=allowed)
    priced += memory[tasks, None] * v
    priced[memory[tasks, None] > capacity] = np.inf
    return priced


def candidates_at(problem: Problem, width: int, multipliers: Multipliers) -> Candidates:
    """Return the `width` best nodes of each task at any multipliers, as `find_candidates` does."""
    k, x = problem.tasks, problem.nodes
    u, v = multipliers
    node, cost = np.empty((k, width), dtype=np.int64), np.empty((k, width))
    block = max(1, _PAIRS_AT_ONCE // x)
    for start in range(0, k, block):
        tasks = slice(start, min(start + block, k))
        node[tasks], cost[tasks] = _cheapest(
            priced_costs(problem, tasks, multipliers), start, width
        )
    # A node of price 0 would take any load at no cost.
    return Candidates(node, cost, np.maximum(u, _LEAST_PRICE / x), v.copy())


def _cheapest(priced: FloatArray, seed: int, width: int) -> tuple[IntArray, FloatArray]:
    """Return the columns of the least entries of each row, sorted, and their excess over the least.

    Entries that differ by rounding only are in random order, always the same. On uniform machines
    all entries of a row are equal, and each node is thus a candidate of some tasks.
    """
    least = priced.min(axis=1, keepdims=True)
    scale = float(priced[np.isfinite(priced)].max()) or 1.0
    keys = np.round((priced - least) / max(scale * _ROUNDING, np.finfo(np.float64).tiny))
    # Keys are whole numbers: a fraction decides between equal ones only.
    keys += np.random.default_rng(seed).random(priced.shape)
    places = np.argpartition(keys, width - 1, axis=1)[:, :width]
    order = np.take_along_axis(keys, places, axis=1).argsort(axis=1)
    places = np.take_along_axis(places, order, axis=1)
    return places, np.take_along_axis(priced, places, axis=1) - least
