"""Bounds are bounds, and as good as published."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling import combinatorial_bound, lower_bound, lp_bound, lp_duals
from edgeopt.optim.scheduling.bounds import quick_bounds
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers
from edgeopt.optim.scheduling.bounds.rounding import whole_memory
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.optim.scheduling.solve import solve
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_no_schedule_is_better_than_a_bound(problem):
    best = optimum(problem)
    for bound in (combinatorial_bound, lp_bound, lower_bound):
        assert 0 <= bound(problem) <= best * (1 + 1e-12)
    assert lower_bound(problem) >= max(combinatorial_bound(problem), lp_bound(problem))


@given(scheduling_problems(max_tasks=6, max_nodes=3, whole=False))
@settings(max_examples=100, deadline=None)
def test_nor_with_real_times(problem):
    assert lower_bound(problem) <= optimum(problem) * (1 + 1e-12)


def test_published_lp_bounds(hcsp, shared):
    with (shared / "hcsp" / "published.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows[::3]:
        problem = hcsp(f"{row['size']}/{row['instance']}")
        assert lp_bound(problem) == pytest.approx(float(row["lp_bound"]), rel=1e-7)


def test_by_hand():
    # Both nodes must share 4 s of work: 2 s; the longest task needs 3 s on its best node.
    assert lower_bound(Problem([[3.0, 5.0], [1.0, 1.0]])) == pytest.approx(3.0)
    # The LP splits one task: x / 1 + x / 2 = 1 at 2/3 s.
    assert lp_bound(Problem([[1.0, 2.0]])) == pytest.approx(2 / 3)
    # Uniform: the two largest works on the two fastest nodes take 12 / 3 s.
    uniform = Problem(UniformTimes([6.0, 6.0, 1.0], [2.0, 1.0, 0.001]))
    assert combinatorial_bound(uniform) == pytest.approx(4.332, abs=2e-3)


@pytest.mark.parametrize(
    ("works", "speeds", "expected"),
    [
        ([9.0, 9.0, 1.0], [3.0, 1.0, 1.0], 18 / 4),  # the two largest on the two fastest
        ([10.0, 1.0, 1.0], [1.0, 1.0, 1.0], 10.0),  # the longest task
        ([1.0] * 10, [1.0, 1.0], 5.0),  # all work on all nodes
        ([4.0, 1.0], [1.0, 3.0, 2.0], 4 / 3),  # more nodes than tasks
    ],
)
def test_the_bound_of_uniform_machines_is_the_largest(works, speeds, expected):
    problem = Problem(UniformTimes(works, speeds))
    assert combinatorial_bound(problem) == pytest.approx(expected, rel=1e-12)
    assert quick_bounds._uniform_bound(np.array(works), np.array(speeds)) == expected


def test_memory_raises_the_bound():
    times, memory = np.array([[1.0, 10.0]] * 4), np.ones(4)
    free = Problem(times)
    tight = Problem(times, memory, [2.0, 2.0])
    assert lp_bound(free) < 4
    assert lp_bound(tight) == pytest.approx(20.0)


def test_times_of_zero():
    problem = Problem([[0.0, 1.0], [1.0, 0.0]])
    assert lower_bound(problem) == 0.0


def test_a_bound_is_computed_once_and_forgotten_with_its_problem(monkeypatch):
    problem = paper_pool(20, 3, rng=0)
    first, (u, _) = lower_bound(problem), lp_duals(problem)
    monkeypatch.setattr(quick_bounds, "lifted_bound", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr(quick_bounds, "solve_relaxation", lambda _: pytest.fail("computed again"))
    assert lower_bound(problem) == first
    assert lp_duals(problem)[0] is u
    assert problem in quick_bounds._known
    known = len(quick_bounds._known), len(quick_bounds._relaxed)
    del problem
    assert (len(quick_bounds._known), len(quick_bounds._relaxed)) == (known[0] - 1, known[1] - 1)


def test_a_bound_through_another_problem_of_the_same_times_is_the_same():
    assert lower_bound(paper_pool(20, 3, rng=0)) == lower_bound(paper_pool(20, 3, rng=0))


def test_duals_prove_the_lp_bound_and_the_reduced_costs():
    problem = load_problem("paper:30x4:seed=1:slack=1.1")
    u, v = lp_duals(problem)
    assert u.min() >= 0
    assert v.min() >= 0
    assert u.sum() == pytest.approx(1.0)
    costs = problem.matrix * u + np.outer(problem.task_memory, v)
    value = costs.min(axis=1).sum() - v @ whole_memory(problem)[1]
    assert lp_bound(problem) == pytest.approx(value, rel=1e-12)


def test_large_problems_know_memory_without_their_matrix():
    problem = paper_pool(4000, 200, rng=0)
    assert lower_bound(problem) > 1.2 * combinatorial_bound(problem)
    assert "matrix" not in vars(problem)


def test_large_and_small_agree_where_both_are_possible(monkeypatch):
    pool = paper_pool(300, 12, slack=1.2, rng=3)
    dense = load_problem("braun:u_i_hihi:300x12:seed=1")
    exact = [lp_bound(pool), lp_bound(dense)]
    monkeypatch.setattr(quick_bounds, "LP_ENTRIES", 0)
    near = [lp_bound(paper_pool(300, 12, slack=1.2, rng=3))]
    near.append(lp_bound(load_problem("braun:u_i_hihi:300x12:seed=1")))
    assert near[0] == pytest.approx(exact[0], rel=1e-6)
    assert 0.999 * exact[1] <= near[1] <= exact[1] * (1 + 1e-9)


def test_no_lp_is_solved_with_more_nodes_than_it_may_have_pairs(monkeypatch):
    monkeypatch.setattr(quick_bounds, "LP_ENTRIES", 0)
    monkeypatch.setattr(quick_bounds, "_GROUPED_PAIRS", 2)
    monkeypatch.setattr(quick_bounds, "solve_pairs", None)
    # Ten seconds of work on speeds of five: the bound needs no LP.
    problem = Problem(UniformTimes([4.0, 3.0, 3.0], [1.0, 2.0, 2.0]))
    assert 1.999 < lp_bound(problem) <= 2.0


def test_a_failing_lp_still_gives_a_valid_bound(monkeypatch):
    class Failed:
        status = 4

    monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: Failed())
    problem = Problem([[3.0, 1.0], [1.0, 2.0]])
    assert lp_bound(problem) == pytest.approx(1.0)  # equal multipliers: (1 + 1) / 2


def test_times_of_all_magnitudes_have_a_bound():
    times = np.array([[1e-310, 1e294], [1e246, 1e-115], [3e-318, 3e-318]])
    problem = Problem(times)
    assert 0 <= lower_bound(problem) <= solve(problem, min_min).makespan


@given(st.floats(0.1, 100.0), st.floats(1.0, 1000.0))
def test_bisection_finds_the_largest_value_out_of_reach(floor, factor):
    limit = floor * factor
    found = quick_bounds._largest(lambda makespan: makespan <= limit, floor)
    assert found <= limit
    assert found == pytest.approx(limit, rel=1e-12)


def test_bisection_stays_at_a_floor_within_reach():
    assert quick_bounds._largest(lambda makespan: False, 3.0) == 3.0
    assert quick_bounds._largest(lambda makespan: True, 0.0) == 0.0


def test_bisection_asks_fifty_times():
    asked = []
    quick_bounds._largest(lambda makespan: bool(asked.append(makespan)) or makespan < 1.5, 1.0)
    assert asked[:4] == [1.0, 2.0, 1.5, 1.25]
    assert len(asked) == 52


def test_kinds_of_neighbouring_ratios_are_merged(monkeypatch):
    # Ratios of memory to work of 4, 1, 2 and 3: the four kinds become two of two tasks.
    times = UniformTimes([1.0, 2.0, 1.0, 3.0], [1.0, 2.0])
    problem = Problem(times, [4.0, 2.0, 2.0, 9.0], [20.0, 20.0])
    programs = []
    solve = quick_bounds.solve_pairs
    monkeypatch.setattr(
        quick_bounds, "solve_pairs", lambda lp, pairs: programs.append(lp) or solve(lp, pairs)
    )
    for pairs in (5, 8):
        monkeypatch.setattr(quick_bounds, "_GROUPED_PAIRS", pairs)
        quick_bounds.grouped_multipliers(problem, problem.et)
    merged, apart = programs
    assert merged.number.tolist() == [2.0, 2.0]
    assert merged.memory.tolist() == [2.0, 6.5]
    assert merged.times.tolist() == [[1.5, 0.75], [2.0, 1.0]]
    assert apart.memory.tolist() == [2.0, 2.0, 9.0, 4.0]


def test_lifting_by_hand():
    # Three tasks of 2 s on a node that is ready at 1 s: less than 7 s hold two of them.
    problem = Problem([[2.0]] * 3, ready=[1.0])
    lifted = quick_bounds.lifted_bound(problem, Multipliers(np.ones(1), np.zeros(1)), 6.0)
    assert 7.0 * (1 - 1e-9) < lifted <= 7.0
