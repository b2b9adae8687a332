"""The knapsack bound is a bound, and pairs that better schedules use are never dropped."""

import importlib
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import all_assignments, optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds.knapsack_bound import (
    _fractional,
    improve_prices,
    knapsack_bound,
    open_bundle,
    useful_pairs,
    useful_pairs_of,
)
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

# By its full name: the package offers the function of the same name.
knapsack_bound_module = importlib.import_module("edgeopt.optim.scheduling.bounds.knapsack_bound")


def converge(problem, most=60):
    bundle = open_bundle(problem)
    for _ in itertools.takewhile(lambda _: not bundle.converged, range(most)):
        improve_prices(bundle)
    return bundle


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=80, deadline=None)
def test_no_schedule_is_better(problem):
    bound = converge(problem).bound
    assert lower_bound(problem) <= bound <= optimum(problem) * (1 + 1e-11)


@given(scheduling_problems(max_tasks=6, max_nodes=3, whole=False))
@settings(max_examples=100, deadline=None)
def test_no_schedule_is_better_with_real_times(problem):
    assert converge(problem).bound <= optimum(problem) * (1 + 1e-11)


def naive_useful(problem, makespan):
    """Pairs of the schedules within `makespan`."""
    useful = np.zeros((problem.tasks, problem.nodes), dtype=bool)
    for assignment in map(list, all_assignments(problem)):
        if problem.fits(assignment) and problem.makespan(assignment) <= makespan:
            useful[np.arange(problem.tasks), assignment] = True
    return useful


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=80, deadline=None)
def test_no_useful_pair_is_dropped(problem):
    bundle, best = converge(problem), optimum(problem)
    for makespan in (best, 1.3 * best):
        pairs = useful_pairs_of(bundle, makespan)
        assert not (naive_useful(problem, makespan) & ~pairs).any()


def test_pairs_are_dropped_and_none_without_a_schedule():
    problem = load_problem("braun:u_i_hihi:60x6:seed=1")
    bundle = converge(problem)
    assert useful_pairs_of(bundle, np.inf).all()
    shares = [useful_pairs_of(bundle, f * bundle.bound).mean() for f in (1.001, 1.01, 1.1)]
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[2]


def test_a_set_by_hand():
    # Tasks of 2, 2 and 2.2 s on two like nodes: 3.1 s for the LP; sets of one task or two.
    problem = Problem([[2.0, 2.0 + 1e-7], [2.0, 2.0 + 1e-7], [2.2, 2.2 + 1e-7]])
    assert knapsack_bound(problem, 300.0) == pytest.approx(4.0, rel=1e-4)


def test_it_is_much_better_than_the_lp_on_published_instances(hcsp):
    problem = hcsp("512x16/u_c_hihi.0")
    bundle = converge(problem, most=60)
    assert bundle.bound > 1.0005 * lower_bound(problem)  # HiGHS proves 1.00039 in 60 s


def test_memory_enters_the_bound():
    problem = paper_pool(40, 5, slack=1.1, rng=2)
    free = Problem(problem.et)
    assert knapsack_bound(problem, 1.0) > 1.05 * knapsack_bound(free, 1.0)


def test_equal_calls_give_equal_bits():
    problem = load_problem("braun:u_i_hihi:100x8:seed=1")
    assert converge(problem, 30).proved == converge(problem, 30).proved


def test_zero_times_and_bad_seconds():
    assert knapsack_bound(Problem([[0.0, 1.0], [1.0, 0.0]])) == 0.0
    with pytest.raises(InputError, match="seconds: got 0"):
        knapsack_bound(Problem([[1.0]]), 0)


def test_nothing_is_printed(capfd):
    knapsack_bound(load_problem("braun:u_i_hihi:30x4:seed=1"), 0.2)
    assert capfd.readouterr() == ("", "")


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_split_knapsacks(seed, n):
    rng = np.random.default_rng(seed)
    profit, weight = rng.integers(-2, 6, n).astype(float), rng.integers(0, 5, n).astype(float)
    weight[rng.random(n) < 0.2] = np.inf
    rooms = np.arange(-1.0, 12.0)
    for room, found in zip(rooms, _fractional(profit, weight, rooms), strict=True):
        left, expected = max(room, 0.0), 0.0
        ratios = [(p / w if w else np.inf, p, w) for p, w in zip(profit, weight, strict=True)]
        for _, p, w in sorted(ratios, reverse=True):
            if p > 0 and w < np.inf:
                part = min(1.0, left / w) if w else 1.0
                expected, left = expected + part * p, left - part * w
        assert found == pytest.approx(expected, abs=1e-12)


def test_cuts_that_do_not_bind_are_dropped(monkeypatch):
    problem = load_problem("braun:u_i_hihi:60x6:seed=1")
    few = converge(problem)
    monkeypatch.setattr(knapsack_bound_module, "_CUTS_PER_NODE", 10**6)
    all_cuts = converge(problem)
    assert few.cuts.getNumRow() < 41 * 6 < all_cuts.cuts.getNumRow()
    assert few.bound == pytest.approx(all_cuts.bound, rel=1e-3)


