"""Trees at the prices of linear programs, against all schedules and another solver's programs."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import exact_optimum
from scipy.optimize import linprog
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.branch_and_price import lp_tree as module
from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.branch_and_price.lp_tree import longest_tasks, plant_lp, visit_lp
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.run_time import within
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

LUMPY = load_problem("devices:all:70x8:seed=1")
"""Few tasks are most of the work."""


def decided(problem, deadline, visits=5000):
    """Return the tree of a deadline once nothing is open, or it has found a schedule."""
    search = plant_lp(problem, whole_problem(problem, deadline, 0.0))
    while search.tree.open and search.tree.found is None:
        visit_lp(search)
        assert search.tree.visited <= visits
    return search


def certificate_of(problem, tree):
    whole = tree.whole
    assert all(tree.proof)
    return Certificate(
        problem.digest, whole.deadline, whole.unit, whole.memory_unit, tuple(tree.proof)
    )


def least_stretch(whole, alive):
    """The factor of the docstring, by SciPy."""
    (x, k), pairs = alive.shape, np.argwhere(alive)
    tasks, ends = np.zeros((k, len(pairs) + 1)), np.zeros((2 * x, len(pairs) + 1))
    sizes = max(whole.capacity.max(), 1.0), max(whole.room.max(), 1.0)
    for column, (j, i) in enumerate(pairs):
        tasks[i, column] = 1.0
        ends[j, column] = whole.times[j, i] / sizes[0]
        ends[x + j, column] = whole.memory[i] / sizes[1]
    ends[:x, -1] = -np.maximum(whole.capacity, 0.0) / sizes[0]
    ends[x:, -1] = -whole.room / sizes[1]
    answer = linprog(np.append(np.zeros(len(pairs)), 1.0), ends, np.zeros(2 * x), tasks, np.ones(k))
    assert answer.status == 0
    return answer.fun


PROBLEMS = st.one_of(
    problems_with_forbidden_pairs(max_tasks=6, max_nodes=3),
    problems_with_forbidden_pairs(max_tasks=6, max_nodes=3, whole=False),
)


@settings(max_examples=80, deadline=None)
@given(PROBLEMS, st.floats(0.3, 1.5))
def test_the_stretch_is_least_and_its_prices_refute(problem, factor):
    best = exact_optimum(problem)
    whole = whole_problem(problem, factor * float(best or 9), 0.0)
    left = propagate(whole, whole.alive)
    if not left.is_possible or not left.free.any():
        return
    answer = module._StretchLP(whole).solve(left)
    assert answer.stretch == pytest.approx(least_stretch(whole, left.alive), rel=1e-6, abs=1e-9)
    assert answer.share.sum(axis=0) == pytest.approx(np.ones(problem.tasks))
    assert (answer.share[~left.alive] == 0.0).all()
    spare = module._evaluated(whole, left, answer.prices).spare
    assert spare > 0.0 or answer.stretch < 1 + 1e-6


@settings(max_examples=100, deadline=None)
@given(st.one_of(PROBLEMS, wild_problems(max_tasks=6)), st.floats(0.5, 1.3))
def test_a_tree_finds_a_schedule_or_leaves_a_certificate(problem, factor):
    best = exact_optimum(problem)
    deadline = factor * float(best or 9)
    if not 0.0 < deadline < 1e300:
        return
    tree = decided(problem, deadline).tree
    rounded = 1 + Fraction(1, 10**9)
    if tree.is_refuted:
        assert best is None or Fraction(deadline) < best * rounded
        proved = check_certificate(problem, certificate_of(problem, tree))
        assert proved >= deadline
    else:
        assert Fraction(problem.makespan(tree.found)) <= Fraction(deadline) * rounded
        assert best is None or best <= Fraction(deadline) * rounded


def test_long_tasks_refute_what_columns_in_parts_do_not():
    bound = deadline_bound(LUMPY)
    search = decided(LUMPY, 1.007 * bound)
    assert search.tree.is_refuted
    proved = check_certificate(LUMPY, certificate_of(LUMPY, search.tree))
    assert proved == 1.007 * bound


def test_the_places_are_those_of_the_longest_tasks_where_capacities_grow_least():
    whole = whole_problem(LUMPY, 1.009 * deadline_bound(LUMPY), 0.0)
    search, seen = plant_lp(LUMPY, whole), []
    longest = np.argsort(-LUMPY.matrix.min(axis=1), kind="stable")[:8]
    assert longest_tasks(search).tolist() == longest.tolist()
    for _ in range(150):
        before = search.stretch
        visit_lp(search)
        if search.stretch < before:
            seen.append(search.stretch)
            alive = whole.alive.copy()
            alive[:, longest] = False
            alive[search.places, longest] = True
            assert least_stretch(whole, alive) <= search.stretch * (1 + 1e-6)
    assert seen
    assert max(seen) < 1 + 1e-6


@pytest.mark.parametrize("memory", [None, np.arange(70.0)])
def test_the_longest_task_that_is_split_is_put_on_the_node_of_its_largest_part(memory):
    room = None if memory is None else np.full(8, 500.0)
    problem = Problem(LUMPY.matrix, memory, room)
    search = plant_lp(problem, whole_problem(problem, 1.009 * deadline_bound(LUMPY), 0.0))
    alive = search.tree.whole.alive
    visit_lp(search)
    branch = search.tree.proof[0]
    share = search.lp.solve(propagate(search.tree.whole, alive)).share
    split = np.minimum(1 - share.max(axis=0), 0.1 if memory is None else 0.5)
    weight = split * LUMPY.matrix.min(axis=1)
    assert weight[branch.task] == pytest.approx(weight.max(), rel=1e-6)
    assert share[branch.node, branch.task] == share[:, branch.task].max()
    off, on = search.tree.open
    assert (branch.off, branch.on) == (off.number, on.number) == (2, 1)
    assert np.flatnonzero(on.alive[:, branch.task]).tolist() == [branch.node]
    assert not off.alive[branch.node, branch.task]
    others = np.arange(70) != branch.task
    assert np.array_equal(on.alive[:, others], off.alive[:, others])


def test_a_tree_goes_on_after_the_time_was_up():
    search = plant_lp(LUMPY, whole_problem(LUMPY, 1.007 * deadline_bound(LUMPY), 0.0))
    visit_lp(search)
    opened, visited = len(search.tree.open), search.tree.visited
    with within(0.0):
        visit_lp(search)
    assert len(search.tree.open) == opened
    while search.tree.open:
        visit_lp(search)
    assert search.tree.is_refuted
    assert search.tree.visited > visited
    assert search.tree.work > 0.0
