"""Annealing walks down the ladder, and does so in as many calls as one likes."""

import numpy as np
import pytest
from tempering_walks import LEVELS, model_of, walk_of

from edgeopt.optim.scheduling.tempering.tempering import SINGLE_PROPOSALS, anneal, temper


def bits(walk):
    arrays = [walk.replicas.assignment, walk.replicas.loads, walk.replicas.members]
    arrays += [*walk.incumbent, walk.stream, walk.replicas.costs, walk.replicas.overloads]
    return [array.tobytes() for array in arrays]


@pytest.mark.parametrize("cuts", [[1], [6], [2, 3, 11], list(range(1, 12))], ids=str)
def test_split_calls_give_the_same_bits(cuts):
    model, stay = model_of(30, 4, memory=True), 4
    whole, parts = walk_of(model), walk_of(model)
    for walk in (whole, parts):
        temper(walk, 0, 3 * len(walk.replicas.at))  # so that replicas have left their own levels
    anneal(whole, 0, LEVELS * stay, stay)
    for first, last in zip([0, *cuts], [*cuts, LEVELS * stay], strict=True):
        anneal(parts, first, last, stay)
    assert bits(parts) == bits(whole)


def test_another_stream_is_another_walk():
    model = model_of(30, 4, memory=False)
    walks = [walk_of(model, seed) for seed in (1, 1, 2)]
    for walk in walks:
        anneal(walk, 0, LEVELS, 1)
    first, again, other = map(bits, walks)
    assert first == again != other


def test_levels_below_are_left_alone_until_they_are_reached():
    walk = walk_of(model_of(30, 4, memory=False))
    walk.replicas.at[:] = [1, 2, 0]
    before = walk.replicas.assignment.copy()
    anneal(walk, 0, 2, 2)
    assert (walk.replicas.assignment[1] != before[1]).any()
    np.testing.assert_array_equal(walk.replicas.assignment[[2, 0]], before[[2, 0]])
    assert 0 < walk.incumbent.evaluations[0] <= 2 * SINGLE_PROPOSALS  # no blocks on the soft level
    upper = walk.replicas.assignment[1].copy()
    anneal(walk, 2, 4, 2)
    np.testing.assert_array_equal(walk.replicas.assignment[1], upper)
    np.testing.assert_array_equal(walk.replicas.assignment[0], before[0])
