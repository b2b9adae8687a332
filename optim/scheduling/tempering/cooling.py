"""The cooling that is planned for a budget: one schedule, from free tasks to balanced loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgeopt.optim.scheduling.tempering.model import (
    Model,
    is_coarse,
    make_ladder,
    spendable,
)
from edgeopt.optim.scheduling.tempering.replica import copy_replica, recompute
from edgeopt.optim.scheduling.tempering.settling import Links, make_links
from edgeopt.optim.scheduling.tempering.tempering import ReplicaWalk, gap_of
from edgeopt.optim.stream import fill_uniform
from edgeopt.problems.errors import FloatArray, IntArray

FREEST, FROZEN = 13.0, 9.0  # entropy a node at the first and last temperature, in nats

SOFTEST, STIFFEST = 20.0, 150.0  # stiffness, times x: at first, and at last times x / cost^2

LEAST_GRAINS = 2.5  # least cost that sets a stiffness, where loads are multiples of a grain

PROMISING = 1 / 3  # ratio of the cost that a cooling ends at and the gap that makes it worthwhile

MELT = 0.25  # share of the levels, the first, at which only the stiffness rises

COLD = 0.3  # last temperature of a settling, as share of the first

_WITHIN = 0.4  # of the best schedule's gap: a settling proposes no pair that ends later

LOOSE, TIGHT = 0.4, 4000.0  # stiffness of a settling at first and at last, times x / gap^2

_SAMPLE = 2000  # tasks that the entropy is summed over

_BISECTIONS, _LOWEST, _HIGHEST = 40, 1e-12, 10.0  # temperatures tried

_LEAST_COST, _ROUNDING = 0.05, 1e-6  # least cost that sets a stiffness, of the gap, and at all


@dataclass
class Cooling:
    """A schedule's way down the levels, as the budget is used.

    Attributes
    ----------
    begin, end : float
        Shares of the budget used at the first and the last level.
    stiffness : ndarray, shape (m,)
        Of each level, in units of x / cost^2; of a settling, of x / gap^2.
    least : float
        Least cost in these units.
    level : int
        The present level.
    is_over : bool
        Whether it has ended.
    links : Links, optional
        Of a settling, whose moves are chains.
    gap : float
        That of the best schedule when a settling began.
    """

    begin: float
    end: float
    stiffness: FloatArray
    least: float
    level: int = 0
    is_over: bool = False
    links: Links | None = None
    gap: float = 0.0

    def level_at(self, used: float) -> int:
        """Return the level for a share of the budget."""
        way = (used - self.begin) / (self.end - self.begin)
        return min(max(int(way * len(self.stiffness)), self.level), len(self.stiffness) - 1)


def promises_better(walk: ReplicaWalk) -> bool:
    """Whether the cost at which a cooling ends lies well below the gap of the best schedule.

    Where tasks have few nodes of about the same cost, as on inconsistent matrices, the entropy at
    which it ends is that of costly schedules: cycles find better ones.

    Parameters
    ----------
    walk : ReplicaWalk
        Its incumbent is the best schedule.
    """
    costs = np.take_along_axis(walk.model.costs, walk.ladder.nodes, axis=1)
    last = temperature_of(costs, FROZEN * walk.model.times.shape[1])
    gap = gap_of(walk)
    return mean_cost(costs, last) - spendable(walk.model, gap) < PROMISING * gap


def open_cooling(walk: ReplicaWalk, begin: float, end: float) -> tuple[ReplicaWalk, Cooling]:
    """Return the walk with one schedule drawn at the first temperature, and its way down.

    Without regard to the loads, each task is on a node with the Gibbs probability of its reduced
    cost. Balancing loads is a choice among as many schedules as the exponential of the entropy:
    with more than about 13 nats a node it is easy but costly, with less than 9 it takes longer
    than any search has. These two values make the temperatures of all problems comparable. The
    stiffness follows the cost that the schedule has at the time, which is what loads exceed the
    bound by in the mean: neither needs a guess of the gap that will be reached.

    Parameters
    ----------
    walk : ReplicaWalk
        The replica on level 0 gets the schedule, whatever the capacities.
    begin, end : float
        Shares of the budget.
    """
    levels, x = len(walk.replicas.at), walk.model.times.shape[1]
    costs = np.take_along_axis(walk.model.costs, walk.ladder.nodes, axis=1)
    first, last = (temperature_of(costs, nats * x) for nats in (FREEST, FROZEN))
    gap = gap_of(walk)
    last = max(last, temperature_at(costs, spendable(walk.model, gap)))
    first = max(first, last)
    melting = max(1, int(MELT * levels))
    temperatures = np.full(levels, first)
    temperatures[melting:] = np.geomspace(first, last, levels - melting)
    least = max(_LEAST_COST * gap, _ROUNDING, LEAST_GRAINS * walk.model.grain)
    cost = max(mean_cost(costs, first), least)
    stiffness = np.empty(levels)
    # Soft enough at first for a task as long as the schedule to change nodes.
    stiffness[:melting] = np.geomspace(min(SOFTEST * cost**2, 0.5), 1.0, melting, endpoint=False)
    stiffness[melting:] = np.geomspace(1.0, STIFFEST, levels - melting)
    ladder = make_ladder(walk.model, walk.ladder.nodes, temperatures, np.ones(levels))
    _scatter(walk, ladder.chances[0])
    cooling = Cooling(begin, end, stiffness, least)
    return _set_level(walk._replace(ladder=ladder), cooling, cost), cooling


def open_settling(walk: ReplicaWalk, begin: float, end: float) -> tuple[ReplicaWalk, Cooling]:
    """Return the walk with the best schedule at a high temperature, and its way down.

    Where tasks have few nodes of about the same cost, some nodes hold a few large tasks, which the
    best schedule has already placed. At first the costs of free tasks would be its gap, and loads
    may exceed the target by as much: cheap schedules, whose loads the rising stiffness then evens
    out, at the least rise of cost.

    Parameters
    ----------
    walk : ReplicaWalk
        The replica on level 0 gets the best schedule, tasks on late nodes at their cheapest.
    begin, end : float
        Shares of the budget.
    """
    levels = len(walk.replicas.at)
    gap = gap_of(walk)
    model, nodes = _without_late(walk.model, walk.ladder.nodes, 1.0 + _WITHIN * gap)
    first = temperature_at(np.take_along_axis(model.costs, nodes, axis=1), gap)
    temperatures = np.geomspace(first, COLD * first, levels)
    ladder = make_ladder(model, nodes, temperatures, np.ones(levels))
    least = max(_LEAST_COST * gap, _ROUNDING)
    replica, start = walk.replicas.at[0], walk.incumbent.assignment
    late = ~np.isfinite(model.costs[np.arange(len(start)), start])
    walk.replicas.assignment[replica] = np.where(late, nodes[:, 0], start)
    copy_replica(walk.replicas, replica, replica)
    stiffness = np.geomspace(LOOSE, TIGHT, levels)
    cooling = Cooling(
        begin, end, stiffness, least, links=make_links(model, nodes), gap=max(gap, least)
    )
    return _set_level(walk._replace(model=model, ladder=ladder), cooling, gap), cooling


def _without_late(model: Model, nodes: IntArray, latest: float) -> tuple[Model, IntArray]:
    """Return a model in which pairs that end late are forbidden, and each task's nodes by cost.

    A task all of whose nodes are late keeps them. A pair as long as the schedule leaves no room
    for the other tasks of its node, and the prices do not say so.
    """
    late = model.ready + model.times > latest
    late[late.all(axis=1)] = False
    costs = np.where(late, np.inf, model.costs)
    # Of cost 0, as before: were all a task's costs large, all its weights would be 0.
    model = model._replace(costs=costs - costs.min(axis=1, keepdims=True))
    nearest = np.argsort(model.costs, axis=1, kind="stable")[:, : nodes.shape[1]]
    return model, np.ascontiguousarray(nearest)


def enter_level(walk: ReplicaWalk, cooling: Cooling, level: int) -> ReplicaWalk:
    """Return the walk with a copy of the schedule on a lower level, and that level's target."""
    at = walk.replicas.at
    cost = float(walk.replicas.costs[at[cooling.level]])
    copy_replica(walk.replicas, at[cooling.level], at[level])
    cooling.level = level
    return _set_level(walk, cooling, cost)


