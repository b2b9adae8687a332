"""The signed-rank test against other packages and all sign patterns."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgeopt.experiments.statistics.rank_tests import paired_differences, signed_ranks


def test_published_example_of_pingouin():
    # help of pingouin.wilcoxon (RBC of x against y); the exact p-value is of HypothesisTests.jl
    x = np.array([20, 22, 19, 20, 22, 18, 24, 20, 19, 24, 26, 13.0])
    y = np.array([38, 37, 33, 29, 14, 12, 20, 22, 17, 25, 26, 16.0])
    found = signed_ranks(x, y)
    assert (found.pairs, found.statistic) == (11, 20.5)
    assert found.effect == pytest.approx(0.378788, abs=1e-6)
    assert found.p == pytest.approx(0.288086, abs=1e-6)


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=9))
def test_exact_p_value_counts_all_sign_patterns(differences):
    second = np.array(differences, dtype=float)
    found = signed_ranks(np.zeros(len(second)), second)
    kept = second[second != 0]
    if not kept.size:
        assert (found.pairs, found.p, found.effect) == (0, 1, 0)
        return
    ranks = stats.rankdata(np.abs(kept))
    sums = [ranks[np.array(signs)].sum() for signs in product([False, True], repeat=len(kept))]
    sums = np.array(sums)
    above = ranks[kept > 0].sum()
    tail = min((sums <= above).mean(), (sums >= above).mean())
    assert found.p == pytest.approx(min(1, 2 * tail))
    assert found.effect == pytest.approx(2 * above / ranks.sum() - 1)


def test_an_infinite_gap_is_worse_than_any_and_equal_to_its_like():
    first = np.array([1.0, 2, math.inf, math.inf, 3])
    second = np.array([math.inf, math.inf, 5, math.inf, 4])
    assert paired_differences(first, second).tolist() == [-math.inf, -math.inf, math.inf, 0, -1]
    found = signed_ranks(first, second)
    assert found.pairs == 4
    assert found.effect == pytest.approx((1 + 3 + 3 - 3) / 10)


def test_swapping_the_solvers_swaps_the_effect_only():
    first, second = np.random.default_rng(1).random((2, 20))
    one, other = signed_ranks(first, second), signed_ranks(second, first)
    assert (one.effect, one.p) == (pytest.approx(-other.effect), pytest.approx(other.p))


@pytest.mark.parametrize("seed", range(8))
def test_p_with_ties_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(1, 5, 8).astype(float)
    second = first + rng.integers(1, 4, 8) * rng.choice([-1, 1], 8)
    ours = signed_ranks(first, second, scale=0.0)
    assert ours.p == pytest.approx(stats.wilcoxon(second - first).pvalue, rel=1e-12)
