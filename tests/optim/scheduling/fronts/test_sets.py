"""The LP over sets of tasks against enumeration: of all sets, and of all schedules."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from front_problems import small_problem
from naive.front import all_points
from scipy.optimize import linprog

from edgeopt.optim.scheduling.fronts.goal import goal_of
from edgeopt.optim.scheduling.fronts.set_program import combine
from edgeopt.optim.scheduling.fronts.sets import SetLP
from edgeopt.problems.scheduling.problem import Problem

CLOSE = 1e-7

WITHOUT_MEMORY = [0, 2, 3, 5, 6, 8, 9, 11, 14, 15, 18, 20]


def opened(seed, tasks=5):
    """Return a problem, its objective's name and goal, and the LP."""
    problem, name = small_problem(seed, tasks=tasks)
    goal = goal_of(problem, ("makespan", name))
    return problem, name, goal, SetLP(problem, goal)


def naive_value(problem, goal, deadline):
    """Return the least value of the LP over all sets, without what the makespan adds."""
    ready = np.zeros(problem.nodes) if problem.ready is None else problem.ready
    costs, rows = [], []
    for node in range(problem.nodes):
        for size in range(problem.tasks + 1):
            for tasks in map(list, combinations(range(problem.tasks), size)):
                end = ready[node] + problem.matrix[tasks, node].sum()
                if not tasks or end <= deadline:
                    chosen = np.zeros(problem.tasks + problem.nodes)
                    chosen[tasks] = 1.0
                    chosen[problem.tasks + node] = 1.0
                    rows.append(chosen)
                    costs.append(goal.pairs[tasks, node].sum())
    matrix = np.array(rows).T
    found = linprog(
        costs, A_eq=matrix[: problem.tasks], b_eq=np.ones(problem.tasks),
        A_ub=matrix[problem.tasks :], b_ub=np.ones(problem.nodes),
    )  # fmt: skip
    return found.fun + goal.constant if found.success else np.inf


@pytest.mark.parametrize("seed", WITHOUT_MEMORY)
def test_the_best_prices_prove_the_value_of_the_lp(seed):
    problem, name, goal, sets = opened(seed, tasks=4)
    points = all_points(problem, name)
    for share in (0.0, 0.1, 0.4, 0.8):
        deadline = float(np.quantile(points[:, 0], share))
        start = sets.evaluate(np.zeros(problem.tasks), deadline, keep=True)
        bound = sets.improve(start, np.inf, CLOSE, 1.0)
        assert sets.base + sets.unit * bound.value == pytest.approx(
            naive_value(problem, goal, deadline), rel=1e-4
        )
        assert bound.reached == pytest.approx(bound.value, rel=1e-4, abs=1e-5)
        # No schedule is below, whatever the prices are.
        within = points[points[:, 0] <= deadline]
        for scale in (0.3, 1.0, 2.0):
            proved = sets.evaluate(scale * bound.prices, deadline)
            intercept, slope = sets.line(proved)
            assert (within[:, 1] >= intercept + slope * within[:, 0]).all()


@pytest.mark.parametrize("seed", range(12))
def test_bounds_hold_in_exact_arithmetic_over_wild_scales(seed):
    rng = np.random.default_rng(seed)
    times = rng.random((4, 3)) * 10.0 ** rng.integers(-3, 4, (4, 3)) * 10.0 ** rng.integers(-9, 9)
    cost = rng.random((4, 3)) * 10.0 ** rng.integers(-3, 4, (4, 3)) * 10.0 ** rng.integers(-9, 9)
    problem = Problem(times, cost=cost)
    sets = SetLP(problem, goal_of(problem, ("makespan", "cost")))
    points = []
    for assignment in np.ndindex(3, 3, 3, 3):
        loads = [Fraction(0)] * 3
        for task, node in enumerate(assignment):
            loads[node] += Fraction(float(times[task, node]))
        value = sum(Fraction(float(cost[each])) for each in enumerate(assignment))
        points.append((max(loads), value))
    for deadline in sorted({float(makespan) for makespan, _ in points})[::16]:
        within = [value for makespan, value in points if makespan <= Fraction(deadline)]
        start = sets.evaluate(rng.random(4), deadline, keep=True)
        for bound in (start, sets.improve(start, 1e9, CLOSE, 0.05)):
            intercept, slope = sets.line(bound)
            assert slope == 0.0
            assert all(Fraction(intercept) <= value for value in within)


