"""Bounds where nodes cannot run some tasks: valid, finite, and those of the allowed pairs alone."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import all_assignments, optimum
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.bounds.knapsack_bound import (
    improve_prices,
    knapsack_bound,
    open_bundle,
    useful_pairs_of,
)
from edgeopt.optim.scheduling.bounds.lagrangian import (
    Multipliers,
    ascend,
    lagrangian_bound,
    lagrangian_value,
)
from edgeopt.optim.scheduling.bounds.lp import solve_relaxation
from edgeopt.optim.scheduling.bounds.quick_bounds import (
    combinatorial_bound,
    lower_bound,
    lp_bound,
)
from edgeopt.optim.scheduling.bounds.rounding import time_units
from edgeopt.optim.scheduling.heuristics.lp_rounding import lp_rounding
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.problem import Problem

INF = np.inf
# Tasks 0 and 1 run on node 0 only; node 2 runs nothing.
BY_HAND = Problem([[3.0, INF, INF], [2.0, INF, INF], [1.0, 4.0, INF]])


def test_by_hand():
    # The longest best time is 3; all best times, 6, are shared by two nodes.
    assert combinatorial_bound(BY_HAND) == pytest.approx(3.0)
    # The LP splits task 2: 5 + x = 4 (1 - x) has no solution x >= 0, so node 0 has 5.
    vertex = solve_relaxation(BY_HAND)
    assert vertex.makespan == pytest.approx(5.0)
    np.testing.assert_allclose(vertex.multipliers.u, [1.0, 0.0, 0.0], atol=1e-12)
    assert lp_bound(BY_HAND) == pytest.approx(5.0)
    assert lower_bound(BY_HAND) == pytest.approx(5.0)
    assert knapsack_bound(BY_HAND, 1.0) == pytest.approx(5.0)
    assert time_units(BY_HAND).tolist() == [1.0, 4.0, 0.0]
    # Of shared work: 8 s on the two nodes that run anything.
    shared = Problem([[2.0, INF, 2.0]] * 4)
    assert combinatorial_bound(shared) == pytest.approx(4.0)


def test_prices_of_zero_on_a_forbidden_pair():
    # 0 times infinity is no number, and no cost either.
    assert lagrangian_bound(BY_HAND, Multipliers(np.array([1.0, 0, 0]), np.zeros(3))) > 4.9
    # At u = (0, 1, 0) tasks 0 to 2 cost nothing on node 0.
    assert lagrangian_bound(BY_HAND, Multipliers(np.array([0, 1.0, 0]), np.zeros(3))) == 0.0


@given(problems_with_forbidden_pairs(max_tasks=6, max_nodes=3))
@settings(max_examples=100)
def test_every_bound_holds(problem):
    best = optimum(problem)
    assert best is not None  # the checks of memory know the pairs
    rng = np.random.default_rng(problem.tasks)
    priced = (
        ascend(problem),
        Multipliers(rng.dirichlet(np.ones(problem.nodes)), np.zeros(problem.nodes)),
    )
    bounds = [combinatorial_bound(problem), lp_bound(problem), lower_bound(problem)]
    bounds += [lagrangian_bound(problem, prices) for prices in priced]
    bundle = open_bundle(problem)
    for _ in itertools.takewhile(lambda _: not bundle.converged, range(30)):
        improve_prices(bundle)
    assert bundle.bound >= lower_bound(problem)
    assert all(0.0 <= bound <= best * (1 + 1e-11) for bound in [*bounds, bundle.bound])
    useful = useful_pairs_of(bundle, best)
    assert not (useful & ~np.isfinite(problem.matrix)).any()
    for assignment in map(np.array, all_assignments(problem)):
        if problem.fits(assignment) and problem.makespan(assignment) <= best:
            assert useful[np.arange(problem.tasks), assignment].all()


@given(problems_with_forbidden_pairs(max_tasks=7, max_nodes=4))
@settings(max_examples=100)
def test_the_relaxation_is_that_of_the_allowed_pairs(problem):
    vertex = solve_relaxation(problem)
    assert np.isfinite(problem.matrix[vertex.task, vertex.node]).all()
    np.testing.assert_allclose(np.bincount(vertex.task, vertex.share, problem.tasks), 1.0)
    times = vertex.share * problem.matrix[vertex.task, vertex.node]
    loads = np.bincount(vertex.node, times, problem.nodes)
    assert loads.max() <= vertex.makespan * (1 + 1e-7) + 1e-9
    proved = lagrangian_value(problem, vertex.multipliers)
    assert proved == pytest.approx(vertex.makespan, rel=1e-7, abs=1e-9)


@given(problems_with_forbidden_pairs(max_tasks=7, max_nodes=3, memory=False, ready=False))
@settings(max_examples=50)
def test_rounding_keeps_its_guarantee(problem):
    rounded = lp_rounding(problem, np.random.default_rng(0))
    assert problem.runs(rounded).all()
    assert problem.makespan(rounded) <= 2 * optimum(problem) * (1 + 1e-9)


@given(problems_with_forbidden_pairs(max_tasks=6, max_nodes=3))
@settings(max_examples=40)
def test_the_exact_solver_is_exact(problem):
    result = solve(problem, MILP(bound_iterations=5), stop=Iterations(20), rng=1)
    assert result.status == "optimal"
    assert result.makespan == pytest.approx(optimum(problem), rel=1e-9)
    assert problem.fits(result.assignment)
