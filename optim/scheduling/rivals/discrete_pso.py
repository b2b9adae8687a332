"""A discrete particle swarm: mutation and crossover in place of velocities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.rivals.genetic import copy_row
from edgeopt.optim.scheduling.rivals.population import Rows, RowsState, Seed, first_rows
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem


@dataclass(frozen=True)
class DiscretePSO:
    """The discrete particle swarm of Pan, Tasgetiren and Liang, on assignments.

    A particle X moves to c2 * CR(c1 * CR(w * F(X), P), G): with probability `inertia` (w), F gives
    a random task a random node; with probability `cognitive` (c1), the particle takes all nodes
    from a random task on from its own best P; with probability `social` (c2), those between two
    random tasks from the swarm's best G. The bests are those of the iteration before.

    A task that its node cannot run, or has no memory for, goes to the next node that can and has,
    in cyclic order. `PSO` with ``decoding="discrete"`` is another swarm: there each task decides by
    itself whom to follow.

    Notes
    -----
    The rule of movement, one cut with P and two with G are the paper's, for permutations; there F
    and crossover keep permutations, which assignments do not need. The paper was not before us and
    is quoted from memory: the probabilities are ours, and its variable neighbourhood descent is
    left out.

    References
    ----------
    Pan, Tasgetiren, Liang, "A discrete particle swarm optimization algorithm for the no-wait
    flowshop scheduling problem", Computers & Operations Research 35, 2008.

    Examples
    --------
    >>> from edgeopt import DiscretePSO, Evaluations, load_problem, min_min, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, DiscretePSO(), stop=Evaluations(20_000), rng=1)
    >>> result.makespan < solve(problem, min_min).makespan
    True
    """

    particles: int = parameter(20, "particles", at_least=1, search=(5, 100))
    inertia: float = parameter(
        0.8, "probability of a random change", at_least=0, at_most=1, search=(0, 1)
    )
    cognitive: float = parameter(
        0.8, "probability of crossing with its own best", at_least=0, at_most=1, search=(0, 1)
    )
    social: float = parameter(
        0.8, "probability of crossing with the swarm's best", at_least=0, at_most=1, search=(0, 1)
    )
    seed: Seed = parameter("min-min", "heuristic whose schedule is in the first swarm")

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> RowsState:
        """Return the first swarm, not yet evaluated; `start` takes the place of the seed."""
        state = first_rows(problem, rng, self.particles, self.seed, start)
        np.copyto(state.others.nodes, state.rows.nodes)
        return state

    def step(self, problem: Problem, state: RowsState) -> RowsState:
        """Move all particles, except before the first evaluation, and evaluate them."""
        if state.begun:
            odds = (self.inertia, self.cognitive, self.social)
            leader = int(state.others.cost.argmin())
            move_all(state.rows, state.others, leader, problem.nodes, odds, state.stream)
        state.evaluate(0)
        state.begun = True
        better = state.rows.cost < state.others.cost
        state.others.cost[better] = state.rows.cost[better]
        state.others.nodes[better] = state.rows.nodes[better]
        state.keep_best(state.others)
        return state


@jit
def move_all(
    rows: Rows,
    best: Rows,
    leader: int,
    nodes: int,
    odds: tuple[float, float, float],
    stream: RandomStream,
) -> None:
    """Move the particles; `best` are their own bests, that of the leader is the swarm's."""
    for row in range(len(rows.cost)):
        move(rows.nodes[row], best.nodes[row], best.nodes[leader], nodes, odds, stream)


@jit_lean
def move(
    particle: IntArray,
    own: IntArray,
    common: IntArray,
    nodes: int,
    odds: tuple[float, float, float],
    stream: RandomStream,
) -> None:
    """Change a particle at random, then cross it with its own best and the swarm's."""
    inertia, cognitive, social = odds
    tasks = len(particle)
    if next_uniform(stream) < inertia:
        task = int(next_uniform(stream) * tasks)
        particle[task] = int(next_uniform(stream) * nodes)
    if next_uniform(stream) < cognitive:
        copy_row(own, particle, int(next_uniform(stream) * tasks), tasks)
    if next_uniform(stream) < social:
        one, other = next_uniform(stream), next_uniform(stream)
        first, last = int(min(one, other) * tasks), int(max(one, other) * tasks)
        copy_row(common, particle, first, last + 1)