def master(prices=(), worth=0.0, duals=()):
    """In the place of HiGHS: a solved program, and what is deleted from it."""
    deleted = []
    return SimpleNamespace(
        changeColsBounds=lambda *_: None,
        getInfo=lambda: SimpleNamespace(objective_function_value=-worth),
        getSolution=lambda: SimpleNamespace(col_value=[*prices, 9.0], row_dual=duals),
        getNumRow=lambda: len(duals),
        deleteRows=lambda count, rows: deleted.append((count, rows.tolist())),
        deleted=deleted,
    )


@pytest.mark.parametrize(
    ("success", "radius", "factor"),
    [
        (0.6, 0.02, 1.5),
        (0.5, 0.02, 1),
        (0.1, 0.02, 1),
        (0.0, 0.02, 1),
        (-0.1, 0.02, 1),
        (-0.5, 0.02, 1),
        (-0.6, 0.02, 0.7),
        (-0.6, 1.2e-5, 1 / 1.2),
    ],
)
def test_the_trust_region_by_hand(monkeypatch, success, radius, factor):
    bundle = open_bundle(Problem([[2.0, 4.0]]))
    bundle.prices, bundle.spare, bundle.radius = np.array([1.0, 0.0, 0.0]), 0.25, radius
    bundle.cuts = master([2.0, 0.0, 0.0], worth=0.75)  # promised is 0.5, twice the spare
    monkeypatch.setattr(knapsack_bound_module, "has_solved", lambda _: True)
    monkeypatch.setattr(knapsack_bound_module, "_cut", lambda *_: 0.25 + 0.5 * success)
    improve_prices(bundle)
    assert bundle.radius == pytest.approx(factor * radius)
    assert bundle.tolerance == pytest.approx(0.03 * 0.5 / 2)
    better = success > 0
    assert bundle.prices.tolist() == [2.0 if better else 1.0, 0.0, 0.0]
    assert bundle.spare == (0.25 + 0.5 * success if better else 0.25)
    assert bundle.proved == (bundle.makespan if better else 1.0)


def test_a_small_region_is_widened_five_times():
    bundle = SimpleNamespace(radius=1e-6, widened=0, converged=False)
    ends = []
    for _ in range(6):
        knapsack_bound_module._widen_or_end(bundle)
        ends.append(bundle.converged)
    assert ends == [False] * 5 + [True]
    assert bundle.radius == pytest.approx(1e-6 * 4**6)
    large = SimpleNamespace(radius=0.03, widened=0, converged=False)
    knapsack_bound_module._widen_or_end(large)
    assert large.converged


def test_idle_cuts_are_dropped_from_forty_per_node_on():
    for rows, deleted in ((79, []), (80, [(2, [0, 2])])):
        cuts = master(duals=[0.0, 1.0, -1e-10, *[-0.5] * (rows - 3)])
        knapsack_bound_module._drop_cuts(SimpleNamespace(capacity=np.zeros(2), cuts=cuts))
        assert cuts.deleted == deleted


def pairs_of_three_tasks(worth, makespan, memory_price=(0.0, 0.0)):
    """Prices of 4, 3 and 1 for 2, 3 and 1 s, on like nodes; task 0 needs a byte, all they have."""
    nodes = len(worth)
    price, memory, times = np.array([4.0, 3.0, 1.0]), np.eye(3)[0], [[2.0, 3.0, 1.0]] * nodes
    v, ones = np.array(memory_price[:nodes]), np.ones(nodes)
    return useful_pairs(price, v, memory, ones, np.array(times), makespan, np.array(worth))


@pytest.mark.parametrize(
    ("worth", "makespan", "expected"),
    [
        # The only node has to hold all tasks, worth 8. A task goes with the best in what is left.
        ([8.0], 6.0, [[True], [True], [True]]),  # 4 + (4 + 2), 3 + (4 + 1), 1 + (4 + 3)
        ([8.0], 5.5, [[True], [False], [False]]),  # 4 + (4 + 1.5), 3 + 4.5, 1 + 6.5
        # The other node's set is worth at most 4, or 5: this one's at least 4, or 3.
        ([5.0, 4.0], 3.0, [[True, True], [False, True], [True, True]]),  # 4 + 2, 3, 1 + 4
        ([5.0, 4.0], 3.0 * (1 - 5e-10), [[True, True], [False, True], [True, True]]),
        ([5.0, 4.0], 3.0 * (1 - 2e-9), [[True, True], [False, False], [True, True]]),
    ],
)
def test_useful_pairs_by_hand(worth, makespan, expected):
    assert pairs_of_three_tasks(worth, makespan).tolist() == expected


def test_useful_pairs_where_memory_has_a_price():
    # On node 0, task 0 is worth 3 and a byte costs 1; its set is worth 8 - 2.6 - 1 at least.
    pairs = pairs_of_three_tasks([6.4, 2.6], 3.0, memory_price=(1.0, 0.0))
    assert pairs.tolist() == [[True, True], [False, True], [False, True]]  # 3 + 1.5, 3, 1 + 3
