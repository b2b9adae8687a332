"""Projected prices are the nearest ones, and refute what prices of a box refute."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.exact import exact_optimum
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.bounds.rounding import makespan_unit
from edgeopt.optim.scheduling.branch_and_price import projection
from edgeopt.optim.scheduling.branch_and_price.prices import (
    Columns,
    Prices,
    evaluate,
    lp_prices,
    no_columns,
    open_prices,
)
from edgeopt.optim.scheduling.branch_and_price.projection import Sets, approach, project
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.problems.scheduling.spec import load_problem


def open_search(problem, deadline, prices=None):
    whole = whole_problem(problem, deadline, makespan_unit(problem))
    left = propagate(whole, whole.alive)
    prices = lp_prices(problem, whole) if prices is None else prices
    return open_prices(whole, left, prices, no_columns(problem))


def some_sets(seed, memory):
    """Return sets of seven tasks on three nodes, as arrays and as `Sets`, and prices."""
    rng = np.random.default_rng(seed)
    tasks, node, need = rng.random((9, 7)) < 0.4, np.arange(9) % 3, rng.random(7) * memory
    room = rng.uniform(1.0, 2.0, 3) * memory
    prices = rng.random(7)
    prices *= 7 / prices.sum()
    sets = Sets.of(node, tasks, need, room)
    return (node, tasks, need, room), sets, prices, rng.random(3) * memory


def nearest(arrays, task, memory, share):
    """Return the nearest prices that spare a share of all by cvxpy, written from the definition."""
    node, tasks, need, room = arrays
    p, v, w = cp.Variable(7), cp.Variable(3), cp.Variable(3)
    limits = [p >= 0, v >= 0, w >= 0, cp.sum(p) - v @ room - cp.sum(w) >= share * cp.sum(p)]
    for j, row in zip(node, tasks.astype(float), strict=True):
        limits.append(w[j] >= row @ p - (row @ need) * v[j])
    if not room.any():
        limits.append(v == 0)
    distance = cp.sum(cp.square(p - task) / np.maximum(task, 0.1))
    distance += cp.sum(cp.square(v - memory) / np.maximum(memory, 0.1))
    problem = cp.Problem(cp.Minimize(distance), limits)
    problem.solve(solver=cp.OSQP, eps_abs=1e-9, eps_rel=1e-9, max_iter=200_000)
    return p.value, v.value


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_projection_is_the_nearest(monkeypatch, seed, memory):
    monkeypatch.setattr(projection, "_NEAR", 1 - 1e-7)
    monkeypatch.setattr(projection, "_SWEEPS", 50_000)
    arrays, sets, task, node = some_sets(seed, memory)
    now = sets.spare(task, node) / 7
    for gain in (0.001, 0.01, 0.1):
        price, memory_price = nearest(arrays, task, node, now + gain)
        found = project(sets, task, node, gain, np.zeros(9))
        if price.sum() < 3.5:  # only far away
            assert found.gain < gain
            continue
        factor = 7 / price.sum()
        assert found.gain == pytest.approx(gain)
        assert found.task == pytest.approx(price * factor, abs=1e-3)
        assert found.memory == pytest.approx(memory_price * factor, abs=1e-3)


@pytest.mark.parametrize("memory", [False, True])
def test_a_rough_projection_gains_about_what_it_is_to(memory):
    for seed in range(20):
        _, sets, task, node = some_sets(seed, memory)
        gain, now = 1e-3, sets.spare(task, node) / 7
        for weight in (np.zeros(9), np.arange(9.0)):
            given = weight.copy()
            found = project(sets, task, node, gain, weight)
            assert (weight == given).all()
            assert found.task.mean() == pytest.approx(1.0)
            assert (found.task >= 0.0).all()
            assert (found.memory >= 0.0).all()
            assert sets.spare(found.task, found.memory) / 7 == pytest.approx(now + found.gain)
            assert 0.8 * gain - 1e-9 <= found.gain < 2 * gain
            assert (found.weight >= 0.0).all()
            assert np.bincount(np.arange(9) % 3, found.weight) == pytest.approx(np.ones(3))
            assert found.work > 0.0


def test_weights_of_sets_run_all_tasks_where_no_prices_gain(monkeypatch):
    """Each node may run either task, so that no prices spare anything."""
    monkeypatch.setattr(projection, "_NEAR", 1.0)
    monkeypatch.setattr(projection, "_SWEEPS", 5000)
    tasks = np.array([[True, False], [False, True], [True, False], [False, True]])
    sets = Sets.of(np.array([0, 0, 1, 1]), tasks, np.zeros(2), np.zeros(2))
    found = project(sets, np.array([0.4, 1.6]), np.zeros(2), 0.601, np.zeros(4))
    assert found.gain < 0.601
    assert found.weight @ tasks == pytest.approx(np.ones(2), abs=0.1)


def test_what_sets_spare_by_hand():
    """Two tasks worth 3 and 4; one node's best set is both of them, less their memory."""
    tasks = np.array([[True, False], [False, True], [True, True]])
    sets = Sets.of(np.array([0, 1, 0]), tasks, np.array([1.0, 1.0]), np.array([2.0, 1.0]))
    assert sets.order.tolist() == [0, 2, 1]
    assert sets.first.tolist() == [0, 2, 3]
    assert sets.task.tolist() == [0, 0, 1, 1]
    assert sets.begin.tolist() == [0, 1, 3, 4]
    assert sets.held.tolist() == [1.0, 2.0, 1.0]
    prices, memory = np.array([3.0, 4.0]), np.array([0.5, 5.0])
    assert sets.spare(prices, memory) == 7.0 - (0.5 * 2 + 5.0) - 6.0 - 0.0


