"""The genetic algorithm and the discrete swarm, against naive versions and by hand."""

import numpy as np
import pytest
from naive.rivals import NaiveDiscretePSO, NaiveGenetic
from rival_problems import PROBLEMS

from edgeopt.optim.scheduling.local_search.iterated import start_assignment
from edgeopt.optim.scheduling.rivals.discrete_pso import DiscretePSO, move
from edgeopt.optim.scheduling.rivals.genetic import GeneticAlgorithm, draw_rank
from edgeopt.optim.stream import open_stream

BOTH = [
    (GeneticAlgorithm(population=7), NaiveGenetic, "breed", 7),
    (GeneticAlgorithm(population=6, crossover=1.0, mutation=0.9), NaiveGenetic, "breed", 6),
    (DiscretePSO(particles=5), NaiveDiscretePSO, "move", 5),
]


@pytest.mark.parametrize(("solver", "kind", "iterate", "size"), BOTH, ids=str)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_equals_the_naive_version(problem, solver, kind, iterate, size):
    problem = PROBLEMS[problem]()
    seed = start_assignment(problem, "min-min")
    naive = kind(problem, solver, size, np.random.default_rng(9), seed)
    state = solver.step(problem, solver.init(problem, np.random.default_rng(9)))
    best = np.inf
    for _ in range(20):
        assert state.rows.nodes.tolist() == [row for row, _ in naive.rows]
        np.testing.assert_allclose(state.rows.cost, [cost for _, cost in naive.rows])
        best = min(best, *(cost for _, cost in naive.rows))
        assert state.makespan == pytest.approx(best)
        state = solver.step(problem, state)
        getattr(naive, iterate)()


def test_ranks_are_drawn_by_weight():
    # weights 3, 2, 1 of 6
    draws = [draw_rank(3, u) for u in (0.0, 0.49, 0.51, 0.82, 0.84, 0.999)]
    assert draws == [0, 0, 1, 1, 2, 2]


def test_the_best_chromosome_survives():
    problem = PROBLEMS["none"]()
    solver = GeneticAlgorithm(population=4, crossover=1.0, mutation=1.0, seed="none")
    state = solver.init(problem, np.random.default_rng(1))
    costs = []
    for _ in range(30):
        state = solver.step(problem, state)
        costs.append(state.rows.cost.min())
    assert costs == sorted(costs, reverse=True)
    assert state.evaluations == 4 + 29 * 3


def test_a_particle_follows_its_best_to_the_end_and_the_swarms_between_two_cuts():
    stream = open_stream(np.random.default_rng(3))
    for _ in range(50):
        particle = np.zeros(9, dtype=np.int64)
        move(particle, np.full(9, 1), np.full(9, 2), 4, (0.0, 1.0, 0.0), stream)
        assert particle.tolist() == sorted(particle.tolist())
        assert particle[-1] == 1
        particle[:] = 0
        move(particle, np.full(9, 1), np.full(9, 2), 4, (0.0, 0.0, 1.0), stream)
        changes = np.flatnonzero(np.diff(particle))
        assert len(changes) <= 2
        assert particle.max() == 2
