"""The colony walks, path by path, as a naive version of equations (2)-(4) does."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from naive import assert_same_paths
from naive.colony import NaiveColony

from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA, Heuristic
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

BASE = ATSA(ants=4)
READINGS = [
    BASE,
    replace(ATSA.repaired(), ants=4),
    *(replace(BASE, heuristic=heuristic) for heuristic in get_args(Heuristic)[1:]),
    replace(BASE, occupancy="before-task"),
    replace(BASE, occupancy="before-task", heuristic="memory*completion-time"),
    replace(BASE, occupancy="running-task"),
    replace(BASE, deposit_by="makespan"),
    replace(BASE, depositors="iteration-best"),
    replace(BASE, depositors="global-best", deposit_by="makespan", pheromone_bounds=True),
    replace(BASE, pheromone_bounds=True),
    replace(BASE, local_rule="acs", local_rate=0.3),
    replace(BASE, local_rule="acs", alpha=2.5),
    replace(BASE, start="global-mean"),
    replace(BASE, order="longest-first"),
    replace(BASE, alpha=2.0, beta=2.5, rho=0.2, Q=50.0, delta=3.0),
    replace(BASE, alpha=0.0),
    replace(BASE, beta=0.0),
    replace(BASE, rho=0.0),
]  # fmt: skip


def problem_with_memory(slack):
    return paper_pool(30, 6, slack=slack, rng=11)


def problem_without_memory():
    times = np.random.default_rng(5).uniform(1.0, 9.0, (25, 5))
    return Problem(times)


def follow(problem, solver, atsa, seed, iterations=6):
    """Compare every ant's path and the best makespan, iteration by iteration."""
    naive = NaiveColony(problem, atsa, np.random.default_rng(seed))
    state = solver.init(problem, np.random.default_rng(seed))
    state.tries = 0  # naive ants draw by roulette; alias tables: test_selection
    for iteration in range(1, iterations + 1):
        state = solver.step(problem, state)
        assert_same_paths(naive.iterate(), state.tours.assignments, state.tours.makespans)
        np.testing.assert_allclose(state.trail.pheromone, naive.tau, rtol=1e-9)
        assert state.makespan == pytest.approx(naive.makespan, rel=1e-12)
        assert state.evaluations == iteration * atsa.ants


@pytest.mark.parametrize("atsa", READINGS, ids=str)
@pytest.mark.parametrize(
    "problem",
    [problem_with_memory(1.3), problem_with_memory(1.05), problem_without_memory()],
    ids=["memory", "tight", "none"],
)
def test_atsa_in_every_reading(atsa, problem):
    follow(problem, atsa, atsa, seed=3)


@pytest.mark.parametrize("problem", [problem_with_memory(1.3), problem_without_memory()])
def test_basic_aco(problem):
    same = ATSA(ants=5, heuristic="execution-time", deposit_by="makespan", start="global-mean")
    follow(problem, ACO(ants=5), same, seed=4)


def test_by_hand():
    # One task, two nodes: tau0 = (1/2, 1/4); one ant; Z_y = et on its node.
    problem = Problem([[2.0, 4.0]])
    atsa = ATSA(ants=1, Q=5.0, rho=0.5)
    state = atsa.init(problem, np.random.default_rng(0))
    assert state.trail.pheromone.tolist() == [[0.5, 0.25]]
    state = atsa.step(problem, state)
    node = int(state.assignment[0])
    expected = [0.25, 0.125]
    expected[node] += 5.0 / problem.matrix[0, node]  # (3)
    assert state.trail.pheromone.tolist() == [expected]
    assert state.makespan == problem.matrix[0, node]


def test_delta_has_no_effect():
    problem = problem_with_memory(1.3)
    runs = []
    for delta in (1.0, 7.0, 1e-3):
        state = ATSA(delta=delta).init(problem, np.random.default_rng(1))
        state = ATSA(delta=delta).step(problem, state)
        runs.append(state.tours.assignments.tolist())
    assert runs[0] == runs[1] == runs[2]


def test_more_nodes_than_a_roulette_likes():
    # 40 nodes: alias tables and rejection; the pheromone still follows (3) from the paths taken.
    problem = paper_pool(50, 40, slack=1.5, rng=2)
    atsa = ATSA(ants=3)
    state = atsa.init(problem, np.random.default_rng(0))
    expected = state.trail.pheromone.copy()
    for _ in range(5):
        state = atsa.step(problem, state)
        expected *= 0.5
        for path, total in zip(state.tours.assignments, state.tours.totals, strict=True):
            assert problem.fits(path)
            assert problem.total_time(path) == pytest.approx(total)
            expected[np.arange(50), path] += 5.0 / total
    np.testing.assert_allclose(state.trail.pheromone, expected, rtol=1e-12)


def test_extreme_exponents_do_not_overflow():
    problem = Problem(np.array([[1e-6, 2e-6, 4e-6]] * 20))
    for atsa in (ATSA(alpha=300.0), replace(ATSA.repaired(), beta=2000.0)):
        state = atsa.init(problem, np.random.default_rng(0))
        for _ in range(3):
            state = atsa.step(problem, state)
        assert np.isfinite(state.makespan)
