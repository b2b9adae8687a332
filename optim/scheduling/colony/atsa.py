"""Ant colonies: ATSA (section 2.3 of the paper, equations 2-4, Algorithm 1) and the basic ACO."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from edgeopt.optim.scheduling.arrays import (
    is_small_whole,
    mean_times,
    memory_arrays,
    ready_times,
)
from edgeopt.optim.scheduling.colony.lockstep import FEWEST_LANES, open_lanes, walk_in_lockstep
from edgeopt.optim.scheduling.colony.pheromone import Trail, max_min_bounds, update_pheromone
from edgeopt.optim.scheduling.colony.selection import Nodes, Visibility
from edgeopt.optim.scheduling.colony.walk import ColonyState, Tours, walk
from edgeopt.optim.scheduling.heuristics.list_rules import longest_first
from edgeopt.optim.scheduling.local_search.candidates import price_ratios
from edgeopt.optim.scheduling.local_search.moves import DescentScope, improve
from edgeopt.optim.scheduling.local_search.search import Search, open_search
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.optim.stream import open_stream
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

Heuristic = Literal[
    "memory",
    "execution-time",
    "completion-time",
    "memory*execution-time",
    "memory*completion-time",
    "execution-time*completion-time",
    "memory*execution-time*completion-time",
    "reduced-cost",
    "reduced-cost*completion-time",
    "memory*reduced-cost*completion-time",
]

_PAIRS_AT_ONCE = 2_000_000  # of ants, tasks and nodes in one call of the kernel, 0.01 to 0.05 s

# Up to so many nodes, a roulette is as quick as an alias table: many, as ants walk in lockstep (at
# 30 in two thirds of the time), but few if each node costs a power (at 10 twice the time).
_FEW_NODES = 48
_FEW_NODES_BY_POWER = 4

_WIDEST_LOCKSTEP = 600  # nodes; with 1000, lanes leave the cache and are up to a quarter slower


@dataclass(frozen=True)
class ATSA:
    """The paper's ant colony, with every reading that it leaves open as a parameter.

    An ant gives each task i to node j with probability (2), proportional to
    tau_ij ** alpha * eta_ij ** beta; eta is (4), delta times the share of the node's memory that
    stays free; tau is updated by (3). The defaults follow the paper to the letter, except for the
    memory of (4), see below.

    Notes
    -----
    Where the paper's text is incomplete or cannot be meant:

    - (2) sums over the index j that it fixes; we sum over the nodes with room, which means of
      those that can run the task. If all numerators are 0, a node with room is drawn uniformly.
    - (3) sums over the tasks; we sum over the ants, each on its own path.
    - The memory of (4) is filled by each ant for itself; eta is at least 0, and nodes without
      room are excluded. delta cancels in (2): it has no effect.
    - In (4) eta has no index of a task but the i of eta_ij: mu_j(t) is the memory in use on the
      node before the task. ``occupancy="before-task"`` is that letter. By default the task counts
      too, so that a node on which it just fits does not count as half empty. In both readings the
      memory in use only grows, although by assumption (3) of section 2.3 a node holds one task at
      a time: ``running-task`` is that reading.
    - The factor reduced-cost is not the paper's: the task's cost on its cheapest node divided by
      its cost here, at the LP's prices of time and memory (`price_ratios`).
    - On a problem without memory the memory term is 1: only the pheromone guides the choice.
    - The number of ants is not given; 20 is our choice. The best assignment by makespan is kept.

    An evaluation is a schedule that an ant builds, or a neighbour that the local search compares:
    a shift, a swap or a step of an ejection chain, though it takes no more than two loads.

    References
    ----------
    Xu, Zhang, Kadoch, Cheriet, EURASIP J. Wireless Com. Networking 2020:211.

    Examples
    --------
    See `solve`.
    """

    ants: int = parameter(20, "ants an iteration", at_least=1, search=(5, 100))
    alpha: float = parameter(1.0, "weight of the pheromone (2)", at_least=0, search=(0, 5))
    beta: float = parameter(5.0, "weight of the heuristic (2)", at_least=0, search=(0, 20))
    rho: float = parameter(0.5, "evaporation (3)", at_least=0, at_most=1, search=(0.01, 0.99))
    Q: float = parameter(5.0, "deposit (3)", above=0, search=(0.1, 100))
    delta: float = parameter(1.0, "factor of the heuristic (4); cancels in (2)", above=0)
    heuristic: Heuristic = parameter("memory", "factors of eta")
    occupancy: Literal["with-task", "before-task", "running-task"] = parameter(
        "with-task",
        "memory used in (4): by tasks so far with this one, before it (the letter), or by it alone",
    )
    deposit_by: Literal["total-time", "makespan"] = parameter(
        "total-time", "an ant's cost in (3): Z_y as printed, or the makespan"
    )
    depositors: Literal["all", "iteration-best", "global-best"] = parameter(
        "all", "which ants deposit"
    )
    pheromone_bounds: bool = parameter(False, "keep tau within the bounds of MMAS")
    local_rule: Literal["none", "acs"] = parameter("none", "update of tau after each choice")
    local_rate: float = parameter(
        0.1, "rate of the ACS rule", above=0, at_most=1, search=(0.01, 0.5)
    )
    start: Literal["node-mean", "global-mean"] = parameter(
        "node-mean", "tau0: one over the mean time of the node, or of all"
    )
    order: Literal["arrival", "longest-first"] = parameter(
        "arrival", "order in which an ant assigns the tasks"
    )
    local_search: DescentScope = parameter(
        "none", "which ants local search improves before they deposit"
    )
    kicks: int = parameter(0, "kicks of each of them per task", at_least=0)
    restart: int = parameter(
        0, "iterations without a better leader before the pheromone is reset; 0: never",
        at_least=0,
    )  # fmt: skip

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    @classmethod
    def printed(cls) -> ATSA:
        """Return the defaults: the paper's letter, except for the task's own memory in (4)."""
        return cls()

    @classmethod
    def repaired(cls) -> ATSA:
        """Return the readings with which the colony serves its stated purpose, balanced loads.

        The heuristic is the completion time, deposits follow the makespan, only the best ant
        since the start deposits, within the bounds of MMAS, and long tasks are placed first.
        Nodes without room remain excluded. beta and rho were chosen on paper pools of seeds 0 to
        3.
        """
        return cls(
            beta=20.0,
            rho=0.1,
            heuristic="completion-time",
            deposit_by="makespan",
            depositors="global-best",
            pheromone_bounds=True,
            order="longest-first",
        )

    @classmethod
    def beyond(cls) -> ATSA:
        """Return the best variant of the colony that we know.

        The repaired one, with the prices of the LP relaxation in the heuristic beside completion
        times, local search on the best ant, and a restart of the pheromone on stagnation. The
        gain of each is measured in ``results/frontier/ablation``.
        """
        return replace(
            cls.repaired(),
            ants=10,
            beta=5.0,
            rho=0.3,
            heuristic="reduced-cost*completion-time",
            local_search="best",
            kicks=25,
            restart=20,
        )

    def init(self, problem: Problem, rng: np.random.Generator) -> ColonyState:
        """Return the colony before the first iteration."""
        return start_colony(problem, self, rng)

    def step(self, problem: Problem, state: ColonyState) -> ColonyState:
        """Run one iteration of Algorithm 1: all ants walk, then (3)."""
        return step_colony(problem, self, state)

    def sees(self, factor: str) -> bool:
        """Whether `factor`, such as memory or completion-time, is part of eta."""
        return factor in self.heuristic.split("*")


@dataclass(frozen=True)
class ACO:
    """Ant System: eta_ij = 1 / et_ij, and every ant deposits Q / makespan.

    This is the rival that the paper calls basic ACO. Nodes without room are excluded.

    References
    ----------
    Dorigo, Maniezzo, Colorni, "Ant system: optimization by a colony of cooperating agents", IEEE
    Trans. Systems, Man, Cybernetics B 26(1), 1996.

    Examples
    --------
    >>> from edgeopt import ACO, Iterations, load_problem, solve
    >>> problem = load_problem("paper:40x4:seed=1")
    >>> solve(problem, ACO(ants=10), stop=Iterations(20), rng=1).evaluations
    200
    """

    ants: int = parameter(20, "ants an iteration", at_least=1, search=(5, 100))
    alpha: float = parameter(1.0, "weight of the pheromone", at_least=0, search=(0, 5))
    beta: float = parameter(5.0, "weight of 1 / execution time", at_least=0, search=(0, 20))
    rho: float = parameter(0.5, "evaporation", at_least=0, at_most=1, search=(0.01, 0.99))
    Q: float = parameter(5.0, "deposit", above=0, search=(0.1, 100))

    local_search: DescentScope = parameter(
        "none", "which ants local search improves before they deposit"
    )
    kicks: int = parameter(0, "kicks of each of them per task", at_least=0)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> ColonyState:
        """Return the colony before the first iteration."""
        return start_colony(problem, self._colony, rng)

    def step(self, problem: Problem, state: ColonyState) -> ColonyState:
        """Run one iteration: all ants walk, then evaporation and deposits."""
        return step_colony(problem, self._colony, state)

    @cached_property
    def _colony(self) -> ATSA:
        """The same colony in the parameters of ATSA."""
        return ATSA(
            ants=self.ants,
            alpha=self.alpha,
            beta=self.beta,
            rho=self.rho,
            Q=self.Q,
            heuristic="execution-time",
            deposit_by="makespan",
            start="global-mean",
            local_search=self.local_search,
            kicks=self.kicks,
        )


# The colony of both solvers, in the parameters of ATSA.


def start_colony(problem: Problem, atsa: ATSA, rng: np.random.Generator) -> ColonyState:
    """Return a colony with the initial pheromone on all paths, before the first ant."""
    k, x, m = problem.tasks, problem.nodes, atsa.ants
    memory, capacity = memory_arrays(problem)
    return ColonyState(
        stream=open_stream(rng),
        memory=memory,
        ready=ready_times(problem),
        visibility=_visibility(atsa),
        tries=_tries(x, atsa),
        rate=atsa.local_rate if atsa.local_rule == "acs" else 0.0,
        order=longest_first(problem) if atsa.order == "longest-first" else np.arange(k),
        trail=start_trail(problem, atsa),
        tours=Tours(np.zeros((m, k), dtype=np.int64), np.zeros(m), np.zeros(m)),
        nodes=Nodes(np.zeros(x), np.zeros(x), capacity, np.zeros(x)),
        lanes=open_lanes(k, x, m if _in_lockstep(x, atsa) else 0),
        leader=np.zeros(k, dtype=np.int64),
        search=None if atsa.local_search == "none" else open_search(problem),
    )


def _visibility(atsa: ATSA) -> Visibility:
    """Return the part of eta that changes while an ant walks."""
    grows = atsa.sees("memory") and atsa.occupancy != "running-task"
    completion = atsa.sees("completion-time")
    exponent = atsa.beta if grows or completion else 0.0  # a constant 1 needs no power
    counted = 0.0 if atsa.occupancy == "before-task" else 1.0
    return Visibility(exponent, grows, completion, counted)


def _tries(nodes: int, atsa: ATSA) -> int:
    """Return how often an ant draws from the alias table before it resorts to the roulette.

    Never if the weights change while ants walk (local rule), if eta has no known bound (completion
    times), or if a roulette over few nodes is as quick; else so often that the draws cost about as
    much as a roulette.
    """
    few = _FEW_NODES if is_small_whole(_visibility(atsa).beta) else _FEW_NODES_BY_POWER
    if atsa.local_rule == "acs" or atsa.sees("completion-time") or nodes <= few:
        return 0
    return 4 + nodes // 16


def _in_lockstep(nodes: int, atsa: ATSA) -> bool:
    """Whether ants may walk at the same time.

    They may if each choice takes one random number, and none changes the weights of the next ant;
    with few ants or very many nodes it does not pay.
    """
    pays = atsa.ants >= FEWEST_LANES and nodes <= _WIDEST_LOCKSTEP
    one_number = _tries(nodes, atsa) == 0 and atsa.local_rule != "acs"
    return pays and one_number and bool(is_small_whole(_visibility(atsa).beta))


def start_trail(problem: Problem, atsa: ATSA) -> Trail:
    """Return tau0 on all paths: the reciprocal of the mean time, of the node or of all."""
    times = problem.matrix
    shape, (tasks, nodes) = times.shape, times.shape
    means = mean_times(problem, axis=0)
    # A node on which all tasks take no time would have infinite pheromone.
    if atsa.start == "global-mean" or not means.all():
        means = np.full(nodes, mean_times(problem))
    start = 1.0 / np.maximum(means, 1e-300)  # tau0 (below (3) in the paper)
    return Trail(
        pheromone=np.tile(start, (tasks, 1)),
        start=start,
        fixed=_fixed_visibility(problem, atsa),
        scale=np.ones(tasks),
        weights=np.zeros(shape),
        keep=np.zeros(shape),
        alias=np.zeros(shape, dtype=np.int32),
        light=np.zeros(nodes + 1, dtype=np.int32),
        heavy=np.zeros(nodes + 1, dtype=np.int32),
    )


def _fixed_visibility(problem: Problem, atsa: ATSA) -> FloatArray:
    """Return the part of eta ** beta that never changes, each row divided by its largest entry.

    A factor of a row cancels in (2); without this one, large exponents would overflow.
    """
    eta = np.ones_like(problem.matrix)
    if atsa.sees("memory"):
        eta = atsa.delta * eta  # (4), to the letter: the task itself does not count
        if atsa.occupancy != "before-task":
            eta *= _free_share_of_empty_nodes(problem)
    if atsa.sees("execution-time"):
        least = problem.matrix.min(axis=1, keepdims=True)
        eta *= np.divide(least, problem.matrix, out=np.ones_like(eta), where=problem.matrix > 0)
    if atsa.sees("reduced-cost"):
        eta *= price_ratios(problem)
    allowed = np.True_ if problem.allowed is None else problem.allowed
    eta = np.where(allowed, eta, 0.0)
    largest = eta.max(axis=1, keepdims=True)
    fixed = np.divide(eta, largest, out=eta, where=largest > 0) ** atsa.beta
    return np.where(allowed, fixed, 0.0)  # 0 ** 0 is 1


def _free_share_of_empty_nodes(problem: Problem) -> FloatArray:
    """Return 1 - memory_i / capacity_j, at least 0: (4) without delta on an empty node."""
    memory, capacity = memory_arrays(problem)
    # A node without memory has room only for tasks that need none.
    too_large = (memory[:, None] > 0) & (capacity == 0)
    share = np.divide(memory[:, None], capacity, out=too_large.astype(float), where=capacity > 0)
    free: FloatArray = np.maximum(0.0, 1.0 - share)
    return free


def step_colony(problem: Problem, atsa: ATSA, state: ColonyState) -> ColonyState:
    """Send the ants once and update the pheromone (3); return the same state, changed.

    When the time of the run is up, the ants that have not set out stay at home, the others deposit
    nothing.
    """
    tours = state.tours
    complete = _send_ants(problem, atsa, state)
    # Improved ants deposit on their improved paths (Lamarckian learning).
    if complete and state.search is not None:
        _improve_ants(state.search, atsa, state)
    costs = tours.makespans if atsa.deposit_by == "makespan" else tours.totals
    leader = int(costs.argmin())
    _keep_best(state, costs, leader)
    if complete:
        _deposit(state, costs, leader, atsa)
        if atsa.restart and state.stalled >= atsa.restart:
            _start_anew(state)
    return state


def _send_ants(problem: Problem, atsa: ATSA, state: ColonyState) -> bool:
    """Let the ants walk; return whether there was time for all."""
    tours = state.tours
    at_once = max(1, _PAIRS_AT_ONCE // problem.matrix.size)
    # Ants that find no room undo those behind them in lockstep: not if the last iteration had one.
    in_lockstep = min(at_once, len(state.lanes.point)) >= FEWEST_LANES
    in_lockstep = in_lockstep and bool(np.isfinite(tours.makespans).all())
    for first in range(0, atsa.ants, at_once):
        last, done = min(first + at_once, atsa.ants), first
        if in_lockstep:
            done = walk_in_lockstep(
                problem.matrix, state.memory, state.ready, state.order, state.trail, *tours,
                state.nodes, state.lanes, state.visibility, atsa.alpha, state.stream, first, last,
            )  # fmt: skip
        if done < last:
            walk(
                problem.matrix, state.memory, state.ready, state.order, state.trail, tours,
                state.nodes, state.visibility, state.tries, atsa.alpha, state.rate, state.stream,
                done, last,
            )  # fmt: skip
        state.evaluations += last - first
        if last < atsa.ants and is_over():
            tours.makespans[last:] = tours.totals[last:] = np.inf
            return False
    return True


def _improve_ants(search: Search, atsa: ATSA, state: ColonyState) -> None:
    """Improve the ants of this iteration, or the one of least makespan, by local search.

    Each neighbour that a descent or an ejection chain compares counts as an evaluation.
    """
    tours, ants = state.tours, slice(None)
    if atsa.local_search == "best":
        best = int(tours.makespans.argmin())
        ants = slice(best, best + 1)
    makespans, totals = tours.makespans[ants], tours.totals[ants]
    kicks = atsa.kicks * tours.assignments.shape[1]
    state.evaluations += improve(
        search, tours.assignments[ants], makespans, totals, kicks, state.stream
    )


def _keep_best(state: ColonyState, costs: FloatArray, leader: int) -> None:
    """Keep the best assignment by makespan, and the best by the cost that deposits follow."""
    tours = state.tours
    best = int(tours.makespans.argmin())
    if tours.makespans[best] < state.makespan:
        state.makespan = float(tours.makespans[best])
        state.assignment = tours.assignments[best].copy()
    # By Z_y the leader can be another ant than the best by makespan.
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
    # Before any ant has found room for all tasks there is no cost to derive bounds from.
    if atsa.pheromone_bounds and np.isfinite(state.leader_cost):
        tasks, nodes = pheromone.shape
        low, high = max_min_bounds(tasks, nodes, state.leader_cost, atsa.rho, atsa.Q)
        np.clip(pheromone, low, high, out=pheromone)


def _start_anew(state: ColonyState) -> None:
    """Reset the pheromone and forget the leader; the best assignment is kept in the state."""
    state.trail.pheromone[:] = state.trail.start
    state.leader_cost, state.stalled = np.inf, 0
