"""Confidence intervals: known values, and how often they hold the truth."""

import numpy as np
import pytest

from edgeopt.optim.framework.measures import batch_interval, replication_interval
from edgeopt.problems.errors import InputError


def test_students_interval_of_three_values():
    interval = replication_interval(np.array([1.0, 2.0, 3.0]))
    assert interval.mean == 2.0
    assert interval.half == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)  # t(2, 97.5 %) = 4.3027


def test_one_value_says_nothing_about_its_spread():
    assert replication_interval(np.array([4.0])) == (4.0, np.inf)


def test_batches_of_one_are_replications():
    values = np.array([1.0, 5.0, 2.0, 8.0])
    assert batch_interval(values, batches=4) == replication_interval(values)


def test_what_fills_no_batch_is_left_out_at_the_start():
    values = np.array([100.0, 1.0, 3.0, 5.0, 7.0])
    assert batch_interval(values, batches=2).mean == 4.0  # batches 2 and 6


def test_batch_means_hold_the_mean_of_a_correlated_run():
    """Student over all values of an AR(1) process misses its mean far too often."""
    rng = np.random.default_rng(4)
    runs, length, memory = 300, 4000, 0.9
    values = np.zeros((runs, length))
    noise = rng.normal(size=(runs, length))
    values[:, 0] = noise[:, 0] / np.sqrt(1 - memory**2)
    for i in range(1, length):
        values[:, i] = memory * values[:, i - 1] + noise[:, i]
    covered = [abs(batch_interval(run).mean) <= batch_interval(run).half for run in values]
    naive = [abs(run.mean()) <= replication_interval(run).half for run in values]
    assert 0.90 <= np.mean(covered) <= 0.98
    assert np.mean(naive) < 0.6


@pytest.mark.parametrize("batches", [1, 6])
def test_batches_that_cannot_be_are_refused(batches):
    with pytest.raises(InputError, match="batches"):
        batch_interval(np.arange(5.0), batches=batches)
