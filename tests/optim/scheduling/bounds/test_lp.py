"""The LP relaxation: strong duality, shares by hand, pairs that are not allowed."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds import lp
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers, ascend, lagrangian_value
from edgeopt.optim.scheduling.bounds.lp import (
    AssignmentLP,
    program_of,
    solve_pairs,
    solve_relaxation,
)
from edgeopt.optim.scheduling.bounds.rounding import whole_memory
from edgeopt.optim.scheduling.run_time import within
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


@given(scheduling_problems(max_tasks=7, max_nodes=4))
@settings(max_examples=80, deadline=None)
def test_its_multipliers_prove_its_makespan(problem):
    vertex = solve_relaxation(problem)
    assert vertex.multipliers.u.min() >= 0.0
    assert vertex.multipliers.v.min() >= 0.0
    proved = lagrangian_value(problem, vertex.multipliers)
    assert proved == pytest.approx(vertex.makespan, rel=1e-7, abs=1e-9)


@given(scheduling_problems(max_tasks=7, max_nodes=4))
@settings(max_examples=80, deadline=None)
def test_a_vertex_is_a_solution(problem):
    vertex = solve_relaxation(problem)
    x = problem.nodes
    assert vertex.share.min() >= -1e-9
    np.testing.assert_allclose(np.bincount(vertex.task, vertex.share, problem.tasks), 1.0)
    times = problem.matrix[vertex.task, vertex.node]
    loads = np.bincount(vertex.node, vertex.share * times, x)
    assert loads.max() <= vertex.makespan * (1 + 1e-7) + 1e-9
    memory, capacity = whole_memory(problem)
    held = np.bincount(vertex.node, vertex.share * memory[vertex.task], x)
    assert (held <= capacity * (1 + 1e-7) + 1e-7).all()


def test_by_hand():
    # A task of 1 s or 2 s is split 2 : 1; its node of 1 s has two thirds of the price of time.
    vertex = solve_relaxation(Problem([[1.0, 2.0]]))
    assert vertex.makespan == pytest.approx(2 / 3)
    assert vertex.share.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert vertex.multipliers.u.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert vertex.multipliers.v.tolist() == [0.0, 0.0]


def test_only_allowed_pairs_are_used():
    problem = Problem([[1.0, 2.0], [1.0, 1.0]])
    vertex = solve_relaxation(problem, np.array([[False, True], [True, False]]))
    assert vertex.makespan == pytest.approx(2.0)
    assert list(zip(vertex.task.tolist(), vertex.node.tolist(), strict=True)) == [(0, 1), (1, 0)]


def test_pairs_without_a_solution_have_an_infinite_makespan():
    problem = Problem([[1.0, 2.0], [1.0, 1.0]])
    vertex = solve_pairs(program_of(problem), np.array([[True, True], [False, False]]))
    assert vertex.makespan == np.inf
    assert vertex.multipliers.u.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_a_failure_of_highs_leaves_the_prices_of_the_ascent(monkeypatch, status):
    problem = load_problem("braun:u_i_hihi:64x8:seed=1")
    monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: SimpleNamespace(status=status))
    vertex = solve_relaxation(problem)
    assert vertex.makespan == np.inf
    for found, ascended in zip(vertex.multipliers, ascend(problem), strict=True):
        np.testing.assert_array_equal(found, ascended)
    given = Multipliers(np.arange(8) / 28, np.zeros(8))
    assert solve_relaxation(problem, multipliers=given).multipliers is given


def test_kinds_of_several_tasks_are_as_many_rows():
    times = np.array([[2.0, 4.0], [3.0, 1.0]])
    number = np.array([3.0, 2.0])
    kinds = AssignmentLP(times, np.zeros(2), number, np.full(2, np.inf))
    rows = Problem(np.repeat(times, number.astype(int), axis=0))
    together = solve_pairs(kinds, np.ones((2, 2), dtype=bool))
    assert together.makespan == pytest.approx(solve_relaxation(rows).makespan)


def test_costs_by_hand():
    program = AssignmentLP(
        np.array([[2.0, np.inf], [3.0, 1.0]]), np.array([0.0, 10.0]), np.ones(2), np.ones(2)
    )
    prices = Multipliers(np.array([0.25, 0.75]), np.array([0.1, 0.0]))
    costs = lp._costs(program, prices, np.array([[True, False], [True, True]]))
    assert costs.tolist() == [[0.5, np.inf], [1.75, 0.75]]


def test_pricing_needs_a_part_of_the_pairs(monkeypatch):
    solved = []

    def solve(program, pairs):
        solved.append(int(pairs.sum()))
        return solve_pairs(program, pairs)

    monkeypatch.setattr(lp, "solve_pairs", solve)
    solve_relaxation(load_problem("braun:u_i_hihi:30x16:seed=1"))
    assert solved[0] == 4 * 30
    assert solved == sorted(set(solved))
    assert solved[-1] < 0.5 * 16 * 30


def test_highs_has_the_time_that_is_left(monkeypatch):
    assert lp._limits(100) == {}
    monkeypatch.setattr(lp, "time_left", lambda: 3.0)
    assert lp._limits(1_000_000) == {"time_limit": 2.0}
    assert lp._limits(5_000_000) == {"time_limit": 0.0}


def test_a_relaxation_that_highs_could_not_finish_is_not_kept(monkeypatch):
    """HiGHS ends before the run's own time is up; later runs still get the whole LP."""
    monkeypatch.setattr(lp, "_limits", lambda pairs: {"time_limit": 0.0})
    with within(60.0) as deadline:
        vertex = solve_relaxation(load_problem("braun:u_i_hihi:30x16:seed=1"))
    assert np.isinf(vertex.makespan)
    assert deadline.cut


@pytest.mark.parametrize(("left", "limit"), [(np.inf, np.inf), (3.0, 5.0)])
def test_highs_counts_the_time_of_all_its_runs(monkeypatch, left, limit):
    done = []
    highs = SimpleNamespace(
        setOptionValue=lambda *option: done.append(option),
        getRunTime=lambda: 2.0,
        run=lambda: done.append("run"),
    )
    monkeypatch.setattr(lp, "time_left", lambda: left)
    assert lp.has_solved(highs)
    assert done == [("time_limit", limit), "run"]
