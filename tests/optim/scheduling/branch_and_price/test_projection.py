"""Projected prices are the nearest ones, and refute what prices of a box refute."""

from types import SimpleNamespace

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.exact import exact_optimum
from scipy.sparse import csr_array
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.bounds.rounding import makespan_unit
from edgeopt.optim.scheduling.branch_and_price import projection
from edgeopt.optim.scheduling.branch_and_price.prices import (
    TOTAL,
    Columns,
    Prices,
    evaluate,
    lp_prices,
    no_columns,
    open_prices,
    scaled,
)
from edgeopt.optim.scheduling.branch_and_price.projection import (
    Sets,
    _blends,
    approach,
    project,
)
from edgeopt.optim.scheduling.branch_and_price.whole import propagate, whole_problem
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.problems.scheduling.spec import load_problem


def open_search(problem, deadline, prices=None):
    whole = whole_problem(problem, deadline, makespan_unit(problem))
    left = propagate(whole, whole.alive)
    prices = lp_prices(problem, whole) if prices is None else prices
    return open_prices(whole, left, prices, no_columns(problem))


def some_sets(seed, memory):
    """Return sets of seven tasks on three nodes, their memory, and prices."""
    rng = np.random.default_rng(seed)
    tasks = (rng.random((9, 7)) < 0.4).astype(float)
    held = tasks @ rng.random(7) if memory else np.zeros(9)
    room = rng.uniform(1.0, 2.0, 3) if memory else np.zeros(3)
    prices = rng.random(7)
    prices *= 7 / prices.sum()
    return Sets(np.arange(9) % 3, csr_array(tasks), held, room), prices, rng.random(3) * memory


def nearest(sets, task, memory, level):
    """Return the nearest prices by cvxpy, written from the definition; None if there are none."""
    p, v, w = cp.Variable(7), cp.Variable(3), cp.Variable(3)
    limits = [p >= 0, v >= 0, w >= 0, cp.sum(p) == task.sum()]
    limits += [p.sum() - v @ sets.room - cp.sum(w) >= level]
    for node, tasks, held in zip(sets.node, sets.tasks.toarray(), sets.held, strict=True):
        limits.append(w[node] >= tasks @ p - held * v[node])
    if not sets.room.any():
        limits.append(v == 0)
    distance = cp.sum(cp.square(p - task) / np.maximum(task, 0.1))
    distance += cp.sum(cp.square(v - memory) / np.maximum(memory, 0.1))
    problem = cp.Problem(cp.Minimize(distance), limits)
    problem.solve(solver=cp.OSQP, eps_abs=1e-9, eps_rel=1e-9, max_iter=200_000)
    return (p.value, v.value) if problem.status == "optimal" else None


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_projection_is_the_nearest(monkeypatch, seed, memory):
    monkeypatch.setattr(projection, "_ROUGH", 1e-9)
    monkeypatch.setattr(projection, "_TOLERANCE", 1e-9)
    sets, task, node = some_sets(seed, memory)
    now = sets.spare(task, node)
    for gain in (0.0, 0.01, 0.1):
        expected = nearest(sets, task, node, now + gain)
        found = project(sets, task, node, now + gain, 0.1)
        if expected is None:
            assert sets.spare(found.task, found.memory) < now + gain
        else:
            assert found.task == pytest.approx(expected[0], abs=1e-4)
            assert found.memory == pytest.approx(expected[1], abs=1e-4)


@pytest.mark.parametrize("memory", [False, True])
def test_a_rough_projection_meets_the_level_and_keeps_the_sum(memory):
    for seed in range(20):
        sets, task, node = some_sets(seed, memory)
        level = sets.spare(task, node) + 1e-3
        found = project(sets, task, node, level, 1e-3)
        assert found.task.sum() == pytest.approx(task.sum(), rel=1e-6)
        assert (found.task >= 0.0).all()
        assert (found.memory >= 0.0).all()
        assert level - 1e-6 <= sets.spare(found.task, found.memory) < level + 0.1
        assert found.work > 0.0


