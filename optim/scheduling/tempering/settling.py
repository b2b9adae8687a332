"""Settling: one schedule, from loose to tight loads, by ejection chains at a temperature.

On unrelated nodes a task has few nodes of about the same cost, and two nodes hardly ever share
two such tasks: neither swaps nor blocks keep their loads. What does is a chain: a task moves to
another node, which ejects one to a third, and so on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.tempering.model import Ladder, Model, propose
from edgeopt.optim.scheduling.tempering.replica import (
    Incumbent,
    Replicas,
    keep_if_better,
    move,
    overload,
    recompute,
)
from edgeopt.optim.scheduling.tempering.tempering import MOVES_OF_SUM, ReplicaWalk
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray

CHAINS = 20  # of a visit

LONGEST = 4  # shifts of a chain, but for the one to its first node

CANDIDATES, ARRIVALS = 12, 96  # nodes of a task, and tasks of a node, that a chain considers

_LATE_SHARE, _DRAWN = 0.2, 8  # of the chains: they begin at the latest of so many random nodes


class Links(NamedTuple):
    """What chains need of a problem, and of the one schedule that they change.

    Attributes
    ----------
    nodes : ndarray of int, shape (k, q)
        The nodes of each task by reduced cost.
    costs, times : ndarray, shape (k, q)
        Of these pairs.
    arrivals : ndarray of int, shape (x, r)
        The tasks of least reduced cost on each node.
    arrival_costs, arrival_times : ndarray, shape (x, r)
        Of these pairs.
    cost, time : ndarray, shape (k,)
        Of each task on its node in the schedule.
    tasks, origins : ndarray of int, shape (LONGEST + 1,)
        Scratch: the tasks of a chain, and the nodes that they came from.
    """

    nodes: IntArray
    costs: FloatArray
    times: FloatArray
    arrivals: IntArray
    arrival_costs: FloatArray
    arrival_times: FloatArray
    cost: FloatArray
    time: FloatArray
    tasks: IntArray
    origins: IntArray


class Terms(NamedTuple):
    """The energy of a schedule: cost / heat + stiffness * overload above the target."""

    heat: float
    stiffness: float
    target: float


def make_links(model: Model, nodes: IntArray) -> Links:
    """Return the links of a model.

    Parameters
    ----------
    model : Model
        Times and costs.
    nodes : ndarray of int, shape (k, q)
        The nodes of each task by reduced cost.
    """
    k = len(nodes)
    nearest = np.ascontiguousarray(nodes[:, :CANDIDATES])
    least = np.argsort(model.costs, axis=0, kind="stable")[:ARRIVALS]
    # Contiguous, as the kernel is compiled for it.
    arrivals = np.ascontiguousarray(least.T)
    columns = np.arange(len(arrivals))[:, None]
    return Links(
        nearest,
        np.take_along_axis(model.costs, nearest, axis=1),
        np.take_along_axis(model.times, nearest, axis=1),
        arrivals,
        model.costs[arrivals, columns],
        model.times[arrivals, columns],
        *np.zeros((2, k)),
        *np.zeros((2, LONGEST + 1), dtype=np.int64),
    )


@jit
def settle(walk: ReplicaWalk, links: Links, level: int, visits: int) -> None:
    """Let chains change the schedule on a level; its energy is up to date afterwards.

    A random task moves to one of its nodes, proposed as in `shift_and_swap`; or one of a late node
    moves to any of its candidates. As long as Metropolis's rule refuses the rise of energy, the
    node that has received a task ejects the one by which the energy rises least, to its best
    candidate; at last the first node may take another task in. If the rule refuses all of it, the
    chain is undone. As a chain takes the best of many shifts, the schedules are not exactly those
    of Gibbs's distribution.

    Parameters
    ----------
    walk : ReplicaWalk
        Replica, incumbent and stream change. Without memory and ready times.
    links : Links
        Costs and times of the schedule are read anew.
    level : int
        The level.
    visits : int
        Number of visits, of `CHAINS` chains each.
    """
    model, replica = walk.model, walk.replicas.at[level]
    terms = Terms(walk.ladder.temperatures[level], walk.ladder.stiffness[level], walk.target)
    read_pairs(model, walk.replicas.assignment[replica], links)
    often = 1 + len(links.cost) // MOVES_OF_SUM
    for visit in range(visits):
        for _ in range(CHAINS):
            task, node = draw_start(walk.ladder, links, walk.replicas, level, walk.stream)
            if node != walk.replicas.assignment[replica, task]:
                allowed = -np.log(1.0 - next_uniform(walk.stream))
                try_chain(
                    model, links, walk.replicas, replica, terms, walk.incumbent, task, node, allowed
                )
        if visit % often == often - 1 or visit == visits - 1:
            recompute(model, walk.replicas, replica, walk.target)


@jit_lean
def read_pairs(model: Model, assignment: IntArray, links: Links) -> None:
    """Read the cost and time of each task in an assignment, shape (k,)."""
    for task, node in enumerate(assignment):
        links.cost[task], links.time[task] = model.costs[task, node], model.times[task, node]


@jit_lean
def draw_start(
    ladder: Ladder, links: Links, replicas: Replicas, level: int, stream: RandomStream
) -> tuple[int, int]:
    """Return a task and a node for it, by cost, or a task of a late node and any candidate."""
    if next_uniform(stream) >= _LATE_SHARE:
        return propose(ladder, level, stream)
    replica, latest = replicas.at[level], -1
    loads, counts = replicas.loads[replica], replicas.counts[replica]
    for _ in range(_DRAWN):
        node = int(next_uniform(stream) * len(loads))
        if counts[node] > 0 and (latest < 0 or loads[node] > loads[latest]):
            latest = node
    if latest < 0:  # all nodes drawn are empty
        return propose(ladder, level, stream)
    task = replicas.members[replica, latest, int(next_uniform(stream) * counts[latest])]
    choice = int(next_uniform(stream) * links.nodes.shape[1])
    if np.isfinite(links.costs[task, choice]):
        return task, links.nodes[task, choice]
    return task, latest


@jit_lean
def try_chain(
    model: Model,
    links: Links,
    replicas: Replicas,
    replica: int,
    terms: Terms,
    incumbent: Incumbent,
    task: int,
    node: int,
    allowed: float,
) -> None:
    """Shift a task, and others after it while the energy rises more than is allowed."""
    first, length = replicas.assignment[replica, task], 0
    loads = replicas.loads[replica]
    rise = _rise(model, terms, loads, first, -links.time[task])
    rise += _rise(model, terms, loads, node, model.times[task, node])
    rise += (model.costs[task, node] - links.cost[task]) / terms.heat
    compared = 1
    _shift(model, links, replicas, replica, length, task, node)
    while rise > allowed and length < LONGEST - 1:
        task, node, more, tried = _eject(model, links, replicas, replica, terms, length, node)
        compared += tried
        if task < 0:
            break
        rise += more
        length += 1
        _shift(model, links, replicas, replica, length, task, node)
    if rise > allowed:
        task, more = _refill(model, links, replicas, replica, terms, first)
        compared += links.arrivals.shape[1]
        if task >= 0 and rise + more <= allowed:
            rise += more
            length += 1
            _shift(model, links, replicas, replica, length, task, first)
    incumbent.evaluations[0] += compared
    if rise > allowed:
        for step in range(length, -1, -1):
            task, node = links.tasks[step], links.origins[step]
            _shift(model, links, replicas, replica, step, task, node)
    elif rise < 0.0:
        keep_if_better(incumbent, replicas, replica, first, node)


@jit_lean
def _rise(model: Model, terms: Terms, loads: FloatArray, node: int, change: float) -> float:
    """Return by how much the energy of a node's overload rises if its load changes."""
    over = loads[node] - terms.target
    rise: float = terms.stiffness * model.weights[node] * (overload(over + change) - overload(over))
    return rise


