"""The bootstrap against scipy's, and its strata and pairing."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from edgeopt.experiments.statistics.bootstrap import RESAMPLES, interval, mean_interval, resampled


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_interval_of_a_mean_agrees_with_scipy():
    data = rng().exponential(size=40)
    sample = resampled(data[:, None], [np.arange(40)], np.mean, rng(2))
    assert sample.shape == (RESAMPLES, 1)
    reference = stats.bootstrap(
        (data,), np.mean, method="percentile", n_resamples=20000, rng=rng(3)
    ).confidence_interval
    width = reference.high - reference.low
    assert interval(sample)[:, 0] == pytest.approx([*reference], abs=0.06 * width)


def test_coverage_of_a_normal_mean():
    hits = 0
    for seed in range(200):
        data = rng(seed).normal(size=(30, 1))
        low, high = interval(resampled(data, [np.arange(30)], np.mean, rng(seed)))
        hits += bool(low[0] <= 0 <= high[0])
    assert 0.88 <= hits / 200 <= 0.99


def test_the_interval_is_the_central_part_of_each_column():
    column = np.arange(999.0)
    low, high = interval(np.column_stack([column, -column]))
    assert low.tolist() == [24, -974]  # the least value that 2.5 % of the sample do not exceed
    assert high.tolist() == [974, -24]


def test_limits_of_a_median_are_those_of_the_exact_bootstrap_distribution():
    values = np.array([1.0, 2, 4, 8, 16])
    exact = np.median(list(product(values, repeat=5)), axis=1)  # all 3125 resamples
    found = resampled(values[:, None], [np.arange(5)], np.median, rng())
    for value in values:
        assert (found <= value).mean() == pytest.approx((exact <= value).mean(), abs=0.03)
    wanted = np.quantile(exact, [0.025, 0.975], method="inverted_cdf")
    assert interval(found)[:, 0].tolist() == wanted.tolist() == [1, 16]


def test_each_stratum_counts_alike_however_large():
    values = np.array([[3.0], [3], [3], [3], [9]])
    sample = resampled(values, [np.arange(4), np.array([4])], np.mean, rng())
    assert (sample == 6).all()


def test_strata_are_resampled_apart():
    values = np.array([[0.0], [0], [0], [10], [10], [10]])
    apart = resampled(values, [np.arange(3), np.arange(3, 6)], np.median, rng())
    assert (apart == 5).all()
    assert np.ptp(resampled(values, [np.arange(6)], np.mean, rng())) > 0


def test_solvers_keep_their_pairing():
    data = rng().random(12)
    sample = resampled(np.column_stack([data, data + 1]), [np.arange(12)], np.mean, rng(2))
    assert sample[:, 1] - sample[:, 0] == pytest.approx(np.ones(RESAMPLES))


def test_infinite_values_give_infinite_limits_without_a_warning():
    values = np.array([[1.0], [2], [math.inf]])
    low, high = interval(resampled(values, [np.arange(3)], np.mean, rng()))
    assert 1 <= low[0] < 2
    assert high[0] == math.inf


def test_the_interval_of_a_mean_against_plain_resampling():
    values = np.random.default_rng(1).normal(-0.2, 0.1, 40)
    means = np.random.default_rng(2).choice(values, (20_000, 40)).mean(axis=1)
    assert mean_interval(values) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.004)
    assert mean_interval(values) == mean_interval(values)


def test_the_interval_of_a_mean_is_corrected_for_skewness():
    values = np.random.default_rng(4).exponential(size=12)
    limits = {
        method: stats.bootstrap((values,), np.mean, method=method, rng=rng(5)).confidence_interval
        for method in ("BCa", "percentile")
    }
    found = mean_interval(values)
    assert found == pytest.approx([*limits["BCa"]], abs=0.03)
    assert found[1] > limits["percentile"].high + 0.05


def test_the_interval_of_a_mean_of_equal_or_too_few_values():
    assert mean_interval(np.array([0.1, 0.1])) == (0.1, 0.1)
    assert np.isnan(mean_interval(np.array([0.1]))).all()
