"""Particle swarm optimisation with discrete decoding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optim.jit import jit_lean
from optim.parameters import check_parameters, parameter
from optim.scheduling.memory import memory_arrays
from optim.solver import IntArray, State
from optim.stream import Stream, next_uniform, open_stream
from problems.errors import FloatArray
from problems.scheduling import SchedulingProblem

HALF_BITS = 2.0**26


class Swarm(NamedTuple):
    """Particles, each a point of [0, x) ** k, and the best they have seen.

    Attributes
    ----------
    position, velocity, best : ndarray, shape (n, k)
        Where they are, how they move, and where each was best.
    cost, best_cost : ndarray, shape (n,)
        Makespan now and at best in s, infinite where tasks found no room.
    assignment : ndarray, shape (n, k)
        What the positions say.
    loads, used : ndarray, shape (x,)
        Scratch.
    """

    position: FloatArray
    velocity: FloatArray
    best: FloatArray
    cost: FloatArray
    best_cost: FloatArray
    assignment: IntArray
    loads: FloatArray
    used: FloatArray


@dataclass(kw_only=True)
class SwarmState(State):
    """State of the swarm between two iterations."""

    stream: Stream
    swarm: Swarm


@dataclass(frozen=True)
class PSO:
    """Global-best particle swarm; a particle is a real vector whose floor is the assignment.

    Task i goes to node floor(position_i), as Salman, Ahmad and Al-Madani 2002 decode (they drop
    the fraction too); where its memory does not fit there, to the next node that has room, in
    cyclic order. Velocities follow the constriction of Clerc and Kennedy 2002; at the border a
    particle stays and loses that component of its velocity.

    References
    ----------
    Salman, Ahmad, Al-Madani, "Particle swarm optimization for task assignment problem",
    Microprocessors and Microsystems 26, 2002. Clerc, Kennedy, IEEE Trans. Evol. Comput. 6, 2002.
    """

    particles: int = parameter(20, "particles", at_least=1, search=(5, 100))
    inertia: float = parameter(0.7298, "factor of the velocity", at_least=0, search=(0.3, 1.0))
    cognitive: float = parameter(1.49618, "pull of its own best", at_least=0, search=(0.5, 2.5))
    social: float = parameter(1.49618, "pull of the swarm's best", at_least=0, search=(0.5, 2.5))
    max_velocity: float = parameter(
        0.5, "largest step as a share of the number of nodes", above=0, at_most=1, search=(0.05, 1)
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> SwarmState:
        """Return the swarm at random points with random velocities, not yet evaluated."""
        n, k, x = self.particles, problem.tasks, problem.nodes
        position = rng.random((n, k)) * x
        swarm = Swarm(
            position=position,
            velocity=(2.0 * rng.random((n, k)) - 1.0) * (self.max_velocity * x),
            best=position.copy(),
            cost=np.full(n, np.inf),
            best_cost=np.full(n, np.inf),
            assignment=np.zeros((n, k), dtype=np.int64),
            loads=np.zeros(x),
            used=np.zeros(x),
        )
        return SwarmState(stream=open_stream(rng), swarm=swarm)

    def step(self, problem: SchedulingProblem, state: SwarmState) -> SwarmState:
        """Move all particles, but not before the first evaluation, and evaluate them."""
        swarm, x = state.swarm, problem.nodes
        memory, capacity = memory_arrays(problem)
        if state.evaluations > 0:
            leader = swarm.best[swarm.best_cost.argmin()].copy()
            pulls = (self.inertia, self.cognitive, self.social)
            move(swarm, leader, x, self.max_velocity * x, pulls, state.stream)
        evaluate(problem.matrix, memory, capacity, swarm)
        state.evaluations += self.particles
        first = int(swarm.cost.argmin())
        if swarm.cost[first] < state.makespan:
            state.makespan = float(swarm.cost[first])
            state.assignment = swarm.assignment[first].copy()
        return state


@jit_lean
def move(
    swarm: Swarm,
    leader: FloatArray,
    nodes: int,
    limit: float,
    pulls: tuple[float, float, float],
    stream: Stream,
) -> None:
    """Move every particle by its inertia, its own best and the swarm's best.

    One random number of 53 bits gives both uniform numbers of a component, 26 bits each.
    """
    inertia, cognitive, social = pulls
    highest = np.nextafter(float(nodes), 0.0)
    position, velocity, best = swarm.position, swarm.velocity, swarm.best
    particles, tasks = position.shape
    for p in range(particles):
        for i in range(tasks):
            scaled = next_uniform(stream) * HALF_BITS
            first = np.floor(scaled)
            own = cognitive * (first / HALF_BITS) * (best[p, i] - position[p, i])
            common = social * (scaled - first) * (leader[i] - position[p, i])
            speed = min(max(inertia * velocity[p, i] + own + common, -limit), limit)
            place = position[p, i] + speed
            if place < 0.0 or place > highest:
                place, speed = min(max(place, 0.0), highest), 0.0
            position[p, i], velocity[p, i] = place, speed


@jit_lean
def evaluate(times: FloatArray, memory: FloatArray, capacity: FloatArray, swarm: Swarm) -> None:
    """Decode and cost every particle, and keep its position where it is better than its best."""
    particles, tasks = swarm.position.shape
    for p in range(particles):
        swarm.cost[p] = decode(times, memory, capacity, swarm, p)
        if swarm.cost[p] < swarm.best_cost[p]:
            swarm.best_cost[p] = swarm.cost[p]
            for i in range(tasks):
                swarm.best[p, i] = swarm.position[p, i]


@jit_lean
def decode(
    times: FloatArray, memory: FloatArray, capacity: FloatArray, swarm: Swarm, particle: int
) -> float:
    """Set a particle's assignment and return its makespan in s, infinite without room."""
    x = len(capacity)
    for j in range(x):
        swarm.loads[j] = swarm.used[j] = 0.0
    makespan = 0.0
    for i in range(len(memory)):
        node = int(swarm.position[particle, i])
        passed = 0
        while passed < x and swarm.used[node] + memory[i] > capacity[node]:
            node = node + 1 if node + 1 < x else 0
            passed += 1
        if passed == x:
            return np.inf
        swarm.assignment[particle, i] = node
        swarm.loads[node] += times[i, node]
        swarm.used[node] += memory[i]
        makespan = max(makespan, swarm.loads[node])
    return makespan
