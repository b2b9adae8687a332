"""Particle swarm optimisation of real vectors, decoded to assignments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean, time_of
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.local_search.moves import DescentScope, improve
from edgeopt.optim.scheduling.local_search.search import Search, open_search
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.stream import RandomStream, fill_uniform, open_stream
from edgeopt.problems.errors import FloatArray, IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_HALF_BITS = 2.0**26


class Swarm(NamedTuple):
    """Particles, each a point of [0, x) ** k, and the best point that each has visited.

    Attributes
    ----------
    position, velocity, best : ndarray, shape (n, k)
        Where each particle is, how it moves, and where it was best.
    cost, best_cost : ndarray, shape (n,)
        Current and best makespan in s, infinite where tasks found no room.
    assignment : ndarray, shape (n, k)
        The decoded positions.
    ready : ndarray, shape (x,)
        When each node can start in s.
    loads, used : ndarray, shape (x,)
        Scratch.
    uniform : ndarray, shape (k,)
        Scratch: random numbers.
    """

    position: FloatArray
    velocity: FloatArray
    best: FloatArray
    cost: FloatArray
    best_cost: FloatArray
    assignment: IntArray
    ready: FloatArray
    loads: FloatArray
    used: FloatArray
    uniform: FloatArray


@dataclass(kw_only=True)
class SwarmState(State):
    """State of the swarm between two iterations; `repairs`: whether nodes may refuse tasks."""

    stream: RandomStream
    swarm: Swarm
    memory: FloatArray
    capacity: FloatArray
    repairs: bool
    leader: int = -1
    search: Search | None = None


@dataclass(frozen=True)
class PSO:
    """Global-best particle swarm; a particle is an assignment, or a real vector read as one.

    With ``decoding="floor"`` task i goes to node floor(position_i), as Salman, Ahmad and Al-Madani
    2002 decode (they drop the fraction too). Velocities follow the constriction of Clerc and
    Kennedy 2002; at the border a particle stays and loses that component of its velocity. Nodes
    have no order, so that a position between two good nodes means nothing: this reading is weak.

    With ``decoding="discrete"`` each task of a particle stays on its node, or takes the node that
    the particle's own best or the swarm's best has, with probabilities proportional to inertia,
    cognitive and social; a share of the tasks goes to a random node instead.

    A task that its node cannot run, or has no memory for, goes to the next node that can and has,
    in cyclic order.

    References
    ----------
    Salman, Ahmad, Al-Madani, "Particle swarm optimization for task assignment problem",
    Microprocessors and Microsystems 26, 2002. Clerc, Kennedy, IEEE Trans. Evol. Comput. 6, 2002.
    The discrete move is of the kind of Kang, He, "A novel discrete particle swarm optimization
    algorithm for meta-task assignment in heterogeneous computing systems", Microprocessors and
    Microsystems 35, 2011.

    Examples
    --------
    >>> from edgeopt import PSO, Iterations, load_problem, solve
    >>> result = solve(load_problem("paper:20x4:seed=1"), PSO(), stop=Iterations(50), rng=1)
    >>> result.gap < 0.1
    True
    """

    particles: int = parameter(20, "particles", at_least=1, search=(5, 100))
    inertia: float = parameter(0.7298, "factor of the velocity", at_least=0, search=(0.3, 1.0))
    cognitive: float = parameter(1.49618, "pull of its own best", at_least=0, search=(0.5, 2.5))
    social: float = parameter(1.49618, "pull of the swarm's best", at_least=0, search=(0.5, 2.5))
    max_velocity: float = parameter(
        0.5, "largest step as a share of the number of nodes", above=0, at_most=1, search=(0.05, 1)
    )
    decoding: Literal["floor", "discrete"] = parameter(
        "floor", "what a particle is: positions rounded down, or an assignment"
    )
    mutation: float = parameter(
        0.01, "share of tasks on random nodes (discrete)", at_least=0, at_most=1, search=(0, 0.05)
    )
    local_search: DescentScope = parameter("none", "which particles local search improves")
    kicks: int = parameter(0, "kicks of each of them per task", at_least=0)

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> SwarmState:
        """Return the swarm at random points with random velocities, not yet evaluated."""
        n, k, x = self.particles, problem.tasks, problem.nodes
        # The generator gives the initial swarm, and a stream for the kernels.
        position = rng.random((n, k)) * x
        swarm = Swarm(
            position=position,
            velocity=(2.0 * rng.random((n, k)) - 1.0) * (self.max_velocity * x),
            best=position.copy(),
            cost=np.full(n, np.inf),
            best_cost=np.full(n, np.inf),
            assignment=np.zeros((n, k), dtype=np.int64),
            ready=ready_times(problem),
            loads=np.zeros(x),
            used=np.zeros(x),
            uniform=np.zeros(k),
        )
        memory, capacity = memory_arrays(problem)
        return SwarmState(
            stream=open_stream(rng),
            swarm=swarm,
            memory=memory,
            capacity=capacity,
            repairs=problem.task_memory is not None or problem.allowed is not None,
            search=None if self.local_search == "none" else open_search(problem),
        )

    def step(self, problem: Problem, state: SwarmState) -> SwarmState:
        """Move all particles, except before the first evaluation, and evaluate them."""
        swarm = state.swarm
        pulls = (self.inertia, self.cognitive, self.social)
        limit = self.max_velocity * problem.nodes
        mutation = self.mutation if self.decoding == "discrete" else -1.0
        state.leader = iterate(
            problem.matrix, state.memory, state.capacity, swarm, state.leader, limit, pulls,
            mutation, state.repairs, state.stream,
        )  # fmt: skip
        state.evaluations += self.particles
        if state.search is not None:
            self._improve(state.search, state)
        if swarm.best_cost[state.leader] < state.makespan:
            # The leader became so in this iteration: its assignment is the current one.
            state.makespan = float(swarm.best_cost[state.leader])
            state.assignment = swarm.assignment[state.leader].copy()
        return state

    def _improve(self, search: Search, state: SwarmState) -> None:
        """Improve the particles, or the one of least makespan, and move them to the results.

        An improved particle moves to the middle of its assignment's cell (Lamarckian learning).
        Each neighbour that a descent or an ejection chain compares counts as an evaluation.
        """
        swarm, rows = state.swarm, slice(None)
        if self.local_search == "best":
            least = int(swarm.cost.argmin())
            rows = slice(least, least + 1)
        assignments, costs = swarm.assignment[rows], swarm.cost[rows]
        kicks = self.kicks * assignments.shape[1]
        # Z_y, which `improve` returns too, is of no interest here.
        totals = np.empty_like(costs)
        state.evaluations += improve(search, assignments, costs, totals, kicks, state.stream)
        move_to_assignments(swarm)
        state.leader = int(swarm.best_cost.argmin())


def move_to_assignments(swarm: Swarm) -> None:
    """Move particles whose assignments have changed there, and keep those that are their best."""
    moved = np.isfinite(swarm.cost)[:, None] & (np.floor(swarm.position) != swarm.assignment)
    swarm.position[moved] = swarm.assignment[moved] + 0.5
    better = swarm.cost < swarm.best_cost
    swarm.best_cost[better] = swarm.cost[better]
    swarm.best[better] = swarm.position[better]


@jit_lean
def iterate(
    times: FloatArray,
    memory: FloatArray,
    capacity: FloatArray,
    swarm: Swarm,
    leader: int,
    limit: float,
    pulls: tuple[float, float, float],
    mutation: float,
    repairs: bool,
    stream: RandomStream,
) -> int:
    """Move the swarm, unless it has no leader (-1) yet, evaluate it, and return its leader.

    A mutation below 0 stands for the decoding by floor; for `repairs` see `SwarmState`.
    """
    if leader >= 0 and mutation >= 0.0:
        move_discretely(swarm, leader, len(capacity), pulls, mutation, stream)
    elif leader >= 0:
        move_particles(swarm, leader, len(capacity), limit, pulls, stream)
    return evaluate(times, memory, capacity, swarm, repairs)


@jit_lean
def move_particles(
    swarm: Swarm,
    leader: int,
    nodes: int,
    limit: float,
    pulls: tuple[float, float, float],
    stream: RandomStream,
) -> None:
    """Move every particle by its inertia, its own best and the swarm's best.

    One random number of 53 bits gives both uniform numbers of a component, 26 bits each.
    """
    inertia, cognitive, social = pulls
    highest = np.nextafter(float(nodes), 0.0)  # its floor is still a node
    position, velocity, best, uniform = swarm.position, swarm.velocity, swarm.best, swarm.uniform
    particles, tasks = position.shape
    for p in range(particles):
        fill_uniform(stream, uniform)
        # Without branches and calls, so that the compiler can compute several tasks at once.
        for i in range(tasks):
            scaled = uniform[i] * _HALF_BITS
            first = np.floor(scaled)
            own = cognitive * (first / _HALF_BITS) * (best[p, i] - position[p, i])
            common = social * (scaled - first) * (best[leader, i] - position[p, i])
            speed = min(max(inertia * velocity[p, i] + own + common, -limit), limit)
            place = position[p, i] + speed
            inside = min(max(place, 0.0), highest)
            velocity[p, i] = speed if place == inside else 0.0
            position[p, i] = inside


@jit_lean
def move_discretely(
    swarm: Swarm,
    leader: int,
    nodes: int,
    pulls: tuple[float, float, float],
    mutation: float,
    stream: RandomStream,
) -> None:
    """Give every task of every particle a node: its own, one of the bests', or a random one.

    A position is the middle of its node. One random number of 53 bits a task, its upper half for
    whose node it is, its lower half for chance.
    """
    inertia, cognitive, social = pulls
    total = inertia + cognitive + social
    position, best, uniform = swarm.position, swarm.best, swarm.uniform
    for p in range(len(position)):
        fill_uniform(stream, uniform)
        for i in range(len(uniform)):
            scaled = uniform[i] * _HALF_BITS
            first = np.floor(scaled)
            point, chance = total * (first / _HALF_BITS), scaled - first
            if chance < mutation:
                position[p, i] = np.floor(nodes * (chance / mutation)) + 0.5
            elif point < social:
                position[p, i] = best[leader, i]
            elif point < social + cognitive:
                position[p, i] = best[p, i]


@jit_lean
def evaluate(
    times: FloatArray, memory: FloatArray, capacity: FloatArray, swarm: Swarm, repairs: bool
) -> int:
    """Decode and evaluate every particle, keep its best position; return the leader."""
    particles, tasks = swarm.position.shape
    leader = 0
    for p in range(particles):
        assignment = swarm.assignment[p]
        for i in range(tasks):
            assignment[i] = int(swarm.position[p, i])
        found = not repairs or find_room(times, memory, capacity, swarm.used, assignment)
        swarm.cost[p] = (
            row_makespan(times, swarm.ready, swarm.loads, assignment) if found else np.inf
        )
        if swarm.cost[p] < swarm.best_cost[p]:
            swarm.best_cost[p] = swarm.cost[p]
            for i in range(tasks):
                swarm.best[p, i] = swarm.position[p, i]
        if swarm.best_cost[p] < swarm.best_cost[leader]:
            leader = p
    return leader


# What all populations of assignments need, not only swarms.


@jit_lean
def row_makespan(
    et: FloatArray | UniformTimes, ready: FloatArray, loads: FloatArray, assignment: IntArray
) -> float:
    """Return the makespan of an assignment in s; `loads`, shape (x,), receives the loads."""
    for j in range(len(loads)):
        loads[j] = ready[j]
    makespan = 0.0
    for i in range(len(assignment)):
        node = assignment[i]
        loads[node] += time_of(et, i, node)
        makespan = max(makespan, loads[node])
    return makespan


@jit_lean
def find_room(
    et: FloatArray | UniformTimes,
    memory: FloatArray,
    capacity: FloatArray,
    used: FloatArray,
    assignment: IntArray,
) -> bool:
    """Move refused tasks to the next node that can run them; return whether all found one.

    `used`, shape (x,), receives the memory used.
    """
    for j in range(len(capacity)):
        used[j] = 0.0
    for i in range(len(memory)):
        node = assignment[i]
        if memory[i] == 0.0 and time_of(et, i, node) < np.inf:
            continue  # fits anywhere, also on a node that is full
        node = _next_with_room(et, used, capacity, i, memory[i], node)
        if node < 0:
            return False
        assignment[i] = node
        used[node] += memory[i]
    return True


@jit_lean
def _next_with_room(
    et: FloatArray | UniformTimes,
    used: FloatArray,
    capacity: FloatArray,
    task: int,
    memory: float,
    start: int,
) -> int:
    """Return the first node from `start` on, in cyclic order, with room for the task, or -1."""
    node = start
    for _ in range(len(capacity)):
        if used[node] + memory <= capacity[node] and time_of(et, task, node) < np.inf:
            return node
        node = node + 1 if node + 1 < len(capacity) else 0
    return -1
