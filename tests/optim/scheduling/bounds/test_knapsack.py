"""Knapsacks against enumeration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.knapsack import best_set
from scipy.optimize import linprog

from edgeopt.optim.scheduling.bounds.knapsack import knapsack, split_bound


def random_items(rng, n, whole):
    if whole:
        return rng.integers(-2, 9, n).astype(float), rng.integers(0, 9, n).astype(float)
    weight = rng.exponential(1.0, n)
    return weight * rng.uniform(0.98, 1.02, n), weight  # about equal ratios are the hard ones


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 11), st.booleans(), st.sampled_from([0.0, 1e-9, 0.3])
)
@settings(max_examples=100, deadline=None)
def test_bound_and_set(seed, n, whole, tolerance):
    rng = np.random.default_rng(seed)
    profit, weight = random_items(rng, n, whole)
    capacity = float(rng.integers(0, 20)) if whole else rng.exponential(n / 2)
    taken = np.ones(n, dtype=bool)
    bound = knapsack(profit, weight, capacity, tolerance, taken)
    best, found = best_set(profit, weight, capacity), profit[taken].sum()
    assert weight[taken].sum() <= capacity * (1 + 1e-12)
    assert found <= best + 1e-9
    assert best - 1e-9 <= bound <= found + tolerance + 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(1, 11), st.booleans())
@settings(max_examples=100, deadline=None)
def test_split_items(seed, n, whole):
    rng = np.random.default_rng(seed)
    profit, weight = random_items(rng, n, whole)
    capacity = float(rng.integers(0, 20)) if whole else rng.exponential(n / 2)
    most = np.where(weight <= capacity, 1.0, 0.0)  # what does not fit whole is left out
    answer = linprog(-profit, weight[None], [capacity], bounds=np.stack([0 * most, most], axis=1))
    assert split_bound(profit, weight, capacity) == pytest.approx(-answer.fun, abs=1e-9)
    assert split_bound(profit, weight, capacity) >= best_set(profit, weight, capacity) - 1e-9


def test_infinite_weights_are_left_out():
    taken = np.zeros(3, dtype=bool)
    weight = np.array([np.inf, 1.0, np.inf])
    assert knapsack(np.array([9.0, 2.0, 9.0]), weight, 5.0, 0.0, taken) == 2.0
    assert taken.tolist() == [False, True, False]


def test_the_item_of_the_largest_ratio_may_be_left_out():
    # By ratio 4.8 / 4 and 5.5 / 5 are taken, 10.3 in 9 of 10; the last two fill it with 10.7.
    taken = np.zeros(3, dtype=bool)
    profit, weight = np.array([4.8, 5.5, 5.2]), np.array([4.0, 5.0, 5.0])
    assert knapsack(profit, weight, 10.0, 0.0, taken) == pytest.approx(10.7)
    assert taken.tolist() == [False, True, True]


def test_a_large_knapsack_is_solved_to_the_tolerance():
    rng = np.random.default_rng(1)
    weight = rng.exponential(1.0, 500)
    profit = weight * rng.uniform(0.8, 1.2, 500)
    taken = np.zeros(500, dtype=bool)
    bound = knapsack(profit, weight, 20.0, 1e-9, taken)
    assert weight[taken].sum() <= 20.0
    assert bound == pytest.approx(profit[taken].sum() + 1e-9, rel=1e-14)


def test_too_many_states_widen_the_bound_but_not_beyond_that_of_split_items():
    rng = np.random.default_rng(1)
    weight = rng.exponential(1.0, 300)
    ratio = rng.uniform(0.999, 1.001, 300)
    taken = np.zeros(300, dtype=bool)
    bound = knapsack(weight * ratio, weight, 20.0, 1e-12, taken)
    found = (weight * ratio)[taken].sum()
    assert found + 1e-9 < bound < found + 2 * (20.0 * ratio.max() - found)
