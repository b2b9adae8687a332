"""pymoo's NSGA-II as a method for fronts."""

import numpy as np
import pytest
from front_problems import small_problem
from naive.front import naive_front, objectives_of

from edgeopt.experiments.peers.nsga2 import Nsga2
from edgeopt.optim.scheduling.fronts.hypervolume import hypervolume
from edgeopt.optim.scheduling.fronts.solve_front import front
from edgeopt.optim.scheduling.stop import Evaluations, Iterations
from edgeopt.problems.scheduling.problem import Problem

pytest.importorskip("pymoo")


@pytest.mark.parametrize("seed", [0, 1, 8])  # plain, late nodes with memory, a forbidden pair
def test_it_finds_small_fronts(seed):
    problem, name = small_problem(seed, tasks=4)
    method = Nsga2(population=20)
    runs = [
        front(problem, method, objectives=("makespan", name), stop=Evaluations(600), rng=2)
        for _ in range(2)
    ]
    found, exact = runs[0], naive_front(problem, name)
    assert found.points.tolist() == runs[1].points.tolist()
    assert found.evaluations >= 600 - 20
    for point, assignment in zip(found.points, found.assignments, strict=True):
        assert tuple(point) == pytest.approx(objectives_of(problem, assignment, name))
    corner = exact.max(axis=0) + 0.1 * np.ptp(exact, axis=0) + 1e-3
    assert found.hypervolume(corner) >= 0.9 * hypervolume(exact, corner)


def test_it_ends_where_all_assignments_are_known():
    tiny = Problem(np.array([[1.0, 2.0], [2.0, 3.0]]), active_power=np.array([1.0, 2.0]))
    found = front(tiny, Nsga2(), stop=Iterations(50), rng=1)
    assert found.status == "finished"
    assert found.points == pytest.approx(naive_front(tiny, "energy"))
