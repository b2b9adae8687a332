"""Performance profiles, runtime distributions and expected running times by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sweep_rows import failed, run, sweep

from edgeopt.experiments.statistics.profiles import (
    ECDF_TARGETS,
    ERT_TARGETS,
    expected_running_time,
    fraction_within,
    hitting_times,
    performance_ratios,
    running_times,
)
from edgeopt.problems.errors import InputError


def test_targets_fall_from_coarse_to_fine():
    assert ECDF_TARGETS[[0, 10, 20, 30, 40]] == pytest.approx([1.0, 0.1, 0.01, 1e-3, 1e-4])
    assert len(ECDF_TARGETS) == 41
    assert list(ERT_TARGETS) == [0.5, 0.1, 0.05, 0.02, 0.01, 0.005]  # the columns of the reports


def test_performance_profile_by_hand():
    costs = pd.DataFrame({"a": [1.0, 4, math.inf, 3], "b": [2.0, 2, 5, math.inf]})
    ratios = performance_ratios(costs)
    assert ratios["a"].to_list() == [1, 2, math.inf, 1]
    assert ratios["b"].to_list() == [2, 1, 1, math.inf]
    assert fraction_within(ratios["a"], [1, 1.5, 2, 100]).tolist() == [0.5, 0.5, 0.75, 0.75]
    assert fraction_within(ratios["b"], [0.9, 1, 2]).tolist() == [0, 0.5, 0.75]


def test_where_all_fail_nobody_is_within_any_factor():
    ratios = performance_ratios(pd.DataFrame({"a": [math.inf, 1], "b": [math.inf, 2.0]}))
    assert ratios.iloc[0].to_list() == [math.inf, math.inf]
    assert fraction_within(ratios["a"], [1e9]).tolist() == [0.5]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.floats(-1, 10))
def test_fraction_within_is_the_empirical_distribution_function(values, point):
    expected = stats.ecdf(values).cdf.evaluate(point)
    assert fraction_within(values, [point])[0] == pytest.approx(expected)


def test_expected_running_time_by_hand():
    # two of three runs succeed, after 10 and 30; the third used 100 in vain
    ert = expected_running_time(np.array([10, math.inf, 30]), np.array([50.0, 100, 60]))
    assert ert == (10 + 100 + 30) / 2
    assert expected_running_time(np.array([math.inf]), np.array([5.0])) == math.inf
    with_failure = expected_running_time(np.array([10, math.inf]), np.array([50, math.nan]))
    assert with_failure == 10


def test_expected_running_time_is_that_of_restarts():
    # p = 1/4 of meeting the target after 3, else 8 lost: E = 3 + 3 * 8
    reached, used = np.array([3, math.inf, math.inf, math.inf]), np.full(4, 8.0)
    rng = np.random.default_rng(5)
    failures = rng.geometric(0.25, size=200_000) - 1
    simulated = (8.0 * failures + 3).mean()
    assert expected_running_time(reached, used) == pytest.approx(27)
    assert simulated == pytest.approx(27, rel=0.01)


def test_tables_of_hitting_and_running_times():
    cells = sweep(
        [
            run("a", [(1, 0.5, 150.0), (9, 2.0, 105.0)], repetition=0),
            run("a", [(3, 0.5, 150.0), (20, 3.0, 140.0)], repetition=1),
            failed("b", repetition=0),
            run("b", [(4, 1.0, 100.0)], repetition=1),
        ]
    )
    targets = np.array([0.5, 0.1])
    times = hitting_times(cells, "evaluations", targets)
    assert times.loc[("p", "a", 0)].to_list() == [1, 9]
    assert times.loc[("p", "a", 1)].to_list() == [3, math.inf]
    assert times.loc[("p", "b", 0)].to_list() == [math.inf, math.inf]
    expected = running_times(cells, "evaluations", (0.5, 0.1))
    assert expected.loc[("p", "a")].to_list() == [2, 29]
    assert expected.loc[("p", "b")].to_list() == [4, 4]
    assert running_times(cells, "seconds", (0.1,)).loc[("p", "a")].to_list() == [5.0]


def test_a_target_is_met_by_the_number_that_says_so():
    assert 110 / 100 - 1 > 0.1
    cells = sweep([run("a", [(7, 0.5, 110.0)])])
    assert hitting_times(cells, "evaluations", np.array([0.1])).to_numpy().tolist() == [[7]]


def test_a_negative_target_is_refused():
    with pytest.raises(InputError, match="targets"):
        hitting_times(sweep([failed("a")]), "seconds", np.array([-0.1]))
