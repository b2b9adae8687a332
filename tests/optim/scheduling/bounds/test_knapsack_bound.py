"""The knapsack bound is a bound, and pairs that better schedules use are never dropped."""

import importlib
import itertools

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
@settings(max_examples=150, deadline=None)
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
@settings(max_examples=150, deadline=None)
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
    assert knapsack_bound(problem) == pytest.approx(4.0, rel=1e-4)


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
@settings(max_examples=200, deadline=None)
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
