"""Paired ratios: by hand, against scipy, and their symmetries."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgeopt.experiments.statistics.ratio import (
    Measured,
    add_holm,
    median_limits,
    paired_ratio,
    ratios_of,
)

INFINITE = float("inf")
numbers = st.lists(st.floats(0.01, 100.0), min_size=3, max_size=20)


def test_ratios_of_ties_and_of_what_has_no_schedule():
    own = np.array([1.0, 3.0, 0.1 + 0.2, INFINITE, INFINITE, 2.0])
    rival = np.array([2.0, 2.0, 0.3, INFINITE, 2.0, INFINITE])
    assert ratios_of(own, rival).tolist() == [0.5, 1.5, 1.0, 1.0, INFINITE, 0.0]


def test_a_duel_by_hand():
    own, rival = np.array([1.0, 1.0, 3.0, 4.0]), np.array([2.0, 4.0, 2.0, 4.0])
    found = paired_ratio(own, rival)
    assert (found.pairs, found.ratio, found.wins) == (4, 0.75, 0.5)
    # |log| ranks: 1.5 first (log 1.5), then log 2, then log 4; the tie is left out
    assert found.effect == pytest.approx((2 + 3 - 1) / 6)
    z = stats.norm.ppf(0.975)  # Wilson 1927
    middle, half = 0.5, z * np.sqrt(0.25 / 4 + z**2 / 64) / (1 + z**2 / 4)
    assert (found.wins_low, found.wins_high) == pytest.approx((middle - half, middle + half))


def test_the_test_is_that_of_the_logarithms():
    rng = np.random.default_rng(1)
    own, rival = rng.lognormal(0.0, 1.0, 30), rng.lognormal(0.4, 1.0, 30)
    expected = stats.wilcoxon(np.log(own), np.log(rival)).pvalue
    assert paired_ratio(own, rival).p == pytest.approx(expected)


@settings(max_examples=10, deadline=None)
@given(numbers, st.floats(0.1, 10.0))
def test_the_unit_does_not_matter(values, unit):
    own = np.array(values)
    rival = own[::-1].copy()
    first, second = paired_ratio(own, rival), paired_ratio(unit * own, unit * rival)
    assert first == pytest.approx(second)


@settings(max_examples=10, deadline=None)
@given(numbers)
def test_who_is_who_turns_the_signs(values):
    own = np.array(values)
    rival = np.roll(own, 1)
    forth, back = paired_ratio(own, rival), paired_ratio(rival, own)
    assert forth.effect == pytest.approx(-back.effect)
    assert forth.p == pytest.approx(back.p)
    assert forth.wins + back.wins <= 1 + 1e-12


def test_the_interval_holds_the_median_as_often_as_it_says():
    rng = np.random.default_rng(2)
    limits = np.array([median_limits(rng.normal(size=60)) for _ in range(100)])
    covered = ((limits[:, 0] <= 0) & (limits[:, 1] >= 0)).mean()
    assert 0.88 < covered < 1.0


def test_the_limits_of_a_median_by_hand():
    # of 5 drawn values the median is the least one with probability 5.8 %, more than 2.5 %
    assert median_limits(np.array([3.0, 1, 5, 2, 4])) == (1, 5)


def test_a_measured_number_without_an_interval_is_exact():
    exact = Measured(3.0, unit="s")
    assert exact.limits == (3, 3)
    assert exact.scaled(1e3, "ms") == Measured(3e3, unit="ms")


def test_a_measured_number_scales_with_its_interval_and_keeps_its_test():
    found = Measured(0.5, 0.25, 1.0, 0.01, "", "signed ranks of 9 pools")
    assert found.limits == (0.25, 1.0)
    assert found.scaled(100, "%") == Measured(50, 25, 100, 0.01, "%", "signed ranks of 9 pools")
    assert found.without_test() == Measured(0.5, 0.25, 1.0)


def test_the_interval_of_infinite_values_is_infinite():
    assert median_limits(np.full(5, INFINITE)) == (INFINITE, INFINITE)


def test_holm_by_hand():
    table = add_holm(pd.DataFrame({"p": [0.01, 0.04, 0.03]}))
    assert table["p_holm"].tolist() == pytest.approx([0.03, 0.06, 0.06])
