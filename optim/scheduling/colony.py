"""The ant colony that ATSA and basic ACO share: walk, keep the best, deposit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optim.jit import jit_lean
from optim.scheduling.local_search.improve import improve
from optim.scheduling.local_search.search import Search, open_search
from optim.scheduling.mct import longest_first
from optim.scheduling.memory import memory_arrays
from optim.scheduling.pheromone import (
    Trail,
    max_min_bounds,
    prepare,
    start_trail,
    update_locally,
    update_pheromone,
)
from optim.scheduling.ready import ready_times
from optim.scheduling.selection import Nodes, Visibility, largest_free_share, reject, roulette
from optim.scheduling.sums import sum_four
from optim.solver import IntArray, State
from optim.stream import Stream, open_stream
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem

if TYPE_CHECKING:
    from optim.scheduling.atsa import ATSA

FEW_NODES = 16  # so few that a roulette is as quick as an alias table


class Tours(NamedTuple):
    """What the ants of one iteration did.

    Attributes
    ----------
    assignments : ndarray, shape (ants, k)
        Node of each task; of no meaning where the makespan is infinite.
    makespans, totals : ndarray, shape (ants,)
        max_j load_j and Z_y = sum_j load_j in s, infinite where a task found no room.
    """

    assignments: IntArray
    makespans: FloatArray
    totals: FloatArray


@dataclass(kw_only=True)
class ColonyState(State):
    """State of a colony between two iterations.

    Attributes
    ----------
    stream : ndarray of uint64, shape (4,)
        Random numbers.
    memory : ndarray, shape (k,)
        Memory of each task in byte.
    ready : ndarray, shape (x,)
        When each node can start in s.
    visibility, tries, rate
        What `walk` needs to know of the readings.
    order : ndarray, shape (k,)
        The order in which ants take the tasks.
    trail, tours, nodes
        Pheromone, the last iteration, and scratch of the ant that walks.
    leader : ndarray, shape (k,)
        The assignment of least cost so far, by which the global best deposits.
    leader_cost : float
        Its cost in s.
    stalled : int
        Iterations since it was found.
    search : Search or None
        Local search, where ants get it.
    """

    stream: Stream
    memory: FloatArray
    ready: FloatArray
    visibility: Visibility
    tries: int
    rate: float
    order: IntArray
    trail: Trail
    tours: Tours
    nodes: Nodes
    leader: IntArray
    leader_cost: float = np.inf
    stalled: int = 0
    search: Search | None = None


def start_colony(problem: SchedulingProblem, atsa: ATSA, rng: np.random.Generator) -> ColonyState:
    """Return a colony with the first pheromone on all paths and no ant sent yet."""
    k, x, m = problem.tasks, problem.nodes, atsa.ants
    memory, capacity = memory_arrays(problem)
    return ColonyState(
        stream=open_stream(rng),
        memory=memory,
        ready=ready_times(problem),
        visibility=Visibility(atsa.beta, atsa.sees("memory"), atsa.sees("completion-time")),
        tries=_tries(x, atsa),
        rate=atsa.local_rate if atsa.local_rule == "acs" else 0.0,
        order=longest_first(problem) if atsa.order == "longest-first" else np.arange(k),
        trail=start_trail(problem, atsa),
        tours=Tours(np.zeros((m, k), dtype=np.int64), np.zeros(m), np.zeros(m)),
        nodes=Nodes(np.zeros(x), np.zeros(x), capacity, np.zeros(x)),
        leader=np.zeros(k, dtype=np.int64),
        search=None if atsa.local_search == "none" else open_search(problem),
    )


def step_colony(problem: SchedulingProblem, atsa: ATSA, state: ColonyState) -> ColonyState:
    """Send the ants once and update the pheromone (3); return the same state, changed."""
    tours = state.tours
    walk(
        problem.matrix, state.memory, state.ready, state.order, state.trail, tours,
        state.nodes, state.visibility, state.tries, atsa.alpha, state.rate, state.stream,
    )  # fmt: skip
    state.evaluations += atsa.ants
    if state.search is not None:
        _improve_ants(state.search, atsa, state)
    costs = tours.makespans if atsa.deposit_by == "makespan" else tours.totals
    leader = int(costs.argmin())
    _keep_best(state, costs, leader)
    _deposit(state, costs, leader, atsa)
    if atsa.restart and state.stalled >= atsa.restart:
        _start_anew(state)
    return state


def _tries(nodes: int, atsa: ATSA) -> int:
    """Return how often an ant draws from the alias table before it turns to the roulette.

    Never where the weights change while ants walk (local rule), where eta has no bound at hand
    (completion times), or where a roulette over so few nodes is as quick; else about as often as
    a roulette would cost.
    """
    if atsa.local_rule == "acs" or atsa.sees("completion-time") or nodes <= FEW_NODES:
        return 0
    return 4 + nodes // FEW_NODES


def _improve_ants(search: Search, atsa: ATSA, state: ColonyState) -> None:
    """Improve the ants of this iteration, or the one of least makespan, by local search.

    An improved ant counts as an evaluation more, and as one for each kick.
    """
    tours, ants = state.tours, slice(None)
    if atsa.local_search == "best":
        best = int(tours.makespans.argmin())
        ants = slice(best, best + 1)
    makespans, totals = tours.makespans[ants], tours.totals[ants]
    kicks = atsa.kicks * tours.assignments.shape[1]
    improve(search, tours.assignments[ants], makespans, totals, kicks, state.stream)
    state.evaluations += len(makespans) * (1 + kicks)


def _start_anew(state: ColonyState) -> None:
    """Forget pheromone and leader; the best assignment so far is kept apart."""
    state.trail.pheromone[:] = state.trail.start
    state.leader_cost, state.stalled = np.inf, 0


def _keep_best(state: ColonyState, costs: FloatArray, leader: int) -> None:
    """Keep the best assignment by makespan, and the best by the cost that deposits follow."""
    tours = state.tours
    best = int(tours.makespans.argmin())
    if tours.makespans[best] < state.makespan:
        state.makespan = float(tours.makespans[best])
        state.assignment = tours.assignments[best].copy()
    state.stalled += 1
    if costs[leader] < state.leader_cost:
        state.stalled = 0
        state.leader_cost = float(costs[leader])
        state.leader = tours.assignments[leader].copy()


def _deposit(state: ColonyState, costs: FloatArray, leader: int, atsa: ATSA) -> None:
    """Evaporate and deposit (3), then keep within the bounds if there are any."""
    pheromone, paths = state.trail.pheromone, state.tours.assignments
    if atsa.depositors == "iteration-best":
        paths, costs = paths[leader : leader + 1], costs[leader : leader + 1]
    elif atsa.depositors == "global-best":
        paths, costs = state.leader[None, :], np.array([state.leader_cost])
    update_pheromone(pheromone, paths, costs, atsa.rho, atsa.Q)
    if atsa.pheromone_bounds and np.isfinite(state.leader_cost):
        tasks, nodes = pheromone.shape
        low, high = max_min_bounds(tasks, nodes, state.leader_cost, atsa.rho, atsa.Q)
        np.clip(pheromone, low, high, out=pheromone)


@jit_lean
def walk(
    times: FloatArray,
    memory: FloatArray,
    ready: FloatArray,
    order: IntArray,
    trail: Trail,
    tours: Tours,
    nodes: Nodes,
    visibility: Visibility,
    tries: int,
    alpha: float,
    rate: float,
    stream: Stream,
) -> None:
    """Let every ant assign all tasks, one after the other in `order` (Algorithm 1).

    First the weights are made from the pheromone. Then each task goes to a node drawn by (2): by
    rejection from its alias table, at most `tries` times, then by roulette. A rate above 0 is that
    of the local rule. An ant for which a task finds no room ends there.
    """
    x = times.shape[1]
    prepare(trail, alpha, tries > 0)
    for ant in range(len(tours.makespans)):
        for j in range(x):
            nodes.loads[j], nodes.used[j] = ready[j], 0.0
        tours.makespans[ant] = tours.totals[ant] = np.inf
        free, makespan = 1.0, 0.0
        for position in range(len(order)):
            i = order[position]
            node = -1
            if tries > 0 and position % x == 0:
                free = largest_free_share(nodes)
            if tries > 0 and trail.keep[i, 0] >= 0.0:
                node = reject(
                    trail.keep, trail.alias, i, nodes, memory[i], free, visibility, tries, stream
                )
            if node < 0:
                node = roulette(trail.weights, times, i, nodes, memory[i], visibility, stream)
            if node < 0:
                break
            tours.assignments[ant, i] = node
            nodes.loads[node] += times[i, node]
            makespan = max(makespan, nodes.loads[node])
            nodes.used[node] += memory[i]
            if rate > 0.0:
                update_locally(trail, i, node, alpha, rate)
        else:
            tours.makespans[ant] = makespan
            work = sum_four(nodes.loads) - sum_four(ready)
            tours.totals[ant] = work  # Z_y (below (3) in the paper)