@jit_lean
def _shift(
    model: Model, links: Links, replicas: Replicas, replica: int, step: int, task: int, node: int
) -> None:
    """Shift a task to a node, and record it as a step of the chain."""
    origin, loads = replicas.assignment[replica, task], replicas.loads[replica]
    links.tasks[step], links.origins[step] = task, origin
    loads[origin] -= links.time[task]
    links.cost[task], links.time[task] = model.costs[task, node], model.times[task, node]
    loads[node] += links.time[task]
    move(replicas, replica, task, node)


@jit_lean
def _eject(
    model: Model,
    links: Links,
    replicas: Replicas,
    replica: int,
    terms: Terms,
    length: int,
    node: int,
) -> tuple[int, int, float, int]:
    """Return the task by whose shift from a node the energy falls most, to where, and by how much.

    The task is -1 if no shift lowers the energy. The last value is the number of shifts compared.
    """
    loads = replicas.loads[replica]
    best, to, least, compared = -1, -1, 0.0, 0
    for place in range(replicas.counts[replica, node]):
        task = replicas.members[replica, node, place]
        relief = _rise(model, terms, loads, node, -links.time[task])
        # At best the task goes to its cheapest node, of cost 0.
        at_best = relief - links.cost[task] / terms.heat
        if at_best >= least or _is_in_chain(links, length, task):
            continue
        for c in range(links.nodes.shape[1]):
            end = links.nodes[task, c]
            if end == node:
                continue
            rise = relief + (links.costs[task, c] - links.cost[task]) / terms.heat
            if rise >= least:
                break  # candidates are sorted by cost
            rise += _rise(model, terms, loads, end, links.times[task, c])
            compared += 1
            if rise < least:
                best, to, least = task, end, rise
    return best, to, least, compared


@jit_lean
def _is_in_chain(links: Links, length: int, task: int) -> bool:
    """Whether a chain has already shifted a task."""
    found = False
    for step in range(length + 1):
        found = found or links.tasks[step] == task
    return found


@jit_lean
def _refill(
    model: Model, links: Links, replicas: Replicas, replica: int, terms: Terms, node: int
) -> tuple[int, float]:
    """Return the task by whose shift to a node the energy falls most, or -1, and by how much."""
    loads, best, least = replicas.loads[replica], -1, 0.0
    for c in range(links.arrivals.shape[1]):
        task = links.arrivals[node, c]
        origin = replicas.assignment[replica, task]
        if origin == node or task == links.tasks[0]:
            continue
        rise = (links.arrival_costs[node, c] - links.cost[task]) / terms.heat
        rise += _rise(model, terms, loads, origin, -links.time[task])
        if rise >= least:
            continue
        rise += _rise(model, terms, loads, node, links.arrival_times[node, c])
        if rise < least:
            best, least = task, rise
    return best, least
