"""An ant's choice (2): rejection and roulette draw from the same distribution, the right one."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.colony.selection import (
    Nodes,
    Visibility,
    _spin,
    largest_free_share,
    memory_ratio,
    reject,
    roulette,
)
from edgeopt.optim.stream import build_alias, open_stream

DRAWS = 40_000


@jit
def _reject_often(keep, alias, nodes, memory, free, visibility, tries, stream, counts):
    for _ in range(DRAWS):
        counts[reject(keep, alias, 0, nodes, memory, free, visibility, tries, stream)] += 1


@jit
def _spin_often(weights, times, nodes, memory, visibility, stream, counts):
    for _ in range(DRAWS):
        counts[roulette(weights, times, 0, nodes, memory, visibility, stream)] += 1


@jit
def _as_an_ant(keep, alias, weights, times, nodes, memory, free, visibility, stream, counts):
    for _ in range(DRAWS):
        node = reject(keep, alias, 0, nodes, memory, free, visibility, 2, stream)
        if node < 0:
            node = roulette(weights, times, 0, nodes, memory, visibility, stream)
        counts[node] += 1


def situation(seed, x, memory):
    """Static weights and half-filled nodes, one of them full."""
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(5.0, 20.0, x)
    used = capacity * rng.uniform(0.0, 0.9, x)
    used[rng.integers(x)] = capacity.max()
    weights = rng.exponential(1.0, (1, x)) * (1 - memory / capacity) ** 5
    nodes = Nodes(rng.exponential(5.0, x), used, capacity, np.zeros(x))
    return weights, rng.exponential(1.0, (1, x)), nodes


def expected_distribution(weights, times, nodes, memory, visibility):
    """(2), with eta as (4) over its value on the empty node."""
    shares = []
    for j in range(weights.shape[1]):
        room = nodes.used[j] + memory <= nodes.capacity[j]
        eta = max(0.0, 1 - (nodes.used[j] + memory) / nodes.capacity[j])
        share = weights[0, j] * (eta / (1 - memory / nodes.capacity[j])) ** visibility.beta
        if visibility.completion:
            share /= (nodes.loads[j] + times[0, j]) ** visibility.beta
        shares.append(share if room else 0.0)
    return np.array(shares) / sum(shares)


def table_of(weights):
    keep, alias = np.zeros_like(weights), np.zeros(weights.shape, dtype=np.int32)
    scratch = [np.zeros(weights.shape[1] + 1, dtype=np.int32) for _ in range(2)]
    build_alias(weights, weights.sum(), keep, alias, 0, *scratch)
    return keep, alias


def assert_drawn_from(counts, expected):
    drawn = expected * counts.sum() > 5
    assert counts[expected == 0].sum() == 0
    rest = expected[drawn] / expected[drawn].sum() * counts[drawn].sum()
    assert chisquare(counts[drawn], rest).pvalue > 0.001


@pytest.mark.parametrize("x", [3, 10, 60])
@pytest.mark.parametrize("beta", [1.0, 5.0, 2.5])
def test_rejection_and_roulette_draw_the_same(x, beta):
    memory = 0.7
    weights, times, nodes = situation(x, x, memory)
    visibility = Visibility(beta, True, False)
    keep, alias = table_of(weights)
    free = largest_free_share(nodes)
    rejected, spun, mixed = (np.zeros(x + 1, dtype=np.int64) for _ in range(3))
    stream = open_stream(np.random.default_rng(1))
    _reject_often(keep, alias, nodes, memory, free, visibility, 10_000, stream, rejected)
    _spin_often(weights, times, nodes, memory, visibility, stream, spun)
    _as_an_ant(keep, alias, weights, times, nodes, memory, free, visibility, stream, mixed)
    expected = expected_distribution(weights, times, nodes, memory, visibility)
    for counts in (rejected, spun, mixed):
        assert_drawn_from(counts[:x], expected)
    seen = rejected + spun > 10
    assert chi2_contingency(np.array([rejected[seen], spun[seen]])).pvalue > 0.001


def test_a_stale_bound_changes_nothing():
    weights, times, nodes = situation(5, 12, 0.5)
    visibility = Visibility(3.0, True, False)
    counts = np.zeros(13, dtype=np.int64)
    stream = open_stream(np.random.default_rng(2))
    _reject_often(*table_of(weights), nodes, 0.5, 1.0, visibility, 10_000, stream, counts)
    assert_drawn_from(counts[:12], expected_distribution(weights, times, nodes, 0.5, visibility))


def test_completion_times_in_the_roulette():
    weights, times, nodes = situation(8, 15, 0.5)
    visibility = Visibility(4.0, True, True)
    counts = np.zeros(16, dtype=np.int64)
    _spin_often(
        weights, times, nodes, 0.5, visibility, open_stream(np.random.default_rng(3)), counts
    )
    assert_drawn_from(counts[:15], expected_distribution(weights, times, nodes, 0.5, visibility))


def one_spin(weights, times, nodes, memory, visibility):
    stream = open_stream(np.random.default_rng(0))
    return roulette(np.array([weights]), np.array([times]), 0, nodes, memory, visibility, stream)


def test_numerators_of_zero_leave_all_nodes_with_room():
    nodes = Nodes(np.zeros(3), np.array([0.0, 2.0, 0.0]), np.full(3, 2.0), np.zeros(3))
    counts = np.zeros(4, dtype=np.int64)
    stream = open_stream(np.random.default_rng(0))
    visibility = Visibility(5.0, True, False)
    _spin_often(np.zeros((1, 3)), np.ones((1, 3)), nodes, 1.0, visibility, stream, counts)
    assert counts[1] == counts[3] == 0
    assert chisquare(counts[[0, 2]]).pvalue > 0.001


def test_no_room_anywhere():
    nodes = Nodes(np.zeros(2), np.ones(2), np.ones(2), np.zeros(2))
    assert one_spin([1.0, 1.0], [1.0, 1.0], nodes, 0.5, Visibility(5.0, True, False)) == -1


def test_a_completion_time_of_zero_is_taken():
    nodes = Nodes(np.array([0.0, 1.0, 0.0]), np.zeros(3), np.full(3, np.inf), np.zeros(3))
    visibility = Visibility(5.0, False, True)
    for times in ([0.0, 5.0, 1.0], [0.0, 0.0, 3.0]):
        assert one_spin([1.0, 9.0, 9.0], times, nodes, 0.0, visibility) == 0


def test_a_node_that_is_just_full_counts_where_the_exponent_is_zero():
    nodes = Nodes(np.zeros(1), np.ones(1), np.full(1, 2.0), np.zeros(1))
    assert one_spin([1.0], [1.0], nodes, 1.0, Visibility(0.0, True, False)) == 0


def test_rounding_never_yields_a_share_of_zero():
    assert _spin(np.array([1.0, 2.0, 0.0]), 3.0) == 1
    assert _spin(np.array([0.0, 2.0, 0.0]), 0.0) == 1


def test_a_node_that_is_just_filled_is_drawn_from_the_table_too():
    nodes = Nodes(np.zeros(1), np.ones(1), np.full(1, 2.0), np.zeros(1))
    keep, alias = table_of(np.ones((1, 1)))
    for memory, drawn in ((1.0, 0), (1.0 + 1e-9, -1)):
        stream = open_stream(np.random.default_rng(0))
        visibility = Visibility(5.0, False, False)
        assert reject(keep, alias, 0, nodes, memory, 1.0, visibility, 3, stream) == drawn


def test_the_free_share_bounds_the_memory_ratio():
    for seed in range(20):
        _, _, nodes = situation(seed, 6, 0.7)
        ratios = [memory_ratio(nodes.used[j], nodes.capacity[j], 0.7) for j in range(6)]
        assert max(ratios) <= largest_free_share(nodes) <= 1.0
    nothing = Nodes(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1))
    assert largest_free_share(nothing) == memory_ratio(0.0, nothing.capacity[0], 0.0) == 1.0
