"""Multipliers of any kind give bounds; ascent finds good ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds import lagrangian
from edgeopt.optim.scheduling.bounds.lagrangian import (
    Multipliers,
    ascend,
    lagrangian_bound,
    priced_memory,
)
from edgeopt.optim.scheduling.bounds.lp import program_of, solve_pairs, solve_relaxation
from edgeopt.optim.scheduling.bounds.quick_bounds import grouped_multipliers
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem


@given(scheduling_problems(max_tasks=6, max_nodes=3), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_any_multipliers_give_a_bound(problem, seed):
    rng = np.random.default_rng(seed)
    u = rng.dirichlet(np.full(problem.nodes, 0.5))
    v = rng.exponential(0.3, problem.nodes) * (problem.task_memory is not None)
    for multipliers in (Multipliers(u, v), ascend(problem), ascend(problem, Multipliers(u, v))):
        assert multipliers.u.sum() == pytest.approx(1.0)
        assert 0 <= lagrangian_bound(problem, multipliers) <= optimum(problem) * (1 + 1e-12)


def test_both_forms_of_the_times_are_one():
    pool = paper_pool(30, 4, rng=0)
    dense = Problem(pool.matrix, pool.task_memory, pool.node_capacity)
    for one, other in zip(ascend(pool), ascend(dense), strict=True):
        np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("name", ["braun:u_c_hihi:400x12:seed=1", "cov:300x40:seed=0"])
def test_ascent_comes_near_the_lp(name):
    problem = load_problem(name)
    lp = solve_relaxation(problem).makespan
    assert 0.9995 * lp <= lagrangian_bound(problem, ascend(problem)) <= lp * (1 + 1e-9)


@given(scheduling_problems(max_tasks=7, max_nodes=4))
@settings(max_examples=80, deadline=None)
def test_pricing_finds_the_optimum_over_all_pairs(problem):
    program = program_of(problem)
    whole = solve_pairs(program, program.memory[:, None] <= program.capacity)
    assert solve_relaxation(problem).makespan == pytest.approx(whole.makespan, rel=1e-8, abs=1e-12)


def test_a_vertex_has_few_positive_shares():
    problem = load_problem("braun:u_i_hihi:200x10:seed=2")
    vertex = solve_relaxation(problem)
    assert np.count_nonzero(vertex.share) <= problem.tasks + problem.nodes
    np.testing.assert_allclose(np.bincount(vertex.task, vertex.share), 1.0)
    loads = np.bincount(vertex.node, vertex.share * problem.matrix[vertex.task, vertex.node])
    assert loads.max() == pytest.approx(vertex.makespan)


def test_groups_of_equal_ratio_lose_nothing():
    pool = paper_pool(120, 9, slack=1.1, rng=5)
    grouped = lagrangian_bound(pool, grouped_multipliers(pool, pool.et))
    assert grouped == pytest.approx(solve_relaxation(pool).makespan, rel=1e-3)


def test_groups_of_unlike_tasks_lose_little(monkeypatch):
    rng = np.random.default_rng(0)
    et = UniformTimes(rng.uniform(1.0, 9.0, 400), rng.uniform(1.0, 5.0, 8))
    problem = Problem(et, rng.uniform(1.0, 9.0, 400), np.linspace(100.0, 500.0, 8))
    monkeypatch.setattr("edgeopt.optim.scheduling.bounds.quick_bounds._GROUPED_PAIRS", 8 * 40)
    grouped = lagrangian_bound(problem, grouped_multipliers(problem, et))
    lp = solve_relaxation(problem).makespan
    assert 0.999 * lp <= grouped <= lp * (1 + 1e-9)


def test_the_ascent_looks_at_the_clock_every_so_many_pairs(monkeypatch):
    counts = []
    monkeypatch.setattr(lagrangian, "_ascend", lambda *given: not counts.append(given[-1]))
    monkeypatch.setattr(lagrangian, "_MOST_ITERATIONS", 25)
    monkeypatch.setattr(lagrangian, "_PAIRS_AT_ONCE", 60.0)
    ascend(Problem([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]]))
    assert counts == [10, 10, 5]


@pytest.mark.parametrize("name", ["braun:u_s_hihi:256x8:seed=1", "braun:u_i_lolo:256x8:seed=1"])
def test_the_prices_of_a_sample_are_a_start(monkeypatch, name):
    problem, sizes = load_problem(name), []
    ascended = lagrangian._ascended
    monkeypatch.setattr(lagrangian, "_SAMPLE_PAIRS", 256)
    monkeypatch.setattr(
        lagrangian, "_ascended", lambda et, *rest: sizes.append(len(et)) or ascended(et, *rest)
    )
    lp = solve_relaxation(problem, multipliers=Multipliers(np.full(8, 1 / 8), np.zeros(8))).makespan
    assert 0.995 * lp <= lagrangian_bound(problem, ascend(problem)) <= lp * (1 + 1e-9)
    assert sizes == [32, 256]


def test_nodes_of_infinite_capacity_have_no_price():
    with np.errstate(all="raise"):
        assert priced_memory(np.array([0.0, 2.0, 0.5]), np.array([np.inf, 3.0, 4.0])) == 8.0


def test_a_step_by_hand(monkeypatch):
    # Equal prices put all four tasks on node 0: 4 s, a mean of 2 s, and 4 bytes where 1 fits.
    monkeypatch.setattr(lagrangian, "_MOST_ITERATIONS", 2)
    at = ascend(Problem([[1.0, 2.0]] * 4, np.ones(4), [1.0, 4.0]))
    total = np.cosh(0.2)  # a step of 0.2 times a load that is once the mean too large or small
    assert at.u == pytest.approx(np.exp([0.2, -0.2]) / 2 / total)
    missing = 4 / 1 - 1
    assert at.v == pytest.approx([0.2 * 2 / 1 / 2 * missing / total, 0.0])
