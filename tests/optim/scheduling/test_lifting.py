"""The bound that rises during a run: it proves schedules optimal, by counted work."""

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import exact_optimum
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.lifting import Lifting, lift, lifts_bound
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


@pytest.mark.parametrize("kind", ["jobs", "u_100_200", "machines"])
def test_a_run_ends_when_the_bound_meets_its_schedule(kind):
    problem = load_problem(f"rcmax:{kind}:20x6:seed=1")
    bounds = []
    result = solve(
        problem,
        Frontier(),
        stop=Iterations(200),
        rng=1,
        callback=lambda progress: bounds.append(progress.lower_bound),
    )
    assert result.status == "optimal"
    assert deadline_bound(problem) < result.lower_bound == result.makespan
    assert bounds == sorted(bounds)


def test_equal_seeds_prove_the_same():
    problem = load_problem("rcmax:u_100_200:100x10:seed=2")
    found = [solve(problem, Frontier(), stop=Iterations(12), rng=1) for _ in range(2)]
    assert found[0].lower_bound == found[1].lower_bound > deadline_bound(problem)
    assert found[0].as_dict() | {"seconds": 0} == found[1].as_dict() | {"seconds": 0}


def test_the_work_is_in_proportion_to_that_of_the_solver():
    problem, work = load_problem("rcmax:u_100_200:100x10:seed=2"), []
    for evaluations in (0, 100_000_000):
        lifting = Lifting()
        lift(problem, lifting, State(evaluations=evaluations), np.inf)
        work.append((lifting.allowed, lifting.root.work))
    (least, once), (most, often) = work
    assert (least, most) == (0.0005, 0.1)
    assert 0.0005 <= once < 0.01 < often < 0.11


@settings(max_examples=40, deadline=None)
@given(problems_with_forbidden_pairs(max_tasks=5, max_nodes=3))
def test_no_bound_is_above_the_optimum(problem):
    best, lifting = exact_optimum(problem), Lifting()
    for step in range(6):
        lift(problem, lifting, State(evaluations=10_000_000 * step), np.inf)
    assert best is None or lifting.bound <= best


def test_who_asks_for_it():
    small = Problem(np.ones((3, 2)))
    assert lifts_bound(small, Frontier())
    assert not lifts_bound(small, LocalSearch())
    assert not lifts_bound(Problem(np.ones((30_001, 10))), Frontier())
