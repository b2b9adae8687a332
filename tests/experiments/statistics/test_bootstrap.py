"""The bootstrap against scipy's, and its strata and pairing."""

import math

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


def test_the_interval_of_a_mean_of_equal_or_too_few_values():
    assert mean_interval(np.array([0.1, 0.1])) == (0.1, 0.1)
    assert np.isnan(mean_interval(np.array([0.1]))).all()