def aim_again(walk: ReplicaWalk, cooling: Cooling) -> ReplicaWalk:
    """Return the walk with the target for the cost that its schedule now has."""
    cost = float(walk.replicas.costs[walk.replicas.at[cooling.level]])
    return walk._replace(target=target_of(walk, cost, max(cost, cooling.least)))


def close_cooling(walk: ReplicaWalk, cooling: Cooling) -> None:
    """Put the schedule on level 0, where the next annealing begins."""
    at, level = walk.replicas.at, cooling.level
    at[0], at[level] = at[level], at[0]
    cooling.is_over = True


def _set_level(walk: ReplicaWalk, cooling: Cooling, cost: float) -> ReplicaWalk:
    """Return the walk with target and stiffness of the present level for a schedule's cost."""
    level = cooling.level
    scale = max(cost, cooling.least)
    unit = cooling.gap or scale
    walk.ladder.stiffness[level] = cooling.stiffness[level] * walk.model.times.shape[1] / unit**2
    walk = walk._replace(target=target_of(walk, cost, scale))
    recompute(walk.model, walk.replicas, walk.replicas.at[level], walk.target)
    return walk


def target_of(walk: ReplicaWalk, cost: float, scale: float) -> float:
    """Return what loads are to keep: the mean of a schedule of a cost, or below the best.

    Parameters
    ----------
    walk : ReplicaWalk
        Its incumbent is the best schedule.
    cost, scale : float
        Of the schedule; and that which sets the stiffness, not less.
    """
    if not is_coarse(walk.model, gap_of(walk)):
        return 1.0 + scale
    grain, best = walk.model.grain, float(walk.incumbent.makespan[0])
    mean, below = 1.0 - walk.model.slack + cost, max(best - grain, 1.0)
    return below if mean <= 1.0 else min(float(np.floor(mean / grain + 0.01)) * grain, below)


