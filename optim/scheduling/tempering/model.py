"""The problem as parallel tempering sees it: times and reduced costs, and the temperatures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound, deadline_duals
from edgeopt.optim.scheduling.bounds.quick_bounds import lp_duals
from edgeopt.optim.scheduling.bounds.rounding import makespan_unit
from edgeopt.optim.stream import RandomStream, build_alias, draw_alias, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.scheduling.problem import Problem

_LONGEST = 1e150  # of a time in the model

_ROUNDING = 1e-9  # relative, of limits

FEWEST_PAIRS = 1000  # of task and node for which prices of a deadline are taken


class Model(NamedTuple):
    """A problem in units of a makespan near the optimum.

    Attributes
    ----------
    times : ndarray, shape (k, x)
        Execution times.
    costs : ndarray, shape (k, x)
        Reduced costs of the LP relaxation, >= 0: by how much a pair raises the makespan; infinite,
        like its time, where the node cannot run the task.
    weights : ndarray, shape (x,)
        Weight of an overload of the node.
    memory, capacity : ndarray, shape (k,) and (x,)
        In byte, as `memory_arrays` returns them.
    ready : ndarray, shape (x,)
        When the nodes are free.
    grain : float
        Of which all loads are multiples, 0 if there is none.
    slack : float
        Cost and idle time, at these prices, that even a makespan of 1 leaves room for.
    """

    times: FloatArray
    costs: FloatArray
    weights: FloatArray
    memory: FloatArray
    capacity: FloatArray
    ready: FloatArray
    grain: float = 0.0
    slack: float = 0.0


def build_model(problem: Problem, unit: float, makespan: float = np.inf) -> Model:
    """Return the model of a problem.

    Parameters
    ----------
    problem : Problem
        Its LP is solved unless its multipliers are already known.
    unit : float
        The model's unit of time in s, > 0.
    makespan : float
        Of a schedule in s: no better one uses a longer pair.

    Notes
    -----
    The weights are the geometric mean of the LP's multipliers, by which a second on a node counts
    for the LP's makespan, and of equal weights, as in the maximum of the loads.
    """
    duals = lp_duals(problem)
    # A dozen tasks gain nothing by other prices.
    priced = deadline_duals(problem) if problem.matrix.size >= FEWEST_PAIRS else duals
    u, v = priced
    memory, capacity = memory_arrays(problem)
    times, ready = _in_units(problem.matrix, unit), _in_units(ready_times(problem), unit)
    # v is in s/byte: in the model's unit like the times.
    allowed = True if problem.allowed is None else problem.allowed
    # A node of multiplier 0 still cannot run a task of infinite time.
    costs = np.multiply(times, u, out=np.full_like(times, np.inf), where=allowed)
    costs += np.outer(memory, v / unit)
    if priced is duals:
        least = costs.min(axis=1, keepdims=True)
    else:
        costs, least = _priced(
            costs, ready + times, deadline_bound(problem) / unit, makespan / unit
        )
    base = least.sum() + u @ ready - v @ np.where(v > 0.0, capacity, 0.0) / unit
    costs = np.maximum(costs - least, 0.0)
    # A node of multiplier 0 can be overloaded all the same, and must not be free.
    weights = np.sqrt(np.maximum(u, u.mean() * 1e-3) / problem.nodes)
    grain, slack = makespan_unit(problem) / unit, max(1.0 - float(base), 0.0)
    return Model(times, costs, weights, memory, capacity, ready, grain, slack)


def _priced(
    costs: FloatArray, ends: FloatArray, deadline: float, latest: float
) -> tuple[FloatArray, FloatArray]:
    """Return costs and each task's least, shapes (k, x) and (k, 1), for the LP of a deadline.

    That LP has no pairs that end after the deadline; they may cost less than those within, and
    are then free. After `latest` they are left out.
    """
    costs = np.where(ends <= latest * (1 + _ROUNDING), costs, np.inf)
    within = np.where(ends <= deadline * (1 + _ROUNDING), costs, np.inf).min(axis=1, keepdims=True)
    return costs, np.where(within < np.inf, within, costs.min(axis=1, keepdims=True))


def _in_units(times: FloatArray, unit: float) -> FloatArray:
    """Return times in the model's unit, whose squares are finite unless they are infinite."""
    with np.errstate(over="ignore"):
        scaled = times / unit
    scaled[(scaled > _LONGEST) & np.isfinite(times)] = _LONGEST
    return scaled


# The temperatures, and how tasks and nodes are proposed at each.

NODES_PROPOSED = 64  # nodes that are proposed for a task: those of least reduced cost

LEAST_PROPOSED, PAIRS_PROPOSED = 8, 500_000  # of many tasks: fewer, as each level has all pairs

HOTTEST, COLDEST = 20.0, 8.0  # temperatures at the ends of the ladder, times gap / k

SOFTEST, STIFFEST = 20.0, 1500.0  # stiffness at the ends, times x and x / gap^2

USED = 0.5  # share of the slack that costs may take

GRAINS = 8.0  # gap in grains from which on loads are as good as real

LEAST_WEIGHT = 1e-9  # of a task: alias tables need weights that are not all 0


