"""Kicks: a random task is forced to another node, and an ejection chain repairs the schedule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optim.jit import jit_lean
from optim.scheduling.local_search.chain import Goal, try_chain
from optim.scheduling.local_search.search import Search, keep_if_best
from optim.stream import Stream, next_uniform

AMBITION, OVERLOAD, COLD = 0.2, 1.0, 0.05


class Urge(NamedTuple):
    """How hard a search tries; the gap is the best makespan less the LP bound, in s.

    Attributes
    ----------
    ambition : float
        How far below the best makespan the target lies, as a share of the gap.
    overload : float
        Price of a second beyond the target.
    temperature : float
        Mean rise of cost that is let through, in gap / x.
    """

    ambition: float
    overload: float
    temperature: float


@jit_lean
def kick_often(search: Search, urge: Urge, kicks: int, stream: Stream) -> None:
    """Kick `kicks` times and keep the best schedule.

    Task and candidate node are drawn uniformly; pairs beyond the gap, which no better schedule
    has, are passed over. A chain is kept if it raises the cost by at most an exponential random
    number, whose mean is the temperature: Metropolis' rule, drawn beforehand.
    """
    schedule, candidates, best = search.schedule, search.candidates, search.best
    for _ in range(kicks):
        gap = max(best.makespan[0] - search.bound, 1e-9 * best.makespan[0])
        heat = -np.log(1.0 - next_uniform(stream)) * urge.temperature / len(schedule.loads)
        target = best.makespan[0] - urge.ambition * gap
        goal = Goal(target, urge.overload, reach=gap, tolerance=heat * gap)
        search.kicks[0] += 1
        task = int(next_uniform(stream) * len(schedule.assignment))
        c = int(next_uniform(stream) * candidates.node.shape[1])
        node = candidates.node[task, c]
        if candidates.cost[task, c] > goal.reach or node == schedule.assignment[task]:
            continue
        if try_chain(search, goal, task, node):
            keep_if_best(search)
