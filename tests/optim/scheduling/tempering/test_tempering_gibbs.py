"""In the long run replicas have the Gibbs distribution of their level, and exactly that one."""

import pytest
from naive.gibbs import count_moves, count_tempering, gibbs, p_value
from tempering_walks import LEVELS, model_of, walk_of

ENOUGH = 1e-4  # p-value: seeds are fixed, and an error of a per cent makes it 1e-20 and less


def level_of(walk, level):
    ladder = walk.ladder
    return gibbs(walk.model, ladder.temperatures[level], ladder.stiffness[level], walk.target)


@pytest.mark.parametrize(("k", "x", "memory"), [(4, 2, False), (5, 3, False), (5, 3, True)])
@pytest.mark.parametrize(("singles", "blocks"), [(40, 0), (0, 8), (7, 2)])
def test_moves_keep_the_distribution(k, x, memory, singles, blocks):
    walk = walk_of(model_of(k, x, memory))
    counts = count_moves(walk, 1, singles, blocks, 40_000)
    assert p_value(counts, level_of(walk, 1)) > ENOUGH


@pytest.mark.parametrize(("singles", "blocks"), [(40, 0), (7, 2)])
def test_forbidden_pairs_have_no_probability(singles, blocks):
    walk = walk_of(model_of(5, 3, memory=True, forbidden=[(0, 0), (1, 0), (1, 2), (3, 1)]))
    counts = count_moves(walk, 1, singles, blocks, 40_000)
    assert p_value(counts, level_of(walk, 1)) > ENOUGH


@pytest.mark.parametrize("memory", [False, True])
def test_tempering_keeps_the_distribution_of_each_level(memory):
    walk = walk_of(model_of(4, 3, memory))
    counts = count_tempering(walk, 2, 8_000)
    for level in range(LEVELS):
        assert p_value(counts[level], level_of(walk, level)) > ENOUGH
        assert p_value(counts[level], level_of(walk, (level + 1) % LEVELS)) < 1e-9


def test_blocks_of_more_tasks_than_are_shared_at_once():
    walk = walk_of(model_of(11, 2, memory=True))
    counts = count_moves(walk, 1, 0, 10, 10_000)
    assert p_value(counts, level_of(walk, 1)) > ENOUGH
