"""A genetic algorithm on assignments, as Braun et al. print it for this problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.optim.jit import jit, jit_lean
from edgeopt.optim.scheduling.rivals.population import Rows, RowsState, Seed, first_rows
from edgeopt.optim.scheduling.run_time import leave_off, time_left
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import IntArray
from edgeopt.problems.html import parameters_html
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

_SECONDS_PER_TASK = 2e-8  # and chromosome, to breed a generation: for less none is begun


@dataclass(frozen=True)
class GeneticAlgorithm:
    """Braun et al.'s genetic algorithm: a chromosome is an assignment.

    A generation copies the best chromosome (elitism) and draws the others by a roulette of ranks:
    of n, the one of rank r has the weight n + 1 - r. They are taken in pairs: with probability
    `crossover`, a pair exchanges all nodes from a random task on. Then each chromosome but the best
    gives a random task a random node with probability `mutation`. The first population is random,
    but for the schedule of a heuristic.

    A task that its node cannot run, or has no memory for, goes to the next node that can and has,
    in cyclic order.

    Notes
    -----
    200 chromosomes, 60 % crossover, 40 % mutation and the seed of Min-min are the paper's, which
    was not before us and is quoted from memory. It runs four times with the seed and four times
    without, takes the best, and stops after 1000 generations, 150 without a better one, or when all
    chromosomes are equal; here the criteria of `solve` end the run. The weights of ranks, pairs in
    the order of their drawing, and a best chromosome that nothing changes are our reading.

    References
    ----------
    Braun et al., "A comparison of eleven static heuristics for mapping a class of independent tasks
    onto heterogeneous distributed computing systems", J. Parallel Distrib. Comput. 61, 2001.

    Examples
    --------
    >>> from edgeopt import Evaluations, GeneticAlgorithm, load_problem, min_min, solve
    >>> problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    >>> result = solve(problem, GeneticAlgorithm(), stop=Evaluations(20_000), rng=1)
    >>> result.makespan < solve(problem, min_min).makespan
    True
    """

    population: int = parameter(200, "chromosomes", at_least=2, search=(20, 400))
    crossover: float = parameter(
        0.6, "probability that a pair is crossed", at_least=0, at_most=1, search=(0, 1)
    )
    mutation: float = parameter(
        0.4, "probability that a chromosome changes a task", at_least=0, at_most=1, search=(0, 1)
    )
    seed: Seed = parameter("min-min", "heuristic whose schedule is in the first population")

    _repr_html_ = parameters_html

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(
        self, problem: Problem, rng: np.random.Generator, start: IntArray | None = None
    ) -> RowsState:
        """Return the first population, not yet evaluated; `start` takes the place of the seed."""
        return first_rows(problem, rng, self.population, self.seed, start)

    def step(self, problem: Problem, state: RowsState) -> RowsState:
        """Evaluate the first population, or breed the next."""
        if state.begun and time_left() < _SECONDS_PER_TASK * state.rows.nodes.size:
            leave_off()
            return state
        if state.begun:
            ranks = state.rows.cost.argsort(kind="stable")
            odds = (self.crossover, self.mutation)
            breed(state.rows, state.others, ranks, problem.nodes, odds, state.stream)
            state.rows, state.others = state.others, state.rows
        state.evaluate(int(state.begun))  # the best one is known
        state.begun = True
        state.keep_best(state.rows)
        return state


@jit
def breed(
    parents: Rows,
    children: Rows,
    ranks: IntArray,
    nodes: int,
    odds: tuple[float, float],
    stream: RandomStream,
) -> None:
    """Fill `children`, all but the first still without makespans.

    `ranks`, shape (n,), are the parents from the best to the worst; `odds` are the probabilities
    of crossover and mutation.
    """
    crossover, mutation = odds
    size, tasks = parents.nodes.shape
    copy_row(parents.nodes[ranks[0]], children.nodes[0], 0, tasks)
    children.cost[0] = parents.cost[ranks[0]]
    for row in range(1, size):
        chosen = ranks[draw_rank(size, next_uniform(stream))]
        copy_row(parents.nodes[chosen], children.nodes[row], 0, tasks)
    for row in range(1, size - 1, 2):
        if next_uniform(stream) < crossover:
            first = int(next_uniform(stream) * tasks)
            exchange(children.nodes[row], children.nodes[row + 1], first)
    for row in range(1, size):
        if next_uniform(stream) < mutation:
            task = int(next_uniform(stream) * tasks)
            children.nodes[row, task] = int(next_uniform(stream) * nodes)


@jit_lean
def draw_rank(size: int, uniform: float) -> int:
    """Return a rank from 0, the best, drawn in proportion to `size` less itself."""
    point = uniform * (size * (size + 1) / 2)
    rank = 0
    while rank < size - 1 and point >= size - rank:
        point -= size - rank
        rank += 1
    return rank


@jit_lean
def exchange(one: IntArray, other: IntArray, first: int) -> None:
    """Exchange the nodes of two assignments from a task on."""
    for task in range(first, len(one)):
        one[task], other[task] = other[task], one[task]


@jit_lean
def copy_row(source: IntArray, target: IntArray, first: int, last: int) -> None:
    """Copy the nodes of tasks from `first` to before `last`."""
    for task in range(first, last):
        target[task] = source[task]
