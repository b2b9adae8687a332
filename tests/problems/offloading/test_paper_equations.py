"""Every term of the printed reading against the paper's equations, written out one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import offloading as naive

from edgeopt.problems.networks.builder import NetworkBuilder, Window
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import PRINTED
from edgeopt.problems.offloading.terms import terms_of
from edgeopt.problems.systems import system as parts
from edgeopt.problems.systems.system import Device, Pool, System

Network = tuple[Profile, list[naive.Conv]]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Draw a chain of convolutions, as a profile and as the paper lists it."""
    size, channels = draw(st.integers(6, 40)), draw(st.integers(1, 4))
    net, layers = NetworkBuilder("chain", size, channels=channels), []
    for i in range(draw(st.integers(1, 6))):
        kernel = draw(st.integers(1, min(5, size)))
        stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, 2))
        width = draw(st.integers(1, 8))
        layers.append(naive.Conv(size, kernel, padding, stride, channels, width))
        net.conv(f"conv{i}", width, Window(kernel, stride, padding))  # its norm has no map
        size, channels = net.shape(net.last)[1], width
    return net.profile(), layers


@given(networks())
def test_work_parameters_and_maps(network: Network):
    profile, layers = network
    cuts = range(len(layers) + 1)
    assert profile.edge_macs.tolist() == [naive.total_work(layers, j) for j in cuts]
    parameters = [sum(naive.parameters(layer) for layer in layers[:j]) for j in cuts]
    assert profile.chain_parameters.tolist() == parameters
    maps = [naive.feature_map(layer) for layer in layers]
    assert profile.output_elements.tolist()[1:] == maps


quantities = st.floats(1e3, 1e9)


@st.composite
def systems(draw: st.DrawFn) -> System:
    """Draw a pool of different nodes; every node serves ten tasks in a period."""
    nodes = [
        Device(
            f"node{i}",
            flops=draw(quantities),
            memory_bytes=1e6,
            throughput_bit_s=draw(quantities),
            static_power_w=draw(st.floats(0, 9)),
            omega=draw(st.floats(0, 1e-9)),
        )
        for i in range(draw(st.integers(1, 4)))
    ]
    arrival = draw(st.floats(0.01, 100))
    rates = draw(st.lists(st.floats(1e6, 3e6), min_size=2, max_size=6, unique=True))
    return System(
        name="drawn",
        pool=Pool(tuple(nodes)),
        cloud=parts.Cloud(draw(quantities)),
        link=parts.CloudLink(draw(quantities), round_trip_s=0.1, energy_j_bit=1e-9),
        uplink=parts.TerminalLink([rates[0], rates[0] + 1e5, *rates[1:]]),
        tasks=parts.TaskStream(arrival, deadline_s=1.0, period_s=10 * len(nodes) / arrival),
    )


@settings(deadline=None)  # the first integral imports scipy
@given(networks(), systems())
def test_times_memory_and_energies(network: Network, system: System):
    profile, layers = network
    terms, a = terms_of(profile, system, PRINTED), system.tasks.arrival_hz
    cuts = range(len(layers) + 1)

    def rows(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (len(system.pool.groups), len(layers) + 1))

    assert terms.memory_bytes.tolist() == [naive.memory(layers, j) for j in cuts]
    cloud = [naive.cloud(layers, j, system.cloud.flops) for j in cuts]
    assert terms.cloud_s.ravel() == pytest.approx(cloud)
    for i, node in enumerate(system.pool.groups):
        F, L, W_H = node.flops, node.throughput_bit_s, system.link.bandwidth_bit_s
        e, omega = node.static_power_w, node.omega
        expected = {
            "execution_s": [naive.execution(layers, j, F) for j in cuts],
            "waiting_s": [naive.waiting(layers, j, F, a) for j in cuts],
            "link_s": [naive.transfer(layers, j, W_H, L) for j in cuts],
            "task_energy_j": [naive.energy(layers, j, F, e, omega, 1) for j in cuts],
            "period_energy_j": [naive.energy(layers, j, F, e, omega, 10) for j in cuts],
        }
        for name, values in expected.items():
            assert rows(getattr(terms, name))[i] == pytest.approx(values, rel=1e-9), name


@settings(max_examples=10, deadline=None)
@given(networks(), systems())
def test_uploads(network: Network, system: System):
    profile, layers = network
    rates = system.uplink.rates_bit_s.tolist()
    bits = 8 * layers[0].Ms ** 2 * layers[0].C_before  # one byte for each element of the input
    width = np.std(rates, ddof=1) * (4 / (3 * len(rates))) ** 0.2
    expected = naive.upload(bits, rates, system.pool.nodes, end=max(rates) + 8 * width, steps=4_000)
    uplink = terms_of(profile, system, PRINTED).uplink_s
    assert float(uplink) == pytest.approx(expected, rel=1e-4)
