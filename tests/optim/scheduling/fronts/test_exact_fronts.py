"""Exact fronts against enumeration."""

import numpy as np
import pytest
from front_problems import small_problem
from naive.front import all_points, naive_front

from edgeopt.optim.scheduling.fronts.exact import EpsilonConstraint
from edgeopt.optim.scheduling.fronts.solve_front import front
from edgeopt.optim.scheduling.stop import Iterations, Seconds
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


@pytest.mark.parametrize("seed", range(8))
def test_the_epsilon_constraint_finds_the_whole_front(seed):
    problem, name = small_problem(seed, tasks=4)
    found = front(problem, "epsilon", objectives=(name, "makespan"), stop=Seconds(600.0), rng=1)
    assert found.status == "finished"
    assert found.objectives == ("makespan", name)
    assert found.points == pytest.approx(naive_front(problem, name), rel=1e-9)
    _assert_bounds_hold(found, all_points(problem, name))
    # its bounds leave nothing open but what tolerances hide
    assert found.hypervolume() == pytest.approx(found.hypervolume_bound(), rel=1e-4)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_weighted_sums_find_the_convex_hull(seed):
    problem, name = small_problem(seed, tasks=4)
    found = front(problem, "weighted", objectives=("makespan", name), stop=Seconds(600.0), rng=1)
    points = all_points(problem, name)
    _assert_bounds_hold(found, points)
    span = np.ptp(naive_front(problem, name), axis=0)
    for share in np.linspace(0.01, 0.99, 25):
        weights = np.array([share, 1 - share]) / span
        least = (points @ weights).min()
        assert (found.points @ weights).min() == pytest.approx(least, rel=1e-6)


def test_some_points_of_a_front():
    problem, name = small_problem(0, tasks=6)
    few = front(problem, EpsilonConstraint(points=3), stop=Seconds(600.0), rng=1)
    assert few.iterations == 3
    exact = naive_front(problem, name)
    known = {tuple(point) for point in exact.round(9)}
    assert sum(tuple(point) in known for point in few.points.round(9)) >= 2
    _assert_bounds_hold(few, exact)


def test_whole_times_step_by_their_unit():
    times = np.array([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])
    problem = Problem(times, cost=np.array([[0.0, 5.0], [0.0, 1.0], [0.0, 3.0]]))
    found = front(problem, "epsilon", objectives=("makespan", "cost"), rng=1)
    assert found.points.tolist() == [[5.0, 3.0], [7.0, 1.0], [9.0, 0.0]]
    assert found.schedule(0).makespan == 5.0
    assert found.bound(6.0) == pytest.approx(3.0, rel=1e-6)
    assert found.hypervolume([10.0, 10.0]) == 5 * 7 + 3 * 2 + 1 * 1
    table = found.table()
    assert table.columns.tolist() == ["makespan", "cost", "assignment"]
    assert "3 schedules of makespans 5, 9 s by EpsilonConstraint: finished" in str(found)


@pytest.mark.parametrize(
    ("problem", "given", "message"),
    [
        (Problem([[1.0, 2.0]]), {}, "energy, or active_power"),
        (Problem([[1.0, 2.0]]), {"objectives": ("makespan", "cost")}, "must be stated"),
        (Problem([[1.0, 2.0]]), {"objectives": ("energy", "cost")}, "makespan and one of"),
        (small_problem(0)[0], {"method": "magic"}, "one of frontier, epsilon, weighted"),
        (small_problem(0)[0], {"method": 3}, "an object with search"),
        (small_problem(0)[0], {"stop": lambda progress: True}, "Seconds, Iterations"),
    ],
)
def test_bad_input_is_refused_before_any_work(problem, given, message):
    with pytest.raises(InputError, match=message):
        front(problem, **given)


def test_a_budget_of_iterations_ends_the_search():
    problem, name = small_problem(0)
    found = front(problem, "epsilon", objectives=("makespan", name), stop=Iterations(2), rng=1)
    assert (found.iterations, found.status) == (2, "iterations")


def test_programs_that_presolve_reduces_are_solved_to_the_end():
    # most tasks fit on their cheapest node: presolve fixes them, and their energy is a constant
    problem = load_problem("devices:all:16x6:power=2:idle=0:seed=1")
    found = front(problem, EpsilonConstraint(points=6), stop=Seconds(600.0), rng=1)
    other = front(problem, "frontier", stop=Iterations(30), rng=1)
    corner = np.maximum(found.reference, other.reference)
    assert len(found) > 4
    assert other.hypervolume(corner) <= found.hypervolume_bound(corner)


def _assert_bounds_hold(found, points):
    """Compare the bounds of a front with all schedules."""
    assert (points[:, 0] >= found.least * (1 - 1e-9)).all()
    for intercept, slope, end in found.lines:
        known = points[points[:, 0] <= end]
        assert (known[:, 1] >= intercept + slope * known[:, 0] - 1e-9).all()
