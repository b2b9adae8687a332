"""What is left for better schedules: no pair of one is dropped, and little else is kept."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import all_assignments, exact_makespan, exact_optimum
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling.branch_and_price.narrowing import narrow
from edgeopt.optim.scheduling.branch_and_price.root import open_root
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

SMALL = {"max_tasks": 5, "max_nodes": 3}


def better(problem, deadline):
    """Assignments that can run, fit, and end within the deadline."""
    for assignment in map(list, all_assignments(problem)):
        times = problem.matrix[np.arange(problem.tasks), assignment]
        runs = np.isfinite(times).all() and problem.fits(assignment)
        if runs and exact_makespan(problem, assignment) <= deadline:
            yield assignment


@settings(max_examples=40, deadline=None)
@given(st.one_of(wild_problems(max_tasks=5), problems_with_forbidden_pairs(**SMALL)))
def test_no_pair_of_a_better_schedule_is_dropped(problem):
    best, root, left = exact_optimum(problem), open_root(problem), None
    for factor in (1.6, 1.2, 1.0) if best else ():
        root.deadlines.met = float(best) * factor * (1 + 1e-9)
        left = narrow(problem, root, left, 3)
        assert left.whole.deadline == root.deadlines.highest < root.deadlines.met
        for assignment in better(problem, left.whole.deadline):
            assert left.left.alive[assignment, np.arange(problem.tasks)].all()
            assert left.left.is_possible


def test_the_closer_the_deadline_the_fewer_pairs_are_left():
    problem = load_problem("rcmax:u_10_100:100x10:seed=1")
    root, left, shares = open_root(problem), None, []
    for makespan in (188.0, 186.0, 185.0):
        root.deadlines.met = makespan
        left = narrow(problem, root, left, 100)
        shares.append(left.left.alive.mean())
    assert 0.0 == shares[2] < shares[1] < 0.4 < shares[0] < 0.6
    assert not left.left.is_possible  # no schedule is shorter than 185 s


def test_a_task_that_has_no_choice_takes_its_room():
    # Task 2 runs on node 0 only; below 8 s task 0, of 5 s there, does not fit beside it.
    problem = Problem([[5.0, 6.0], [2.0, 9.0], [3.0, np.inf]])
    root = open_root(problem)
    root.deadlines.met = 8.0
    left = narrow(problem, root, None, 0).left
    assert left.alive.T.tolist() == [[False, True], [True, False], [True, False]]
    assert not left.free.any()