def test_projections_refute_what_a_box_refutes():
    problem = load_problem("rcmax:machines:40x8:seed=1")  # the optimum is 184 s
    search = open_search(problem, 183.0, Prices(np.ones(40), np.zeros(8)))
    first = search.worth.spare
    while not search.converged and search.worth.spare <= 0.0:
        approach(search)
    assert first < 0.0 < search.worth.spare
    again, _ = evaluate(search.whole, search.left, search.prices)
    assert again.spare == search.worth.spare
    assert search.iterations < 30


@pytest.mark.parametrize(("tasks", "seed"), [(40, 1), (320, 2)])
def test_the_search_ends_where_columns_of_all_nodes_run_all_tasks(tasks, seed):
    problem = load_problem(f"rcmax:u_1_100:{tasks}x8:seed={seed}")
    search = open_search(problem, problem.makespan(min_min(problem, np.random.default_rng(1))))
    while not search.converged:
        approach(search)
        assert search.worth.spare <= 0.0
    assert search.iterations < 60
    weight = search.weight
    tasks, node = search.columns.tasks[: len(weight)], search.columns.node[: len(weight)]
    assert (weight >= 0.0).all()
    assert (weight @ tasks).min() > 0.98
    assert np.bincount(node, weights=weight).max() < 1.001


def test_joined_columns_are_those_known_in_their_order_and_new_ones_once():
    def tasks(*sets):
        return np.array([[i in each for i in range(10)] for each in sets])

    known = Columns(np.array([1, 0, 1]), tasks({0, 9}, {8}, {0, 9}))
    joined = known.joined(np.array([1, 1, 0, 0, 0]), tasks({8}, {0, 9}, {8}, {9}, {9}))
    assert joined.node.tolist() == [1, 0, 1, 1, 0]
    assert (joined.tasks == tasks({0, 9}, {8}, {0, 9}, {8}, {9})).all()


def test_a_projection_begins_with_the_weights_of_the_last(monkeypatch):
    search = open_search(
        load_problem("rcmax:machines:40x8:seed=1"), 183.0, Prices(np.ones(40), np.zeros(8))
    )
    begun, found = [], []

    def noted(sets, task, memory, gain, weight):
        begun.append(weight)
        found.append(project(sets, task, memory, gain, weight))
        return found[-1]

    monkeypatch.setattr(projection, "project", noted)
    for _ in range(3):
        approach(search)
    assert not begun[0].any()
    for before, weight in zip(found, begun[1:], strict=False):
        known = len(before.weight)
        assert (weight[:known] == before.weight).all()
        assert len(weight) > known
        assert not weight[known:].any()


def test_prices_that_bring_nothing_are_left_further_behind(monkeypatch):
    problem = load_problem("rcmax:machines:40x8:seed=1")
    search = open_search(problem, 183.0)
    prices, gains = search.prices, []

    def same(sets, task, memory, gain, weight):
        gains.append(gain)
        found = 0.0 if len(gains) == 5 else gain
        return projection.Projection(task, memory, np.zeros(len(sets.order)), found, 0.0)

    monkeypatch.setattr(projection, "project", same)
    for _ in range(5):
        assert not search.converged
        approach(search)
    assert (search.prices.task == prices.task).all()
    first = gains[0] / 1.2
    assert [gain / first for gain in gains] == pytest.approx([1.2, 2.4, 4.8, 9.6, 19.2])
    assert search.converged  # none at such a distance, and nearer ones bring nothing


@given(problems_with_forbidden_pairs(max_tasks=5, max_nodes=3), st.sampled_from([1.0, 1.1, 2.0]))
def test_no_deadline_of_a_schedule_is_refuted(problem, factor):
    best = exact_optimum(problem)
    if not best:  # none, or 0
        return
    whole = whole_problem(problem, float(best) * factor, makespan_unit(problem))
    left = propagate(whole, whole.alive)
    if not left.free.any():
        return
    search = open_prices(whole, left, lp_prices(problem, whole), no_columns(problem))
    while not search.converged and search.iterations < 40:
        approach(search)
        assert search.worth.spare <= 0.0