class Ladder(NamedTuple):
    """The levels of the replicas, from soft and hot to stiff and cold.

    Attributes
    ----------
    temperatures : ndarray, shape (m,)
        Temperatures of the reduced costs.
    stiffness : ndarray, shape (m,)
        Factor of the overload in the exponent.
    nodes : ndarray of int, shape (k, q)
        The nodes of each task by reduced cost.
    chances : ndarray, shape (m, k, q)
        Cumulative probabilities of these nodes, proportional to exp(-cost / temperature).
    keep, alias : ndarray, shape (m, k)
        Alias tables from which tasks are drawn, in proportion to the probability of not being on
        their cheapest node.
    """

    temperatures: FloatArray
    stiffness: FloatArray
    nodes: IntArray
    chances: FloatArray
    keep: FloatArray
    alias: IntArray


def is_coarse(model: Model, gap: float) -> bool:
    """Whether few multiples of the grain lie between the bound and a schedule `gap` above it."""
    return model.grain > 0.0 and gap <= GRAINS * model.grain


def spendable(model: Model, gap: float) -> float:
    """Return what costs may take of the slack; the rest is for idle time.

    Only where loads are whole does the slack tell more than the rounding of the bound.
    """
    return USED * model.slack if is_coarse(model, gap) else 0.0


def nearest_nodes(model: Model, rng: np.random.Generator) -> IntArray:
    """Return each task's nodes by reduced cost, shape (k, q), ties in random order."""
    # On uniform machines most costs tie: in order of index all tasks would prefer the same nodes.
    ties = rng.random(model.costs.shape)
    proposed = min(NODES_PROPOSED, max(LEAST_PROPOSED, PAIRS_PROPOSED // len(ties)))
    # Contiguous, as kernels are compiled for it.
    return np.ascontiguousarray(np.lexsort((ties, model.costs), axis=1)[:, :proposed])


def build_ladder(model: Model, nodes: IntArray, levels: int, gap: float) -> Ladder:
    """Return the ladder for schedules about `gap` above the LP bound.

    Parameters
    ----------
    model : Model
        Times, reduced costs and weights.
    nodes : ndarray of int, shape (k, q)
        The nodes of each task by reduced cost.
    levels : int
        Number of levels, m >= 1.
    gap : float
        Distance to the bound in the model's unit, > 0.

    Notes
    -----
    At the cold end k / 8 pairs, each as costly as the temperature, add up to the gap. If all nodes
    have equal prices, an overload of about 4 % of the gap has exponent 1 there; on the softest
    level, one of about a third of the unit, the makespan.
    """
    k, x = model.times.shape
    temperatures = np.geomspace(HOTTEST * gap / k, COLDEST * gap / k, levels)
    coarse = max(gap, GRAINS * model.grain)
    stiffness = np.geomspace(SOFTEST * x, max(STIFFEST / coarse**2, SOFTEST) * x, levels)
    return make_ladder(model, nodes, temperatures, stiffness)


def make_ladder(
    model: Model, nodes: IntArray, temperatures: FloatArray, stiffness: FloatArray
) -> Ladder:
    """Return the ladder of given temperatures and stiffness, both of shape (m,)."""
    levels, k = len(temperatures), len(nodes)
    costs = np.take_along_axis(model.costs, nodes, axis=1)
    ladder = Ladder(
        temperatures,
        stiffness,
        nodes,
        node_chances(costs, temperatures),
        np.ones((levels, k)),
        np.zeros((levels, k), dtype=np.int64),
    )
    weights = LEAST_WEIGHT + np.maximum(1.0 - ladder.chances[:, :, 0].astype(np.float64), 0.0)
    light, heavy = np.zeros((2, k + 1), dtype=np.int64)
    for level in range(levels):
        total = weights[level].sum()
        build_alias(weights, total, ladder.keep, ladder.alias, level, light, heavy)
    return ladder


def node_chances(costs: FloatArray, temperatures: FloatArray) -> FloatArray:
    """Return cumulative Gibbs probabilities, shape (m, k, q), in single precision for the cache."""
    chances = np.empty((len(temperatures), *costs.shape), dtype=np.float32)
    # Level by level: in double precision, all levels at once would take twice the memory.
    for level, temperature in enumerate(temperatures):
        with np.errstate(over="ignore"):  # of probability 0
            sums = np.exp(-costs / temperature).cumsum(axis=1)
        chances[level] = sums / sums[:, -1:]
    # Above any uniform number, whatever the rounding: the search ends at a node that can run the
    # task. All others come last.
    last = np.isfinite(costs).sum(axis=1, keepdims=True) - 1
    chances[:, np.arange(costs.shape[1]) >= last] = 2.0
    return chances


@jit_lean
def propose(ladder: Ladder, level: int, stream: RandomStream) -> tuple[int, int]:
    """Return a task and a node for it, drawn independently of the current assignment.

    Parameters
    ----------
    ladder : Ladder
        Probabilities of tasks and nodes.
    level : int
        Level of the ladder.
    stream : ndarray of uint64, shape (4,)
        Random numbers; takes one.
    """
    task, rest = draw_alias(ladder.keep, ladder.alias, level, next_uniform(stream))
    return task, draw_node(ladder, level, task, rest)


@jit_lean
def draw_node(ladder: Ladder, level: int, task: int, uniform: float) -> int:
    """Return a node for a task, drawn with the Gibbs probability of its reduced cost.

    Parameters
    ----------
    ladder : Ladder
        Probabilities of nodes.
    level : int
        Level of the ladder.
    task : int
        The task.
    uniform : float
        Uniform in [0, 1].
    """
    # Cheap nodes come first and are the likely ones: a linear search is short.
    choice = 0
    while ladder.chances[level, task, choice] <= uniform:
        choice += 1
    node: int = ladder.nodes[task, choice]
    return node
