"""Minimum cuts against enumeration on small graphs, and against the scan on chains."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.mincut import SplitCosts, min_cut, split_cost

SEEDS = st.integers(0, 2**32 - 1)


def random_costs(seed: int, *, chain: bool = False) -> SplitCosts:
    """Costs over many orders of magnitude on a random graph of up to eight layers."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 9))
    inputs = [
        (i - 1,) if chain else tuple(rng.choice(np.arange(-1, i), min(i + 1, rng.integers(1, 4))))
        for i in range(size)
    ]

    def draw(length: int) -> np.ndarray:
        return rng.choice([0.0, 1.0], length, p=[0.1, 0.9]) * 10 ** rng.uniform(-2, 2, length)

    return SplitCosts(draw(size), draw(size), draw(size + 1), inputs)


def enumerate_splits(costs: SplitCosts) -> float:
    """Least cost over all subsets of layers, from the definition."""
    best = np.inf
    for on_edge in product([False, True], repeat=len(costs.inputs)):
        backwards = any(
            on_edge[layer] and source >= 0 and not on_edge[source]
            for layer, sources in enumerate(costs.inputs)
            for source in sources
        )
        if backwards:
            continue
        sent = {
            source
            for layer, sources in enumerate(costs.inputs)
            for source in sources
            if not on_edge[layer] and (source < 0 or on_edge[source])
        }
        run = sum(costs.edge[i] if here else costs.cloud[i] for i, here in enumerate(on_edge))
        best = min(best, run + sum(costs.send[source + 1] for source in sent))
    return best


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_the_minimum_cut_is_the_best_split(seed: int):
    costs = random_costs(seed)
    expected = enumerate_splits(costs)
    assert split_cost(costs, min_cut(costs)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS)
def test_on_a_chain_the_minimum_cut_is_the_best_prefix(seed: int):
    costs = random_costs(seed, chain=True)
    size = len(costs.inputs)
    prefixes = [split_cost(costs, np.arange(size) < end) for end in range(size + 1)]
    on_edge = min_cut(costs)
    assert split_cost(costs, on_edge) == pytest.approx(min(prefixes), rel=1e-6, abs=1e-9)
    assert (np.diff(on_edge.astype(int)) <= 0).all()  # a prefix


def test_parallel_branches_may_part():
    # a slow and a fast branch from a big input; their results are small
    costs = SplitCosts(
        edge=np.array([1.0, 50.0, 9.0, 9.0]),
        cloud=np.array([0.5, 1.0, 1.0, 1.0]),
        send=np.array([100.0, 2.0, 30.0, 1.0, 1.0]),
        inputs=[(-1,), (0,), (0,), (1, 2)],
    )
    assert min_cut(costs).tolist() == [True, False, False, False]
    assert split_cost(costs, min_cut(costs)) == pytest.approx(1 + 2 + 1 + 1 + 1)
    cheap = replace(
        costs, edge=np.array([1.0, 50.0, 0.1, 9.0]), send=np.array([100, 2, 30, 0, 1.0])
    )
    assert min_cut(cheap).tolist() == [True, False, True, False]


def test_a_tensor_with_two_readers_is_sent_once():
    costs = SplitCosts(np.zeros(3), np.zeros(3), np.array([9.0, 5.0, 0, 0]), [(-1,), (0,), (0,)])
    assert split_cost(costs, np.array([True, False, False])) == 5.0


def test_data_never_flows_back():
    costs = SplitCosts(np.ones(2), np.ones(2), np.ones(3), [(-1,), (0,)])
    assert split_cost(costs, np.array([False, True])) == np.inf


def test_free_layers_need_no_flow():
    costs = SplitCosts(np.zeros(2), np.ones(2), np.ones(3), [(-1,), (0,)])
    assert min_cut(costs).tolist() == [True, True]
