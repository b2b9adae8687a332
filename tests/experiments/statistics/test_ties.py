"""Rounding noise does not rank."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from edgeopt.experiments.statistics.rank_tests import (
    friedman,
    holm_ranks,
    nemenyi,
    rank_table,
    signed_ranks,
)
from edgeopt.experiments.statistics.ties import resolution, tied_ranks


def test_noise_is_a_billionth_of_the_makespan():
    assert resolution(np.array([0.0, 3.0, -1.0])) == pytest.approx([1e-9, 4e-9, 2e-9], abs=0.0)
    assert resolution(np.array([0.0, 5.0]), scale=0.0) == pytest.approx([0.0, 5e-9], abs=0.0)


def test_neighbours_tie_within_the_smaller_of_their_noises():
    assert tied_ranks(np.arange(3.0), np.array([0.5, 3.0, 3.0])).tolist() == [1, 2.5, 2.5]


def test_ranks_by_hand():
    values = np.array([0.3, 0.1, 0.1 + 1e-10, math.inf, 0.2, math.inf, 0.1 - 1e-10])
    assert tied_ranks(values, resolution(values)).tolist() == [5, 2, 2, 6.5, 4, 6.5, 2]
    assert tied_ranks(values, np.zeros(7)).tolist() == [5, 2, 3, 6.5, 4, 6.5, 1]


def test_small_gaps_are_measured_by_their_makespan():
    # makespans of 100 s that differ by 1e-11 s, and by 1e-6 s
    gaps = np.array([1e-13, 3e-13, 1e-8])
    assert tied_ranks(gaps, resolution(gaps)).tolist() == [1.5, 1.5, 3]


grid = st.integers(0, 5).map(lambda number: number / 10)
noise = st.floats(-1e-12, 1e-12)
tables = st.integers(2, 8).flatmap(
    lambda n: st.tuples(
        arrays.arrays(float, (n, 3), elements=grid), arrays.arrays(float, (n, 3), elements=noise)
    )
)


@given(tables)
@settings(max_examples=25)
def test_noise_changes_no_rank_and_no_test(table):
    exact, noisy = (pd.DataFrame(values) for values in (table[0], table[0] + table[1]))
    np.testing.assert_array_equal(rank_table(noisy), exact.rank(axis=1))
    one, other = (signed_ranks(t[0].to_numpy(), t[1].to_numpy()) for t in (exact, noisy))
    assert one == other


def test_noise_reaches_no_test_of_average_ranks():
    rng = np.random.default_rng(2)
    exact = pd.DataFrame(rng.integers(3, size=(8, 3)) / 10)
    noisy = exact + rng.uniform(-1e-12, 1e-12, (8, 3))
    assert (noisy.rank(axis=1) != exact.rank(axis=1)).any(axis=None)
    assert friedman(noisy) == friedman(exact)
    np.testing.assert_array_equal(nemenyi(noisy), nemenyi(exact))
    np.testing.assert_array_equal(holm_ranks(noisy), holm_ranks(exact))


@given(arrays.arrays(float, st.integers(1, 20), elements=st.integers(-9, 9).map(float)))
def test_without_noise_they_are_plain_ranks(values):
    np.testing.assert_array_equal(tied_ranks(values, resolution(values)), stats.rankdata(values))


def test_equal_differences_tie_though_they_are_rounded():
    # 0.3 - 0.2 and 0.2 - 0.1 differ in their last bits
    first, second = np.array([0.2, 0.1, 0.0]), np.array([0.3, 0.2, 0.3])
    assert (second - first)[0] != (second - first)[1]
    assert signed_ranks(first, second).p == signed_ranks(10 * first, 10 * second).p
    found = signed_ranks(first, second * [1, 1, -1])
    assert (found.pairs, found.statistic) == (3, 3)  # ranks 1.5, 1.5 and 3


def test_numbers_other_than_gaps_are_told_apart_at_their_own_scale():
    small = np.array([1e-12, 2e-12, 3e-12])
    assert signed_ranks(small, 2 * small).pairs == 0
    assert signed_ranks(small, 2 * small, scale=0.0).effect == pytest.approx(1)