def test_before_the_shortest_schedule_bounds_rise_without_end():
    problem, name, _, sets = opened(0)
    deadline = 0.9 * all_points(problem, name)[:, 0].min()
    start = sets.evaluate(np.zeros(problem.tasks), deadline, keep=True)
    bound = sets.improve(start, 1e6, CLOSE, 1.0)
    assert bound.value >= 1e6
    assert bound.reached == np.inf


@pytest.mark.parametrize("seed", WITHOUT_MEMORY[:6])
def test_a_schedule_is_put_together_from_sets(seed):
    problem, name, goal, sets = opened(seed)
    points = all_points(problem, name)
    deadline = float(np.quantile(points[:, 0], 0.2))
    every = np.array(list(np.ndindex(*[problem.nodes] * problem.tasks)))
    for assignment in every:
        sets.add(assignment == np.arange(problem.nodes)[:, None], deadline)
    bound = sets.improve(sets.evaluate(np.zeros(problem.tasks), deadline), np.inf, CLOSE, 1.0)
    found, _ = combine(sets, bound, np.inf, 0.0, np.inf, 1)
    assert problem.makespan(found) <= deadline * (1 + 1e-9)
    # of least value but for what the makespan adds
    costs = goal.pairs[np.arange(problem.tasks), every].sum(axis=1)
    ends = np.array([problem.makespan(assignment) for assignment in every])
    chosen = goal.pairs[np.arange(problem.tasks), found].sum()
    assert chosen == pytest.approx(costs[ends <= deadline].min())


def test_where_the_lp_splits_sets_highs_chooses():
    # Three equal tasks on two equal nodes: by half the deadline of all, the LP splits sets.
    problem = Problem(np.ones((3, 2)), cost=np.array([[0.0, 1.0]] * 3))
    goal = goal_of(problem, ("makespan", "cost"))
    sets = SetLP(problem, goal)
    bound = sets.improve(sets.evaluate(np.zeros(3), 2.0, keep=True), np.inf, CLOSE, 1.0)
    assert bound.value * sets.unit + sets.base == pytest.approx(1.0)
    for taken in ([[1, 1, 0], [0, 0, 1]], [[0, 1, 1], [1, 0, 0]], [[1, 0, 1], [0, 1, 0]]):
        sets.add(np.array(taken, dtype=bool), 2.0)
    halves = np.where([len(tasks) == 2 for tasks in sets.pool.tasks], 0.5, 0.0)
    split = bound._replace(shares=halves)
    found, _ = combine(sets, split, np.inf, 0.0, np.inf, 1)
    assert sorted(found.tolist()) == [0, 0, 1]
    for tasks in np.ndindex(2, 2, 2):
        sets.add(np.array([tasks] * 2, dtype=bool), 2.0)
    crowded = bound._replace(shares=np.full(len(sets.pool.tasks), 0.1))
    assert combine(sets, crowded, np.inf, 0.0, np.inf, 1) == (None, 0)


def test_sets_that_cost_most_are_dropped_first():
    problem, _, _, sets = opened(0)
    taken = np.array(list(np.ndindex(2, 2, 2, 2, 2)), dtype=bool)
    for tasks in taken:
        sets.add(np.tile(tasks, (problem.nodes, 1)), 100.0)
    count = len(sets.pool.end)
    bound = sets.improve(sets.evaluate(np.zeros(5), 4.0, keep=True), np.inf, CLOSE, 1.0)
    before = bound.value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgeopt.optim.scheduling.fronts.sets._MOST_SETS", 4)
        again = sets.improve(sets.evaluate(bound.prices, 4.0), np.inf, CLOSE, 1.0)
    assert len(sets.pool.end) < count
    assert again.value == pytest.approx(before)
