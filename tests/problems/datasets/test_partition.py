"""Data spread over nodes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.datasets.dataset import dirichlet_partition
from edgeopt.problems.errors import InputError


@settings(max_examples=60)
@given(st.data(), st.floats(1e-300, 1e9), st.integers(0, 2**32))
def test_every_example_has_one_node_and_every_node_an_example(data, concentration, seed):
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=60)))
    nodes = data.draw(st.integers(1, len(labels)))
    parts = dirichlet_partition(labels, nodes, concentration, rng=seed)
    assert len(parts) == nodes
    assert all(len(part) and (np.diff(part) > 0).all() for part in parts)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))


def test_same_seed_same_parts():
    labels = np.arange(300) % 10
    one, two, other = (dirichlet_partition(labels, 7, 0.5, rng=seed) for seed in (1, 1, 2))
    assert all(map(np.array_equal, one, two))
    assert not all(map(np.array_equal, one, other))


def class_shares(concentration):
    labels = np.arange(20_000) % 10
    parts = dirichlet_partition(labels, 4, concentration, rng=0)
    return np.array([np.bincount(labels[part], minlength=10) / 2000 for part in parts])


def test_large_concentration_gives_equal_shares():
    assert class_shares(1e6) == pytest.approx(np.full((4, 10), 0.25), abs=0.01)


def test_small_concentration_keeps_classes_together():
    assert class_shares(1e-3).max(axis=0) == pytest.approx(np.ones(10), abs=0.01)


def test_shares_have_the_variance_of_the_distribution():
    labels = np.repeat(np.arange(2000), 200)
    parts = dirichlet_partition(labels, 4, 0.5, rng=0)
    shares = np.bincount(labels[parts[0]], minlength=2000) / 200
    assert shares.mean() == pytest.approx(1 / 4, abs=0.02)
    assert shares.var() == pytest.approx(1 / 4 * 3 / 4 / (4 * 0.5 + 1), rel=0.1)


def test_as_many_nodes_as_examples():
    parts = dirichlet_partition(np.zeros(5, dtype=np.int64), 5, 0.01, rng=0)
    assert [len(part) for part in parts] == [1] * 5


@pytest.mark.parametrize(
    ("nodes", "concentration", "message"),
    [
        (0, 1.0, "nodes: got 0"),
        (4, 1.0, "nodes: got 4, must be at most the number of examples, 3"),
        (2, 0.0, "concentration: got 0"),
        (2, 1e10, "concentration: got 10000000000.0, .* <= 1e\\+09"),
    ],
)
def test_bad_input(nodes, concentration, message):
    with pytest.raises(InputError, match=message):
        dirichlet_partition(np.array([0, 1, 1]), nodes, concentration, rng=0)
