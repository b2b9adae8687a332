"""No bound of any kind is above any schedule, not by the last bit."""

import itertools

import numpy as np
from hypothesis import example, given, settings
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds.knapsack_bound import improve_prices, open_bundle
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers, lagrangian_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import (
    combinatorial_bound,
    lower_bound,
    lp_bound,
    nearest_bound,
)
from edgeopt.optim.scheduling.bounds.rounding import next_makespan, rounded_down, sum_rounding
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.integer_program import build_integer_program, solve_program
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations, settled_bound
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

QUICK = MILP(bound_iterations=5)
MET = Problem(UniformTimes([3.0, 7.0, 7.0, 2.0, 5.0, 1.0], [4.0, 1.0]))  # 5 s by hand


def small(whole):
    return scheduling_problems(max_tasks=4, max_nodes=3, whole=whole)


def cheap_bounds(problem):
    equal = Multipliers(np.full(problem.nodes, 1 / problem.nodes), np.zeros(problem.nodes))
    return {
        "combinatorial": combinatorial_bound(problem),
        "lp": lp_bound(problem),
        "lifted": lower_bound(problem),
        "lagrangian": lagrangian_bound(problem, equal),
    }


def check_cheap_bounds(problem):
    best = optimum(problem)
    for name, bound in cheap_bounds(problem).items():
        assert 0.0 <= bound <= best, name


@given(small(whole=True))
@settings(max_examples=120)
@example(MET)
def test_cheap_bounds(problem):
    check_cheap_bounds(problem)


@given(small(whole=False))
@settings(max_examples=120)
def test_cheap_bounds_with_real_times(problem):
    check_cheap_bounds(problem)


@given(small(whole=True))
@settings(max_examples=80)
@example(MET)
def test_knapsack_bound(problem):
    best, bundle = optimum(problem), open_bundle(problem)
    for _ in itertools.takewhile(lambda _: not bundle.converged, range(20)):
        assert bundle.bound <= best
        improve_prices(bundle)
    assert bundle.bound <= best


@given(small(whole=False))
@settings(max_examples=80)
@example(MET)
def test_what_highs_proves(problem):
    pairs = np.ones((problem.tasks, problem.nodes), dtype=bool)
    answer = solve_program(build_integer_program(problem, pairs), None)
    assert answer.ended
    assert answer.bound <= optimum(problem)


@given(small(whole=True))
@settings(max_examples=80)
@example(MET)
def test_a_result_never_has_a_bound_above_its_makespan(problem):
    for solver, iterations in ((lpt, 1), (QUICK, 50)):
        result = solve(problem, solver, stop=Iterations(iterations), rng=0)
        assert result.lower_bound <= result.makespan
        assert result.gap >= 0.0
    assert result.status == "optimal"
    assert result.lower_bound == result.makespan


def test_the_last_bit_by_hand():
    assert optimum(MET) == 5.0
    assert nearest_bound(MET) > 5.0 >= lower_bound(MET) > 5.0 * (1 - 1e-13)


def test_a_bound_is_rounded_down_where_nothing_is_lifted():
    problem = Problem([[2.0**0.5], [3.0**0.5]])  # without a unit
    assert nearest_bound(problem) == 2.0**0.5 + 3.0**0.5
    assert 0.0 < nearest_bound(problem) - lower_bound(problem) < 1e-14


def test_the_last_bit_of_a_result():
    assert solve(MET, QUICK, stop=Iterations(50), rng=0).lower_bound == 5.0


def test_what_lifting_proves_is_the_next_makespan_that_is_possible():
    problem = load_problem("paper:50x6:seed=1")
    assert nearest_bound(problem) > lp_bound(problem)
    assert 0.0 < lower_bound(problem) / nearest_bound(problem) - 1.0 < 2e-12
    best = solve(problem, Frontier(), stop=Iterations(20), rng=1)
    assert (best.status, best.gap < 1e-13) == ("optimal", True)


def test_rounding_down():
    assert rounded_down(1.0, 4) < 1.0 - 4 * 2.0**-52
    assert rounded_down(1.0, 4) > 1.0 - 16 * 2.0**-52
    assert rounded_down(1.0, 4, 8.0) < 1.0 - 32 * 2.0**-52
    assert rounded_down(0.0, 100) == rounded_down(5e-324, 1) == 0.0
    # Two roundings of a sum of 3 tasks on 2 nodes, and eight more operations.
    assert sum_rounding(Problem([[1.0, 2.0]] * 3)) == 4 * 13 * 2.0**-52


def test_the_next_makespan_by_hand():
    even = Problem([[2.0, 4.0], [6.0, 8.0]])
    assert [next_makespan(even, deadline) for deadline in (0.0, 5.0, 6.0)] == [2.0, 6.0, 8.0]
    assert next_makespan(Problem([[2.0, 4.0]], ready=[0.0, 3.0]), 5.0) == 6.0
    tenths = next_makespan(Problem([[0.2, 0.6]]), 0.3)
    assert 0.4 * (1 - 1e-14) < tenths < 0.4
    # 63 + 8 + 39 in floats, but 6.3 / 0.1 is less than 63
    quotients = next_makespan(Problem(UniformTimes([6.3, 0.8, 3.9], [0.1])), 109.0)
    assert 110.0 * (1 - 1e-14) < quotients < 110.0 * (1 - 1e-16)
    assert next_makespan(Problem([[2.0, 2.0**0.5]]), 5.0) == 5.0
    assert next_makespan(even, 2e12) == 2e12  # rounding may hide a unit


def test_a_bound_within_rounding_of_a_makespan_is_that_makespan():
    assert settled_bound(5.0 + 1e-15, 5.0) == settled_bound(5.0 * (1 + 1e-10), 5.0) == 5.0
    assert settled_bound(4.0, 5.0) == 4.0
    assert settled_bound(5.1, 5.0) == 5.1
    assert settled_bound(3.0, np.inf) == 3.0
