"""Annealing at the prices of a deadline: schedules of small reduced cost whose loads meet it."""

from __future__ import annotations

import numpy as np

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.prices import DeadlineLP, Prices
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.scheduling.tempering.model import Model, build_ladder, nearest_nodes
from edgeopt.optim.scheduling.tempering.moves import make_block
from edgeopt.optim.scheduling.tempering.replica import Incumbent, start_replicas
from edgeopt.optim.scheduling.tempering.tempering import ReplicaWalk, anneal
from edgeopt.optim.stream import RandomStream
from edgeopt.problems.scheduling.tally import count_evaluations

_LEAST_WORTH = 0.01  # of a makespan, relative to the value: deadlines that cost nothing

_LEAST_PRICE = 1e-3  # of a node's overload, relative to the mean


def open_walk(
    archive: Archive,
    program: DeadlineLP,
    prices: Prices,
    unit: float,
    gap: float,
    levels: int,
    rng: np.random.Generator,
    stream: RandomStream,
) -> ReplicaWalk:
    """Return replicas of the cheapest known schedule up to `unit`, in s, at the LP's prices."""
    problem = archive.problem
    start = archive.within(unit)
    if start is None:
        start = archive.assignments[0]
    latest = max(unit, archive.makespans[0])
    costs = program.costs(prices)
    costs -= costs.min(axis=1, keepdims=True)
    ends = ready_times(problem)[:, None].T + problem.matrix
    costs[(ends > latest) & (costs > 0.0)] = np.inf
    total = float(prices.u.sum())
    least = _LEAST_WORTH * abs(archive.values[-1])
    worth = max(total * unit, least) or 1.0
    u = prices.u / total if total else np.full(problem.nodes, 1.0 / problem.nodes)
    weights = np.sqrt(np.maximum(u, u.mean() * _LEAST_PRICE) / problem.nodes)
    memory, capacity = memory_arrays(problem)
    model = Model(
        problem.matrix / unit, costs / worth, weights, memory, capacity,
        ready_times(problem) / unit,
    )  # fmt: skip
    return ReplicaWalk(
        model,
        build_ladder(model, nearest_nodes(model, rng), levels, gap),
        start_replicas(model, levels, start),
        Incumbent(start.copy(), np.array([archive.makespans[0] / unit]), np.zeros(1, np.int64)),
        make_block(problem.tasks),
        stream,
        1.0,
    )


def descend(archive: Archive, walk: ReplicaWalk, unit: float, visits: int) -> int:
    """Anneal from the first level to the last, and offer the schedules of the colder half.

    Return the number of schedules that the walk has looked at.
    """
    goal, levels, tasks = archive.goal, len(walk.replicas.at), np.arange(archive.problem.tasks)
    for visit in range(levels * visits):
        anneal(walk, visit, visit + 1, visits)
        level = visit // visits
        if 2 * level >= levels:
            replica = walk.replicas.at[level]
            assignment = walk.replicas.assignment[replica]
            used = walk.replicas.counts[replica] > 0
            makespan = float(walk.replicas.loads[replica][used].max()) * unit
            value = (
                float(goal.pairs[tasks, assignment].sum()) + goal.rate * makespan + goal.constant
            )
            # Most are dominated; only the others are computed from the problem alone.
            if not archive.is_dominated(makespan, value):
                archive.offer(assignment)
        if is_over():
            break
    evaluations = int(walk.incumbent.evaluations[0])
    count_evaluations(evaluations)
    archive.offer(walk.incumbent.assignment)
    return evaluations
