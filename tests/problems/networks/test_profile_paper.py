"""The numbers of the paper's network that were worked out by hand from (8)-(10)."""

import numpy as np
import pytest

from edgeopt.problems.networks.zoo import resnet34

MIB = 2**20
FLOAT = 4


@pytest.fixture(scope="module")
def profile():
    return resnet34()


@pytest.fixture(scope="module")
def printed_mib(profile):
    """Return (10) as printed in float32, with the output of the max-pooling from cut 2 on."""
    return (profile.chain_parameters + profile.map_elements) * FLOAT / MIB


def test_cuts_are_the_papers_layers(profile):
    stages = [("conv2", 2, 7), ("conv3", 8, 15), ("conv4", 16, 27), ("conv5", 28, 33)]
    for stage, first, last in stages:
        names = tuple(f"{stage}_{i + 1}" for i in range(last - first + 1))
        assert profile.cut_names[first : last + 1] == names
    assert profile.depth == 34
    assert profile.cut_names[0] == "input"
    assert profile.cut_names[1] == "conv1"
    assert profile.cut_names[34] == "fc"


def test_chain_and_shortcuts(profile):
    shortcuts = [layer for layer in profile.layers if layer.kind == "shortcut"]
    assert sum(layer.macs for layer in shortcuts) == 19_267_584
    assert sum(layer.parameters for layer in shortcuts) == 172_032
    chain = sum(layer.macs for layer in profile.layers if layer.is_counted)
    assert chain / 1e9 == pytest.approx(3.6445, abs=5e-5)
    assert profile.chain_parameters[-1] / 1e6 == pytest.approx(21.61, abs=5e-3)


def test_work_of_one_layer_by_hand(profile):
    # conv2_1: 64 x 56 x 56 outputs of 64 x 3 x 3 products each (8)
    assert profile.edge_macs[2] - profile.edge_macs[1] == 56 * 56 * 64 * 64 * 9
    assert profile.edge_macs[1] == 112 * 112 * 64 * 3 * 49


def test_maps_and_crossing_tensors(profile):
    assert profile.output_elements[1] == 802_816
    assert profile.map_elements[2] - profile.map_elements[1] == 2 * 200_704
    assert profile.crossing_elements[7] == 200_704
    assert profile.crossing_elements[20] == 2 * 50_176
    assert profile.output_elements[20] == 50_176
    np.testing.assert_array_equal(profile.crossing_elements[[0, 1, 34]], [150_528, 802_816, 0])
    assert profile.output_elements[34] == 1000


def test_projection_runs_where_less_crosses(profile):
    # behind conv3_1: its output and the projected input, instead of the whole input (200,704)
    assert profile.crossing_elements[8] == 2 * 100_352


def test_upload_at_cut_7_is_more_than_the_picture(profile):
    assert profile.crossing_elements[7] * FLOAT == 802_816
    assert profile.crossing_elements[0] == 150_528  # bytes, for 8-bit pixels
    below = np.flatnonzero(profile.output_elements[1:34] * FLOAT < 150_528) + 1
    assert profile.cut_names[below[0]] == "conv5_1"
    assert profile.output_elements[below[0]] * FLOAT == 100_352


def test_memory_is_not_in_the_classifier(printed_mib):
    pool = 200_704 * FLOAT / MIB
    assert printed_mib[34] - pool == pytest.approx(96.0, abs=0.05)
    assert printed_mib[34] - printed_mib[33] == pytest.approx(1.96, abs=0.01)
    assert printed_mib[33] - printed_mib[27] == pytest.approx(50.1, abs=0.05)


@pytest.mark.parametrize(
    ("cut", "low", "high"), [(7, 8.54, 9.20), (13, 13.93, 14.87), (20, 26.90, 29.34)]
)
def test_memory_limits_of_table_1_without_the_pooling(printed_mib, cut, low, high):
    pool = 200_704 * FLOAT / MIB
    limits = printed_mib[[cut, cut + 1]] - pool
    np.testing.assert_allclose(limits, [low, high], atol=0.006)


@pytest.mark.parametrize("total", [367.31, 370.0, 373.70])
def test_table_1_from_one_total_memory(printed_mib, total):
    cuts = [int(np.searchsorted(printed_mib, 0.8 * total / n, "right")) - 1 for n in (10, 20, 30)]
    assert cuts == [20, 13, 7]


@pytest.mark.parametrize("total", [367.30, 373.71])
def test_table_1_ends_outside_that_range(printed_mib, total):
    cuts = [int(np.searchsorted(printed_mib, 0.8 * total / n, "right")) - 1 for n in (10, 20, 30)]
    assert cuts != [20, 13, 7]


def test_inference_needs_the_first_map_and_the_pooled_one(profile):
    assert profile.peak_elements[1] == 802_816 + 150_528
    assert profile.peak_elements[34] == 802_816 + 200_704
