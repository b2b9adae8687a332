"""The deadline bound, and the best of all bounds: by hand, beyond the LP, and whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import exact_optimum
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.bounds.counting import counting_bound
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound, lp_end
from edgeopt.optim.scheduling.named_bounds import BOUNDS, best_bound
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

ROUNDED = 1 + 1e-12


def test_pairs_beyond_the_deadline_are_left_out():
    # The LP runs most of task 2 on node 0 for 1 s, where a part of it on node 1 would cost 90 s.
    problem = Problem([[6.0, 7.0], [7.0, 6.0], [1.0, 90.0]])
    assert deadline_bound(problem) == 7.0


def test_it_is_far_above_the_lp_where_nodes_differ():
    problem = load_problem("rcmax:machines:50x25:seed=1")
    assert round(lower_bound(problem)) == 57
    assert (deadline_bound(problem), best_bound(problem, 300.0)) == (77.0, 77.0)


@settings(max_examples=60, deadline=None)
@given(problems_with_forbidden_pairs(max_tasks=6, max_nodes=3))
def test_bounds_of_whole_times_are_whole(problem):
    best, deadline = exact_optimum(problem), deadline_bound(problem)
    if best is None or (problem.matrix[np.isfinite(problem.matrix)] % 1).any():
        return
    assert deadline % 1 == 0
    assert max(lower_bound(problem), counting_bound(problem)) <= deadline <= best


def test_counting_by_hand():
    # Within 6 s both nodes run two tasks each, within 7 s one runs three.
    times = np.array([[2.0, 3.0], [2.0, 3.0], [3.0, 4.0], [3.0, 4.0], [3.0, 4.0]])
    assert counting_bound(Problem(times)) == 7.0
    assert counting_bound(Problem(times, ready=[0.0, 4.0])) == 10.0
    times[2:, 0] = np.inf
    assert counting_bound(Problem(times)) == 10.0


def test_counting_is_far_above_the_lp_where_times_are_alike():
    problem = load_problem("rcmax:u_1000_1100:60x15:seed=1")
    assert (lower_bound(problem), counting_bound(problem)) == (4027.0, 4042.0)


def test_the_lp_is_solved_again_only_where_its_solution_uses_a_pair_beyond_the_bound():
    # Two tasks of 4 s on two nodes; then, a part of a task of 9 s on a node that needs 18 s for it.
    assert lp_end(Problem([[4.0, 4.0], [4.0, 4.0]])) == 4.0
    problem = Problem([[9.0, 18.0]])
    assert (lower_bound(problem), lp_end(problem)) == (9.0, 18.0)


def test_late_nodes_do_not_share():
    late = Problem([[2.0, 5.0], [2.0, 5.0]], ready=[0.0, 100.0])
    assert deadline_bound(late) == pytest.approx(4.0, rel=1e-11)


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_by_name(name):
    problem = load_problem("braun:u_i_hihi:30x4:seed=1")
    assert 0 < BOUNDS[name](problem) <= BOUNDS["best"](problem) * ROUNDED
