"""The single terms (10), (11), (14), (15), (18)-(20) with numbers computed by hand."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.arrays import network_arrays
from edgeopt.problems.offloading.equations import (
    cloud_execution_s,
    cmos_dynamic_energy_j,
    edge_execution_s,
    edge_memory_bytes,
    link_s,
    memory_limit_bytes,
    moved_bytes,
    node_rate_bit_s,
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, with_element_type

CHAIN = Profile(
    name="chain",
    input_shape=(3, 4, 4),
    layers=(
        Layer("a", "conv", 100, 10, (2, 4, 4), (-1,)),
        Layer("b", "conv", 300, 20, (4, 2, 2), (0,)),
        Layer("c", "fc", 50, 40, (5,), (1,)),
    ),
    cut_ends=(1, 2, 3),
)


def test_memory_sums_parameters_and_maps():
    # maps 32, 16, 5; parameters 10, 20, 40
    elements = [0, 10 + 32, 30 + 48, 70 + 53]
    assert edge_memory_bytes(CHAIN, PRINTED).tolist() == elements
    assert edge_memory_bytes(CHAIN, CORRECTED).tolist() == [4 * n for n in elements]


def test_peak_memory_counts_what_is_alive():
    # while a runs: input 48 and a 32; b: a and b; c: b and c
    peak = edge_memory_bytes(CHAIN, replace(CORRECTED, memory="peak"))
    assert peak.tolist() == [0, 4 * (10 + 80), 4 * (30 + 80), 4 * (70 + 80)]


def test_moved_bytes_are_those_of_each_segment():
    assert moved_bytes(CHAIN, CORRECTED).tolist() == [0, 4 * 42, 4 * 36, 4 * 45]


def test_the_limit_is_a_share_of_the_smallest_memory():
    assert memory_limit_bytes(200.0, 0.8) == pytest.approx(160.0)


def test_work_in_both_readings():
    corrected, printed = network_arrays(CHAIN, CORRECTED), network_arrays(CHAIN, PRINTED)
    assert corrected.edge_flop.tolist() == [0, 200, 800, 900]
    assert corrected.cloud_flop.tolist() == [900, 700, 100, 0]
    assert corrected.crossing_bits.tolist() == [0, 32 * 32, 16 * 32, 0]
    assert corrected.tasks_forwarded.tolist() == [1, 0, 0, 0]
    assert printed.edge_flop.tolist() == [0, 100, 400, 450]
    assert printed.crossing_bits.tolist() == [48, 32, 16, 5]  # the result is sent as printed
    assert not printed.tasks_forwarded.any()


def test_execution_on_edge_and_cloud():
    flop, none = np.array([0.0, 200.0, 600.0]), np.zeros(3)
    speeds = np.array([[100.0], [50.0]])
    unlimited = np.full((2, 1), np.inf)
    assert edge_execution_s(flop, none, speeds, unlimited).tolist() == [[0, 2, 8], [0, 4, 16]]
    assert cloud_execution_s(np.array([800.0, 0.0]), 400.0).tolist() == [2, 0]


def test_the_roofline_slows_the_segments_that_move_much():
    flop, moved = np.array([0.0, 200.0, 600.0]), np.array([0.0, 100.0, 10.0])
    # segment 1: max(200 / 100, 100 / 20) = 5 s; segment 2: max(6, 0.5) = 6 s
    assert edge_execution_s(flop, moved, 100.0, 20.0).tolist() == [0, 5, 11]


def test_link_rates_and_times():
    assert node_rate_bit_s(100.0, 30.0, 2, shared=True) == 30
    assert node_rate_bit_s(100.0, 80.0, 2, shared=True) == 50
    assert node_rate_bit_s(100.0, 80.0, 2, shared=False) == 80
    bits = np.array([400.0, 100.0, 0.0])
    assert link_s(bits, 50.0, 0.2).tolist() == pytest.approx([8.1, 2.1, 0.0])


def test_energies():
    flop = np.array([0.0, 10.0])
    assert static_energy_j(3.0, np.array([0.0, 2.0])).tolist() == [0, 6]
    assert printed_dynamic_energy_j(2.0, flop, 5.0).tolist() == [0, 100]
    assert cmos_dynamic_energy_j(2.0, flop, 3.0).tolist() == [0, 180]
    assert radio_energy_j(0.5, flop).tolist() == [0, 5]


def test_both_dynamic_models_agree_at_the_presets_full_speed():
    # power P at speed F and clock f: omega = P / F^2, kappa = P / (F f^2)
    power, flops, clock, flop = 4.5, 23.8e9, 1.8e9, np.array([1e9])
    printed = printed_dynamic_energy_j(power / flops**2, flop, flops)
    cmos = cmos_dynamic_energy_j(power / (flops * clock**2), flop, clock)
    assert printed == pytest.approx(cmos)
    assert printed == pytest.approx(power * flop / flops)


def test_other_element_types():
    half = with_element_type(CORRECTED, "float16")
    assert edge_memory_bytes(CHAIN, half).tolist() == [0, 2 * 42, 2 * 78, 2 * 123]
    assert network_arrays(CHAIN, half).crossing_bits.tolist() == [0, 32 * 16, 16 * 16, 0]
    with pytest.raises(InputError, match="element type: got 'int4'"):
        with_element_type(CORRECTED, "int4")
