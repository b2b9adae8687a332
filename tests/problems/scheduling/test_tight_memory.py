"""Memory that almost suffices."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.generators import braun, coefficient_of_variation
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


@pytest.mark.parametrize("utilisation", [0.3, 0.9, 0.99])
def test_so_much_of_the_memory_is_used_by_any_schedule(utilisation):
    problem = braun("u_i_hihi", 100, 16, utilisation=utilisation, rng=1)
    assert problem.task_memory.sum() / problem.node_capacity.sum() == pytest.approx(utilisation)
    assert problem.task_memory.min() >= 16 * 2**20
    assert problem.task_memory.max() <= 512 * 2**20


def test_the_hidden_schedule_fits():
    problem = coefficient_of_variation(6, 3, utilisation=1.0, rng=2)
    pairs = problem.task_memory[:, None] + problem.task_memory
    for capacity in problem.node_capacity:  # two tasks on each node, and nothing to spare
        assert np.isclose(pairs, capacity).any()


def test_times_are_those_without_memory():
    for generator in (braun, coefficient_of_variation):
        tight, free = (
            generator(tasks=20, nodes=4, utilisation=0.9, rng=3),
            generator(tasks=20, nodes=4, rng=3),
        )
        assert np.array_equal(tight.matrix, free.matrix)
        assert free.task_memory is None


def test_specs_have_it():
    spec = "cov:20x4:v_task=0.5:utilisation=0.95:seed=4"
    expected = coefficient_of_variation(20, 4, v_task=0.5, utilisation=0.95, rng=4)
    assert load_problem(spec).digest == expected.digest


@pytest.mark.parametrize("utilisation", [0.0, 1.01, float("nan")])
def test_bad_shares_are_refused(utilisation):
    with pytest.raises(InputError, match=r"^utilisation: got"):
        braun("u_c_hihi", 8, 2, utilisation=utilisation, rng=0)


def test_tasks_that_fit_to_the_byte_are_accepted():
    gibi = 2.0**30
    memory = np.array([7, 7, 5, 3, 4, 2, 4]) * gibi + [0, 0, 1, -1, -1, 0, 0]
    problem = Problem(np.ones((7, 2)), memory, [18 * gibi - 2, 14 * gibi + 1])
    assert problem.fits([0, 1, 1, 0, 0, 1, 0])
