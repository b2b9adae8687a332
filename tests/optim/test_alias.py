"""Alias tables hold exactly the distribution they were made from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from edgeopt.optim.stream import build_alias, draw_alias


def table_of(weights):
    weights = np.array([weights], dtype=float)
    keep, alias = np.full(weights.shape, np.nan), np.full(weights.shape, -1, dtype=np.int32)
    scratch = [np.zeros(weights.shape[1] + 1, dtype=np.int32) for _ in range(2)]
    build_alias(weights, weights.sum(), keep, alias, 0, *scratch)
    return keep, alias


def probabilities(keep, alias):
    """What a table says, column by column."""
    x = keep.shape[1]
    found = np.zeros(x)
    for column in range(x):
        found[column] += keep[0, column] / x
        found[alias[0, column]] += (1 - keep[0, column]) / x
    return found


weights = st.lists(
    st.one_of(st.just(0.0), st.floats(1e-9, 1e9), st.sampled_from([1.0, 2.0])),
    min_size=1,
    max_size=40,
).filter(lambda values: sum(values) > 0)


@given(weights)
@settings(max_examples=250, deadline=None)
def test_the_table_holds_the_distribution(values):
    keep, alias = table_of(values)
    expected = np.array(values) / sum(values)
    np.testing.assert_allclose(probabilities(keep, alias), expected, atol=1e-12)
    assert ((keep >= 0) & (keep <= 1)).all()
    assert ((alias >= 0) & (alias < len(values))).all()


@given(weights, st.floats(0, 1, exclude_max=True))
@settings(max_examples=200, deadline=None)
def test_a_weight_of_zero_is_never_drawn(values, uniform):
    keep, alias = table_of(values)
    index, rest = draw_alias(keep, alias, 0, uniform)
    assert values[index] > 0
    assert 0.0 <= rest <= 1.0


def test_by_hand():
    keep, alias = table_of([1.0, 3.0])
    assert keep.tolist() == [[0.5, 1.0]]
    assert alias[0, 0] == 1
    assert [draw_alias(keep, alias, 0, u)[0] for u in (0.0, 0.24, 0.26, 0.6)] == [0, 0, 1, 1]


def test_draws_and_what_is_left_of_the_number():
    values = [0.5, 0.0, 4.0, 1.0, 2.5]
    keep, alias = table_of(values)
    uniforms = np.random.default_rng(0).random(60_000)
    draws = [draw_alias(keep, alias, 0, u) for u in uniforms]
    counts = np.bincount([index for index, _ in draws], minlength=5)
    expected = np.array(values) / sum(values) * len(draws)
    assert counts[1] == 0
    assert chisquare(np.delete(counts, 1), np.delete(expected, 1)).pvalue > 0.001
    for index in (0, 2, 3, 4):  # uniform whatever was drawn
        rests = [rest for drawn, rest in draws if drawn == index]
        assert kstest(rests, "uniform").pvalue > 0.001


@pytest.mark.parametrize("x", [1, 2, 1000])
def test_equal_weights_keep_every_column(x):
    keep, _ = table_of(np.ones(x))
    assert (keep == 1.0).all()