@pytest.mark.parametrize("memory", [False, True])
def test_both_ways_to_factorise_give_the_same_prices(monkeypatch, memory):
    monkeypatch.setattr(projection, "_ROUGH", 1e-9)
    monkeypatch.setattr(projection, "_TOLERANCE", 1e-9)
    sets, task, node = some_sets(3, memory)
    variables, found = 2 * 3 + 7 if memory else 3 + 7, []
    for most in (variables, variables - 1):
        monkeypatch.setattr(projection, "_SCALAR", most)
        found.append(project(sets, task, node, sets.spare(task, node) + 0.01, 0.1))
    scalar, vector = found
    assert scalar.task == pytest.approx(vector.task, abs=1e-6)
    assert scalar.memory == pytest.approx(vector.memory, abs=1e-6)
    assert scalar.work != vector.work  # by another way


def test_work_is_that_of_the_entries_of_the_factors_in_each_iteration():
    for name, entries, expected in (
        ("qdldl", 10_000, 0.003 + 20 * 10_000 * (1.6e-8 + 2.6e-8)),
        ("faer", 1_000_000, 0.003 + 20 * 1_000_000 * 4.5e-8),
    ):
        method = SimpleNamespace(name=name, nnzL=entries)
        program = SimpleNamespace(get_info=lambda method=method: SimpleNamespace(linsolver=method))
        assert projection._work(program, 20) == pytest.approx(expected)


def test_what_sets_spare_by_hand():
    """Two tasks worth 3 and 4; one node's best set is both of them, less their memory."""
    sets = Sets(np.array([0, 0, 1]), csr_array([[1.0, 0], [1, 1], [0, 1]]), np.array([1.0, 2, 1]),
                np.array([2.0, 1.0]))  # fmt: skip
    prices, memory = np.array([3.0, 4.0]), np.array([0.5, 5.0])
    assert sets.worth(prices, memory).tolist() == [2.5, 6.0, -1.0]
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


@pytest.mark.parametrize(("tasks", "more"), [(380, 0), (400, 3)])
def test_long_projections_are_followed_by_prices_on_the_way_there(tasks, more):
    problem = load_problem(f"rcmax:u_1_100:{tasks}x8:seed=2")
    search = open_search(problem, problem.makespan(min_min(problem, np.random.default_rng(1))))
    assert search.is_large == (more > 0)
    start = search.prices.task
    end = scaled(Prices(np.arange(1.0, tasks + 1), np.zeros(8)), search.left)
    first, *blends = _blends(search, end)
    assert (first.task == end.task).all()
    assert len(blends) == more
    for blend in blends:
        assert blend.task.sum() == pytest.approx(TOTAL)
        far = np.abs(end.task - start) > TOTAL / tasks / 2  # there, the scale matters less
        part = (blend.task - start)[far] / (end.task - start)[far]
        assert part.std() > 0.05
        assert -0.1 < part.min() < 0.1 < 0.4 < part.max() < 0.6
    again = _blends(search, end)
    assert all((a.task == b.task).all() for a, b in zip([first, *blends], again, strict=True))
    search.iterations += 1
    for other, blend in zip(_blends(search, end)[1:], blends, strict=True):
        assert (other.task != blend.task).any()


def test_the_best_of_the_prices_on_the_way_is_kept(monkeypatch):
    problem = load_problem("rcmax:machines:40x8:seed=1")
    rng = np.random.default_rng(1)
    search = open_search(problem, 183.0, Prices(rng.random(40), np.zeros(8)))
    known, whole, left = len(search.columns.node), search.whole, search.left
    rough = [scaled(Prices(search.prices.task * rng.random(40), np.zeros(8)), left) for _ in "ab"]
    best = scaled(lp_prices(problem, whole), left)
    tried = [rough[0], best, best, rough[1]]
    spares = [evaluate(whole, left, prices)[0].spare for prices in tried]
    assert max(spares) == spares[1] > search.worth.spare
    monkeypatch.setattr(projection, "_blends", lambda search, prices: tried)
    approach(search)
    assert (search.prices.task == best.task).all()
    assert search.worth.spare == spares[1]
    new = np.column_stack([search.columns.node, search.columns.tasks])[known:]
    assert 8 < len(new) == len(np.unique(new, axis=0)) <= 24


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
