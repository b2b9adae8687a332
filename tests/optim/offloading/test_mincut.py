"""Minimum cuts against enumeration on small graphs, and against the scan on chains."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.mincut import (
    SplitCosts,
    min_cut,
    prefix_mask,
    split_cost,
    split_costs,
    split_network,
)
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED
from edgeopt.problems.systems import system as parts
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import random_system

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


@pytest.mark.parametrize("seed", range(20))
def test_on_chains_the_split_equals_the_scan_of_the_program(chain, seed: int):
    profile, system = chain(seed), random_system(nodes=4, kinds=1, rng=seed)
    # without queue, round trip and upload the delay is the sum that a minimum cut knows
    quiet = replace(
        system,
        link=replace(system.link, round_trip_s=0.0),
        tasks=replace(system.tasks, arrival_hz=1e-9),
    )
    reading = replace(CORRECTED, uplink_counts=False)
    delay = build_program(profile, quiet, reading=reading, objective="delay").goal
    split = split_network(profile, quiet, reading=reading)
    assert split.seconds == pytest.approx(delay.min(), rel=1e-6)
    assert split.best_cut == int(delay.argmin())
    assert split.best_cut_seconds == pytest.approx(delay.min())


def test_the_costs_are_those_of_the_slowest_node_layer_by_layer():
    layers = (
        Layer("conv", "conv", 1000, 40, (10,), (-1,)),
        Layer("bn", "norm", 0, 20, (10,), (0,)),
        Layer("fc", "fc", 3000, 0, (5,), (1,)),
    )
    profile = Profile("three", (6,), layers, (2, 3))
    fast = parts.Device("fast", flops=200.0, memory_bytes=1e9, memory_bandwidth_byte_s=20.0)
    slow = parts.Device("slow", 100.0, 1e9, throughput_bit_s=50.0, memory_bandwidth_byte_s=10.0)
    system = parts.System(
        name="two",
        pool=parts.Pool((fast, slow)),
        cloud=parts.Cloud(1000.0),
        link=parts.CloudLink(200.0),
        uplink=parts.TerminalLink([1.0]),
        tasks=parts.TaskStream(1e-6, 1e9),
    )
    costs = split_costs(profile, system, CORRECTED)
    # 2,000 FLOP at 100 FLOP/s; 40 + 10, 20 and 5 elements of 4 bytes at 10 byte/s
    assert costs.edge.tolist() == [20.0, 8.0, 60.0]
    assert costs.cloud.tolist() == [2.0, 0.0, 6.0]
    # six bytes as they came, then 10, 10 and 5 float32 at the slower rate, 50 bit/s
    assert costs.send.tolist() == pytest.approx([48 / 50, 320 / 50, 320 / 50, 160 / 50])


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


@pytest.mark.parametrize("network", ["resnet34", "resnet50", "mobilenet_v2", "vgg16"])
@pytest.mark.parametrize("system", ["jetson_wifi", "mixed_5g", "pi_lte"])
@pytest.mark.parametrize("reading", [CORRECTED, PRINTED], ids=lambda reading: reading.name)
def test_no_cut_of_a_real_network_is_faster(network: str, system: str, reading):
    profile, surroundings = load_network(network), load_system(system)
    split = split_network(profile, surroundings, reading=reading)
    costs = split_costs(profile, surroundings, reading)
    slowest = [split_cost(costs, prefix_mask(profile, j)) for j in range(profile.depth + 1)]
    assert split.seconds <= min(slowest) * (1 + 1e-6)
    assert split.best_cut_seconds == min(slowest)
    assert 0 <= split.cut <= profile.depth


def test_a_pooling_stays_with_the_edge_if_that_saves_upload():
    layers = (
        Layer("conv", "conv", 1000, 0, (1000,), (-1,)),
        Layer("pool", "pool", 0, 0, (10,), (0,)),
        Layer("big", "conv", 10**13, 0, (10,), (1,)),
    )
    profile = Profile("pooled", (10_000,), layers, (1, 3))
    split = split_network(profile, load_system("pi_lte"))
    assert split.edge_layers == ("conv", "pool")
    assert split.cut == 1
    assert split.seconds < split.best_cut_seconds
