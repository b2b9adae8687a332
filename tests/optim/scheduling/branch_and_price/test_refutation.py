"""Prices, pairs and trees never refute a schedule that exists."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import all_assignments, exact_optimum
from naive.knapsack import best_set
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling.bounds.rounding import makespan_unit, next_makespan
from edgeopt.optim.scheduling.branch_and_price import prices as prices_module
from edgeopt.optim.scheduling.branch_and_price.fixing import _exact, _split, refuted_pairs
from edgeopt.optim.scheduling.branch_and_price.prices import (
    Prices,
    evaluate,
    improve,
    lp_prices,
    no_columns,
    open_prices,
    scaled,
)
from edgeopt.optim.scheduling.branch_and_price.tree import plant, visit
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

SMALL = {"max_tasks": 5, "max_nodes": 3}


def whole_of(problem, deadline):
    return whole_problem(problem, deadline, makespan_unit(problem))


def schedules_within(problem, deadline):
    """Assignments that fit and end within the deadline, without rounding."""
    for assignment in map(list, all_assignments(problem)):
        if problem.fits(assignment):
            ends = [Fraction(0)] * problem.nodes
            for task, node in enumerate(assignment):
                ready = problem.ready[node] if problem.ready is not None else 0.0
                ends[node] = (ends[node] or Fraction(ready)) + Fraction(problem.matrix[task, node])
            if max(ends) <= Fraction(deadline):
                yield assignment


@settings(max_examples=60, deadline=None)
@given(st.one_of(wild_problems(max_tasks=5), problems_with_forbidden_pairs(**SMALL)))
def test_schedules_within_the_deadline_are_legal_in_whole_numbers(problem):
    best = exact_optimum(problem)
    for factor in (1.0, 1.3) if best is not None else ():
        deadline = float(best) * factor * (1 + 1e-15)
        whole = whole_of(problem, deadline)
        for assignment in schedules_within(problem, deadline):
            alive = np.zeros(whole.times.shape, dtype=bool)
            alive[assignment, np.arange(problem.tasks)] = True
            left = propagate(whole, alive)
            assert left.is_possible
            assert not left.free.any()


@settings(max_examples=60, deadline=None)
@given(problems_with_forbidden_pairs(**SMALL), st.integers(0, 2**32 - 1))
def test_no_pair_of_a_schedule_is_refuted(problem, seed):
    best, rng = exact_optimum(problem), np.random.default_rng(seed)
    for factor in (1.0, 1.3) if best is not None else ():
        deadline = float(best) * factor * (1 + 1e-15)
        whole = whole_of(problem, deadline)
        left = propagate(whole, whole.alive)
        if not left.free.any():
            continue
        task = rng.exponential(1.0, problem.tasks)
        prices = scaled(Prices(task, rng.exponential(0.1, problem.nodes)), left)
        worth, _ = evaluate(whole, left, prices)
        assert worth.spare <= 0.0
        refuted = refuted_pairs(whole, left, prices, worth)
        for assignment in schedules_within(problem, deadline):
            assert not refuted[assignment, np.arange(problem.tasks)].any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_the_best_set_with_each_item(seed, n):
    rng = np.random.default_rng(seed)
    profit, weight = rng.integers(-2, 9, n).astype(float), rng.integers(0, 6, n).astype(float)
    capacity = int(rng.integers(weight.max(), 20))
    exact, split = _exact(profit, weight, capacity), _split(profit, weight, float(capacity))
    for i in range(n):
        others = np.arange(n) != i
        rest = capacity - weight[i]
        assert exact[i] == profit[i] + best_set(profit[others], weight[others], rest)
        assert split[i] >= exact[i] - 1e-9


@settings(max_examples=40, deadline=None)
@given(problems_with_forbidden_pairs(**SMALL))
def test_a_tree_is_refuted_or_finds_a_schedule(problem):
    best = exact_optimum(problem)
    if not best:  # none, or 0
        return
    for factor in (0.7, 0.99, 1.0, 1.2):
        deadline = float(best) * factor
        whole = whole_of(problem, deadline)
        tree = plant(whole, lp_prices(problem, whole), no_columns(problem))
        while tree.open and tree.found is None:
            visit(tree)
        assert tree.is_refuted == (factor < 1.0)
        if tree.found is not None:
            assert problem.makespan(tree.found) <= deadline * (1 + 1e-9)


def test_prices_prove_more_than_the_linear_program():
    problem = load_problem("rcmax:machines:40x8:seed=1")
    whole = whole_of(problem, 183.0)  # the optimum is 184 s
    left = propagate(whole, whole.alive)
    equal = Prices(np.ones(problem.tasks), np.zeros(problem.nodes))
    search = open_prices(whole, left, equal, no_columns(problem))
    first = search.worth.spare
    while not search.converged and search.worth.spare <= 0.0:
        improve(search)
    assert first < 0.0 < search.worth.spare


@pytest.mark.parametrize(("tasks", "seed"), [(40, 1), (320, 2)])
def test_the_search_ends_where_columns_of_all_nodes_run_all_tasks(tasks, seed):
    """Within a deadline that a schedule meets no prices spare anything; interior points, too."""
    problem = load_problem(f"rcmax:u_1_100:{tasks}x8:seed={seed}")
    whole = whole_of(problem, problem.makespan(min_min(problem, np.random.default_rng(1))))
    left = propagate(whole, whole.alive)
    search = open_prices(whole, left, lp_prices(problem, whole), no_columns(problem))
    while not search.converged:
        improve(search)
        assert search.worth.spare <= 0.0
    assert search.iterations < 60


def test_interior_points_refute_as_vertices_do(monkeypatch):
    problem = load_problem("rcmax:machines:40x8:seed=1")
    whole = whole_of(problem, 183.0)  # the optimum is 184 s
    left = propagate(whole, whole.alive)
    monkeypatch.setattr(prices_module, "_SIMPLEX_TASKS", 0)
    search = open_prices(whole, left, lp_prices(problem, whole), no_columns(problem))
    while not search.converged and search.worth.spare <= 0.0:
        improve(search)
    assert search.worth.spare > 0.0
    again, _ = evaluate(whole, left, search.prices)
    assert again.spare == search.worth.spare


@pytest.mark.parametrize(
    ("times", "deadline", "bound"),
    [([[2.0, 4.0]], 4.0, 6.0), ([[0.3, 0.9]], 0.6, 0.9), ([[np.pi, 1.0]], 2.0, 2.0)],
)
def test_the_next_makespan_is_the_next_multiple(times, deadline, bound):
    assert next_makespan(Problem(times), deadline) == pytest.approx(bound, rel=1e-12)
