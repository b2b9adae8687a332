"""The front of `FrontSearch`: close to the exact one, with bounds that hold for all schedules."""

from dataclasses import replace

import numpy as np
import pytest
from front_problems import small_problem
from naive.front import all_points, naive_front, objectives_of

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.hypervolume import hypervolume
from edgeopt.optim.scheduling.fronts.prices import DeadlineLP
from edgeopt.optim.scheduling.fronts.solve_front import front
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.problem import Problem


@pytest.mark.parametrize("seed", range(8))
def test_small_fronts_are_nearly_exact(seed):
    problem, name = small_problem(seed)
    found = front(problem, objectives=("makespan", name), stop=Iterations(14), rng=1)
    exact = naive_front(problem, name)
    corner = exact.max(axis=0) + 0.1 * np.ptp(exact, axis=0) + 1e-3
    assert found.hypervolume(corner) >= 0.99 * hypervolume(exact, corner)
    for (makespan, value), assignment in zip(found.points, found.assignments, strict=True):
        assert (makespan, value) == pytest.approx(objectives_of(problem, assignment, name))
        assert problem.fits(assignment)
    assert (np.diff(found.points[:, 0]) > 0).all()
    assert (np.diff(found.points[:, 1]) < 0).all()
    assert found.hypervolume_bound(corner) >= hypervolume(exact, corner)


@pytest.mark.parametrize("seed", range(12))
def test_the_lines_of_an_lp_bound_all_schedules(seed):
    problem, name = small_problem(seed, tasks=4)
    goal, points = goal_of(problem, ("makespan", name)), all_points(problem, name)
    program = DeadlineLP(problem, goal, deadline_bound(problem))
    for deadline in [np.inf, *np.quantile(points[:, 0], [0.0, 0.1, 0.5])]:
        prices = program.solve(deadline)
        for scale in (0.5, 1.0, 3.0):  # any prices do
            scaled = prices._replace(u=scale * prices.u, v=scale * prices.v)
            intercept, slope = program.line(scaled)
            assert (points[:, 1] >= intercept + slope * points[:, 0]).all()
    # at its own deadline, the line is the LP's optimum, which no rounding takes far away
    assert program.line(prices)[0] > -np.inf


def test_the_archive_keeps_what_is_not_dominated():
    problem, name = small_problem(0)
    archive = Archive(problem, goal_of(problem, ("makespan", name)), 0.0)
    rng = np.random.default_rng(1)
    tried = [rng.integers(0, problem.nodes, problem.tasks) for _ in range(60)]
    for assignment in tried:
        archive.offer(assignment)
    points = sorted(objectives_of(problem, each, name) for each in tried)
    kept = []
    for makespan, value in points:
        if not kept or value < kept[-1][1]:
            kept.append((makespan, value))
    found = np.column_stack([archive.makespans, archive.values])
    assert found == pytest.approx(np.array(kept))
    assert not archive.offer(np.full(problem.tasks, -1))
    assert not archive.offer(archive.assignments[0])
    assert archive.within(archive.makespans[1]) is archive.assignments[1]
    assert archive.within(0.0) is None


def test_equal_seeds_give_equal_bits():
    problem, _ = small_problem(8, tasks=8)
    runs = [front(problem, stop=Iterations(8), rng=3) for _ in range(2)]
    assert runs[0].points.tolist() == runs[1].points.tolist()
    assert runs[0].evaluations == runs[1].evaluations
    assert runs[0].assignments.tolist() == runs[1].assignments.tolist()
    assert runs[0].seed == 3


def test_one_node_has_one_schedule():
    problem = replace(small_problem(0, nodes=1)[0], ready=np.array([2.0]))
    found = front(problem, stop=Iterations(5), rng=1)
    assert (len(found), found.status.value) == (1, "finished")


def test_a_front_is_drawn_above_its_bounds():
    problem, name = small_problem(0)
    ax = front(problem, objectives=("makespan", name), stop=Iterations(4), rng=1).plot(label="f")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("makespan (s)", "energy (J)")
    assert ax.get_lines()[0].get_label() == "f"


def test_a_task_that_is_longer_than_the_makespan_of_the_lp_hides_no_cheaper_schedule():
    others = np.random.default_rng(3).uniform(1, 4, (7, 3))
    problem = Problem(
        np.vstack([[[20.0, 21.0, 22.0]], others]),
        active_power=np.array([3.0, 4.0, 5.0]),
        idle_power=np.full(3, 0.5),
    )
    exact = front(problem, "epsilon", rng=1)
    found = front(problem, "frontier", stop=Iterations(150), rng=1)
    assert found.points[0].tolist() == exact.points[0].tolist()
    assert found.hypervolume(exact.reference) >= 0.75 * exact.hypervolume(exact.reference)
