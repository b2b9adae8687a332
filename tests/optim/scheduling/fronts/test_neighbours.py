"""Pareto local search against enumeration of all neighbours."""

from itertools import combinations

import numpy as np
import pytest
from front_problems import small_problem
from naive.front import naive_front, objectives_of

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.exact import Exact
from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.hypervolume import hypervolume
from edgeopt.optim.scheduling.fronts.neighbours import _neighbours, explore


def archive_of(seed, tasks=5):
    """Return an archive with one schedule: all tasks where they add least."""
    problem, name = small_problem(seed, tasks=tasks)
    archive = Archive(problem, goal_of(problem, ("makespan", name)), deadline_bound(problem))
    assert archive.offer(archive.goal.pairs.argmin(axis=1))
    return archive, name


def all_neighbours(problem, start):
    """Yield every legal assignment that differs by a shift or a swap."""
    changes = [{i: j} for i in range(problem.tasks) for j in range(problem.nodes) if j != start[i]]
    pairs = combinations(range(problem.tasks), 2)
    changes += [{i: start[j], j: start[i]} for i, j in pairs if start[i] != start[j]]
    for change in changes:
        assignment = start.copy()
        for task, node in change.items():
            assignment[task] = node
        if problem.fits(assignment):
            yield assignment


@pytest.mark.parametrize("seed", [0, 2, 6, 8, 12])  # all nodes start at 0, no memory
def test_objectives_of_neighbours_are_exact(seed):
    archive, name = archive_of(seed)
    start = archive.assignments[0]
    found = sorted(
        (float(makespan), float(value))
        for part in _neighbours(archive, start)
        for makespan, value in zip(part.makespans, part.values, strict=True)
    )
    expected = sorted(
        objectives_of(archive.problem, assignment, name)
        for assignment in all_neighbours(archive.problem, start)
    )
    assert np.array(found) == pytest.approx(np.array(expected))


def test_the_neighbours_that_add_most_join_the_front():
    archive, name = archive_of(0, tasks=4)
    start, corner = archive.assignments[0], np.array([archive.makespans[0], 1e3])
    points = [
        objectives_of(archive.problem, each, name)
        for each in all_neighbours(archive.problem, start)
    ]
    explore(archive, 0)
    found = np.column_stack([archive.makespans, archive.values])
    assert hypervolume(found, corner) >= 0.9 * hypervolume(np.array(points), corner) > 0.0


def test_a_program_on_some_pairs_improves_and_proves_only_what_it_may():
    archive, name = archive_of(0)
    deadline, best = naive_front(archive.problem, name)[0]  # of the shortest schedule
    deadline *= 1 + 1e-6
    exact = Exact(archive, 0.0, np.random.default_rng(1))
    pairs = np.ones(archive.goal.pairs.shape, dtype=bool)
    exact.improve(deadline, pairs, 1e9, proves=False)
    assert archive.value_within(deadline) == pytest.approx(best)
    assert not archive.lines
    exact.improve(deadline, pairs, 1e9, proves=True)
    (line,) = archive.lines
    assert line == pytest.approx((best, 0.0, deadline))
