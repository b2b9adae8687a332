"""The ladder's levels, and how tasks and nodes are proposed on them."""

import numpy as np
import pytest
from naive.gibbs import count_proposals, p_value
from scipy.special import softmax
from tempering_walks import model_of, nodes_of

from edgeopt.optim.scheduling.tempering import model as tempering_model
from edgeopt.optim.scheduling.tempering.model import (
    COLDEST,
    GRAINS,
    HOTTEST,
    LEAST_WEIGHT,
    NODES_PROPOSED,
    SOFTEST,
    STIFFEST,
    build_ladder,
)
from edgeopt.optim.stream import open_stream

LEVELS, GAP = 5, 0.6


@pytest.fixture(params=[(7, 1), (6, 4), (5, 70)], ids=str)
def model(request):
    return model_of(*request.param, memory=False)


def node_chances(model, ladder, level):
    """Gibbs probabilities, shape (k, q), over the nodes that the ladder has."""
    costs = np.take_along_axis(model.costs, ladder.nodes, axis=1)
    return softmax(-costs / ladder.temperatures[level], axis=1)


def task_chances(model, ladder, level):
    weights = LEAST_WEIGHT + 1.0 - node_chances(model, ladder, level)[:, 0]
    return weights / weights.sum()


def test_levels_are_geometric(model):
    k, x = model.times.shape
    ladder = build_ladder(model, nodes_of(model), LEVELS, GAP)
    for values, first, last in (
        (ladder.temperatures, HOTTEST * GAP / k, COLDEST * GAP / k),
        (ladder.stiffness, SOFTEST * x, STIFFEST * x / GAP**2),
    ):
        assert values[[0, -1]] == pytest.approx([first, last])
        np.testing.assert_allclose(values[1:] / values[:-1], values[1] / values[0])


def test_a_grain_is_stiff_enough(model):
    """An overload of one grain has the same exponent on the last level, however small the gap."""
    x, grain = model.times.shape[1], 0.5
    whole = model._replace(grain=grain)
    for gap in (grain / 2, grain, GRAINS * grain):
        ladder = build_ladder(whole, nodes_of(model), LEVELS, gap)
        assert ladder.stiffness[-1] == pytest.approx(
            max(STIFFEST / (GRAINS * grain) ** 2, SOFTEST) * x
        )
    assert (np.diff(ladder.stiffness) >= 0.0).all()


def test_nodes_are_the_cheapest_in_order(model):
    ladder = build_ladder(model, nodes_of(model), LEVELS, GAP)
    k, x = model.times.shape
    assert ladder.nodes.shape == (k, min(x, NODES_PROPOSED))
    costs = np.take_along_axis(model.costs, ladder.nodes, axis=1)
    np.testing.assert_array_equal(costs, np.sort(model.costs, axis=1)[:, :NODES_PROPOSED])


def test_of_many_tasks_fewer_nodes_are_proposed(monkeypatch):
    wide = model_of(5, 40, memory=False)
    every = nodes_of(wide)
    assert every.shape == (5, 40)
    for pairs, proposed in ((100, 20), (10, 8)):
        monkeypatch.setattr(tempering_model, "PAIRS_PROPOSED", pairs)
        assert nodes_of(wide).tolist() == every[:, :proposed].tolist()


def test_chances_are_cumulated_gibbs_probabilities(model):
    ladder = build_ladder(model, nodes_of(model), LEVELS, GAP)
    for level in range(LEVELS):
        expected = node_chances(model, ladder, level).cumsum(axis=1)
        found = ladder.chances[level]
        np.testing.assert_allclose(found[:, :-1], expected[:, :-1], atol=1e-6)
        assert (found[:, -1] == 2.0).all()  # no uniform number goes beyond


def test_alias_tables_hold_the_tasks_weights(model):
    ladder = build_ladder(model, nodes_of(model), LEVELS, GAP)
    k = len(model.times)
    for level in range(LEVELS):
        found = ladder.keep[level] / k
        np.add.at(found, ladder.alias[level], (1.0 - ladder.keep[level]) / k)
        np.testing.assert_allclose(found, task_chances(model, ladder, level), atol=1e-6)


def test_proposals_have_their_chances():
    model = model_of(5, 70, memory=False)
    ladder = build_ladder(model, nodes_of(model), LEVELS, GAP)
    for level in (0, LEVELS - 1):
        stream = open_stream(np.random.default_rng(level))
        counts = count_proposals(ladder, level, 70, 100_000, stream)
        chances = np.zeros((5, 70))
        joint = task_chances(model, ladder, level)[:, None] * node_chances(model, ladder, level)
        np.put_along_axis(chances, ladder.nodes, joint, axis=1)
        assert p_value(counts, chances) > 1e-3


def test_a_task_that_never_leaves_is_hardly_proposed():
    model = model_of(4, 3, memory=False)
    model.costs[:] = [[0.0, 0.1, 0.1], [0.0, 900.0, 900.0], [0.1, 0.0, 0.1], [900.0, 900.0, 0.0]]
    ladder = build_ladder(model, nodes_of(model), 2, GAP)
    counts = count_proposals(ladder, 1, 3, 10_000, open_stream(np.random.default_rng(0)))
    assert counts[[1, 3]].sum() == 0
    assert counts.sum() == 10_000
