"""Update (3) and the bounds of MMAS."""

import numpy as np
import pytest

from edgeopt.optim.scheduling.colony.atsa import ATSA, start_trail
from edgeopt.optim.scheduling.colony.pheromone import max_min_bounds, update_pheromone
from edgeopt.problems.scheduling.problem import Problem


def test_update_by_hand():
    pheromone = np.array([[1.0, 2.0], [3.0, 4.0]])
    paths = np.array([[0, 1], [0, 0], [1, 1]])
    update_pheromone(pheromone, paths, np.array([2.0, 4.0, np.inf]), 0.25, 8.0)
    # 0.75 tau, then 8 / 2 along (0, 1) and 8 / 4 along (0, 0); the third ant found no room
    assert pheromone.tolist() == [[0.75 + 4 + 2, 1.5], [2.25 + 2, 3.0 + 4]]


def test_bounds_follow_stuetzle_and_hoos():
    low, high = max_min_bounds(100, 10, cost=2.0, rho=0.02, Q=1.0)
    assert high == pytest.approx(1 / (0.02 * 2.0))
    root = 0.05 ** (1 / 100)
    assert low == pytest.approx(high * (1 - root) / ((10 / 2 - 1) * root))
    assert max_min_bounds(1, 1, 1.0, 0.5, 1.0) == (2.0, 2.0)


def test_first_pheromone():
    problem = Problem([[1.0, 4.0], [3.0, 12.0]])
    assert start_trail(problem, ATSA()).pheromone.tolist() == [[1 / 2, 1 / 8]] * 2
    assert start_trail(problem, ATSA(start="global-mean")).start.tolist() == [1 / 5, 1 / 5]


def test_a_node_that_takes_no_time_falls_back_to_the_global_mean():
    problem = Problem([[0.0, 4.0], [0.0, 12.0]])
    assert start_trail(problem, ATSA()).start.tolist() == [1 / 4, 1 / 4]


def test_the_fixed_part_of_the_heuristic():
    problem = Problem([[2.0, 4.0, 8.0]], [1.0], [2.0, 4.0, 1.0])
    memory = start_trail(problem, ATSA(beta=2.0)).fixed
    np.testing.assert_allclose(memory, [[(0.5 / 0.75) ** 2, 1.0, 0.0]])
    both = start_trail(problem, ATSA(beta=1.0, heuristic="memory*execution-time")).fixed
    np.testing.assert_allclose(both, [[1.0, (0.75 * 0.5) / 0.5, 0.0]])