def lowered(walk: ReplicaWalk) -> float:
    """Return the target, below the best schedule where loads have a coarse grain."""
    if not is_coarse(walk.model, gap_of(walk)):
        return walk.target
    return max(min(walk.target, float(walk.incumbent.makespan[0]) - walk.model.grain), 1.0)


def _scatter(walk: ReplicaWalk, chances: FloatArray) -> None:
    """Draw the schedule on level 0 from cumulative probabilities, shape (k, q)."""
    draws = np.empty(len(chances))
    fill_uniform(walk.stream, draws)
    choice = (chances <= draws[:, None]).sum(axis=1)
    replica = walk.replicas.at[0]
    walk.replicas.assignment[replica] = walk.ladder.nodes[np.arange(len(chances)), choice]
    copy_replica(walk.replicas, replica, replica)


def temperature_of(costs: FloatArray, entropy: float) -> float:
    """Return the temperature at which free tasks have an entropy, in nats.

    Parameters
    ----------
    costs : ndarray, shape (k, q)
        Reduced costs of each task's nodes, infinite where it cannot run.
    entropy : float
        In nats. If it is out of reach, the highest or lowest temperature tried is returned.
    """
    step = -(-len(costs) // _SAMPLE)
    sample = costs[::step]
    return _temperature(sample, _entropy, entropy * len(sample) / len(costs))


def temperature_at(costs: FloatArray, cost: float) -> float:
    """Return the temperature at which the reduced costs of free tasks sum up to a cost.

    Parameters
    ----------
    costs : ndarray, shape (k, q)
        Reduced costs of each task's nodes, infinite where it cannot run.
    cost : float
        In the model's unit. If it is out of reach, the highest or lowest temperature tried is
        returned.
    """
    return _temperature(costs, mean_cost, cost)


def _temperature(
    costs: FloatArray, measure: Callable[[FloatArray, float], float], wanted: float
) -> float:
    """Return the temperature at which a measure that rises with it has a value, by bisection."""
    low, high = _LOWEST, _HIGHEST
    for _ in range(_BISECTIONS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if measure(costs, middle) < wanted else (low, middle)
    return high


def _shares(costs: FloatArray, temperature: float) -> FloatArray:
    """Return Gibbs probabilities, shape (k, q)."""
    with np.errstate(over="ignore"):  # of probability 0
        weights = np.exp(-costs / temperature)
    shares: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _entropy(costs: FloatArray, temperature: float) -> float:
    """Return the entropy of free tasks in nats."""
    shares = _shares(costs, temperature)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0.0)
    return float(-(shares * logs).sum())


def mean_cost(costs: FloatArray, temperature: float) -> float:
    """Return the expected sum of reduced costs of free tasks."""
    shares = _shares(costs, temperature)
    return float((shares * np.where(shares > 0.0, costs, 0.0)).sum())
