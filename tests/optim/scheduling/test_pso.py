"""The swarm moves and decodes as a naive version does."""

import numpy as np
import pytest
from naive import assert_same_paths
from naive.swarm import NaiveSwarm

from edgeopt.optim.scheduling.pso import PSO, move_to_assignments
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem


@pytest.mark.parametrize(
    "pso",
    [
        PSO(particles=5),
        PSO(particles=3, inertia=0.9, cognitive=2.0, social=0.5, max_velocity=1.0),
        PSO(particles=5, decoding="discrete", mutation=0.2),
        PSO(particles=5, decoding="discrete", mutation=0.0, social=0.3),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "problem",
    [
        paper_pool(20, 6, slack=1.2, rng=1),
        Problem(np.random.default_rng(2).uniform(1, 5, (15, 4))),
    ],
    ids=["memory", "none"],
)
def test_equals_the_naive_swarm(pso, problem):
    naive = NaiveSwarm(problem, pso, np.random.default_rng(9))
    state = pso.init(problem, np.random.default_rng(9))
    for iteration in range(1, 30):
        state = pso.step(problem, state)
        assert_same_paths(naive.iterate(), state.swarm.assignment, state.swarm.cost)
        np.testing.assert_allclose(state.swarm.position, naive.position, rtol=1e-9)
        assert state.makespan == pytest.approx(naive.makespan)
        assert state.evaluations == iteration * pso.particles


def test_particles_stay_in_the_box():
    problem = Problem(np.ones((10, 3)))
    pso = PSO(max_velocity=1.0, inertia=1.0, cognitive=2.5, social=2.5)
    state = pso.init(problem, np.random.default_rng(0))
    for _ in range(50):
        state = pso.step(problem, state)
        assert (state.swarm.position >= 0).all()
        assert (state.swarm.position < 3).all()
        assert (np.abs(state.swarm.velocity) <= 3).all()


def test_a_full_node_passes_the_task_on_in_cyclic_order():
    problem = Problem(np.ones((3, 3)), np.ones(3), np.ones(3))
    pso = PSO(particles=1)
    state = pso.init(problem, np.random.default_rng(0))
    state.swarm.position[:] = 2.5
    state = pso.step(problem, state)
    assert state.swarm.assignment.tolist() == [[2, 0, 1]]


def test_finds_an_easy_optimum():
    problem = Problem([[1.0, 9.0], [9.0, 1.0]])
    result = solve(problem, PSO(), stop=Evaluations(2000), rng=0)
    assert result.assignment.tolist() == [0, 1]
    assert result.status == "optimal"


def test_the_discrete_swarm_is_the_better_rival_on_the_papers_pools():
    gaps = {
        decoding: [
            solve(paper_pool(rng=seed), PSO(decoding=decoding), stop=Evaluations(3000), rng=1).gap
            for seed in range(3)
        ]
        for decoding in ("floor", "discrete")
    }
    pairs = zip(gaps["discrete"], gaps["floor"], strict=True)
    assert all(discrete < floor for discrete, floor in pairs)


def test_a_discrete_swarm_that_follows_nothing_stays_where_it_is():
    problem = Problem(np.ones((10, 3)))
    pso = PSO(decoding="discrete", cognitive=0.0, social=0.0, mutation=0.0)
    state = pso.init(problem, np.random.default_rng(0))
    before = state.swarm.position.copy()
    for _ in range(3):
        state = pso.step(problem, state)
    assert (state.swarm.position == before).all()


def test_a_task_without_memory_runs_on_a_full_node():
    problem = Problem(np.ones((3, 2)), [2.0, 0.0, 2.0], [2.0, 2.0])
    pso = PSO(particles=1)
    state = pso.init(problem, np.random.default_rng(0))
    state.swarm.position[:] = 0.5
    assert pso.step(problem, state).swarm.assignment.tolist() == [[0, 0, 1]]


def test_without_room_a_particle_has_no_cost():
    problem = Problem(np.ones((3, 2)), [1.0, 1.0, 2.0], [2.0, 2.0])
    pso = PSO(particles=2)
    state = pso.init(problem, np.random.default_rng(0))
    state.swarm.position[:] = [[0.5, 1.5, 0.5], [0.5, 0.5, 1.5]]
    state = pso.step(problem, state)
    assert state.swarm.cost.tolist() == [np.inf, 2.0]
    assert state.assignment.tolist() == [0, 0, 1]
    assert state.leader == 1


def test_particles_move_to_the_middle_of_better_assignments():
    problem = Problem(np.ones((2, 3)))
    swarm = PSO(particles=3).init(problem, np.random.default_rng(0)).swarm
    swarm.position[:] = [[0.2, 1.9], [2.2, 2.2], [0.1, 0.1]]
    swarm.assignment[:] = [[0, 2], [2, 2], [1, 1]]
    swarm.cost[:], swarm.best_cost[:] = [1.0, 5.0, np.inf], [3.0, 4.0, 4.0]
    move_to_assignments(swarm)
    assert swarm.position.tolist() == [[0.2, 2.5], [2.2, 2.2], [0.1, 0.1]]
    assert swarm.best_cost.tolist() == [1.0, 4.0, 4.0]
    assert swarm.best[0].tolist() == [0.2, 2.5]
