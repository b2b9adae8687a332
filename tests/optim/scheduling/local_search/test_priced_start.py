"""The list rule at the LP's prices, and `frontier` on problems that need it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.heuristics import one_by_one
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min, sufferage
from edgeopt.optim.scheduling.local_search import priced_start as module
from edgeopt.optim.scheduling.local_search.priced_start import needs_priced_start, priced_start
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.optim.scheduling.tempering import solver as frontier
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem


@given(problems_with_forbidden_pairs(), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_tasks_are_placed_by_cost_and_priced_time_beyond_the_deadline(problem, seed):
    rng = np.random.default_rng(seed)
    k, x = problem.matrix.shape
    # quarters: sums are exact, and ties occur
    costs = np.where(np.isfinite(problem.matrix), rng.integers(0, 9, (k, x)) / 4, np.inf)
    u, order, deadline = rng.integers(0, 5, x) / 4, rng.permutation(k), float(rng.integers(0, 20))

    def key(schedule, i, j):
        end = schedule.loads[j] + problem.matrix[i, j]
        over = max(0.0, end - deadline) - max(0.0, schedule.loads[j] - deadline)
        return costs[i, j] + u[j] * over

    memory, capacity = memory_arrays(problem)
    found = module._place(
        problem.matrix, costs, u, order, memory, capacity, ready_times(problem), deadline
    )
    expected = one_by_one(problem, order, key)
    if -1 in found:
        assert -1 in expected
    else:
        assert found.tolist() == list(expected)


@pytest.mark.parametrize(
    ("kind", "gap"), [("u_c_hihi", 0.01), ("u_s_lolo", 0.03), ("u_i_hilo", 0.04)]
)
def test_it_is_far_better_than_list_rules(kind, gap):
    problem = braun(kind, 640, 32, rng=3)
    assignment, evaluations = priced_start(problem)
    found = problem.makespan(assignment)
    bound = module.nearest_bound(problem)
    others = [problem.makespan(rule(problem, None)) for rule in (min_min, sufferage)]
    assert found < (1 + gap) * bound < 1.05 * bound < min(others)
    assert evaluations > 8  # schedules, and neighbours


def test_memory_is_kept():
    problem = braun("u_i_hihi", 200, 8, utilisation=0.9, rng=2)
    assignment, _ = priced_start(problem)
    assert problem.fits(assignment)
    assert problem.makespan(assignment) < problem.makespan(min_min(problem, None))


def test_no_room_is_no_schedule():
    # Sizes 3 3 2 2 2 on two nodes of 6: only {3, 3} and {2, 2, 2} fit, and times say otherwise.
    times = np.array([[1.0, 9.0], [9.0, 1.0], [1.0, 9.0], [9.0, 1.0], [5.0, 5.0]])
    problem = Problem(times, [3.0, 3.0, 2.0, 2.0, 2.0], [6.0, 6.0])
    assert priced_start(problem) == (None, 0)


def test_who_needs_it(monkeypatch):
    monkeypatch.setattr(module, "FEWEST_PAIRS", 60)
    assert needs_priced_start(braun(tasks=20, nodes=3, rng=1))
    assert not needs_priced_start(braun(tasks=19, nodes=3, rng=1))
    assert not needs_priced_start(braun(tasks=99, nodes=1, rng=1))
    assert not needs_priced_start(paper_pool(60, 10, rng=1))  # LPT is good enough


@pytest.mark.parametrize("most", [10**9, 0], ids=["tempering", "local search"])
def test_frontier_begins_with_it_and_never_loses_it(monkeypatch, most):
    monkeypatch.setattr(module, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(frontier, "MAX_PAIRS", most)
    problem = braun("u_s_hihi", 120, 6, rng=4)
    assignment, evaluations = priced_start(problem)
    makespan = problem.makespan(assignment)
    result = solve(problem, Frontier(levels=4), stop=Iterations(3), rng=1)
    assert result.trace.makespan[0] == makespan
    assert result.trace.evaluations[0] == evaluations + 1  # Min-Min
    assert result.makespan <= makespan
    again = solve(problem, Frontier(levels=4), stop=Iterations(3), rng=1)
    assert again.assignment.tolist() == result.assignment.tolist()
    better = solve(problem, Frontier(levels=4), stop=Iterations(1), rng=1, start=result.assignment)
    assert better.makespan <= result.makespan


def test_a_large_problem_takes_no_time_for_a_batch_rule(monkeypatch):
    monkeypatch.setattr(module, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(frontier, "_COSTLY_TO_LIST", 0)
    monkeypatch.setattr(frontier, "start_assignment", lambda *_: pytest.fail("was called"))
    problem = braun("u_s_hihi", 120, 6, rng=4)
    assignment, evaluations = priced_start(problem)
    state = Frontier(levels=4).init(problem, np.random.default_rng(1))
    assert state.assignment.tolist() == assignment.tolist()
    assert state.evaluations == evaluations
