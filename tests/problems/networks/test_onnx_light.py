"""The real architectures that come with the onnx wheel."""

from pathlib import Path

import numpy as np
import pytest

from edgeopt.problems.networks.from_onnx import from_onnx
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.zoo import resnet50

onnx = pytest.importorskip("onnx")
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"

# GMAC, cuts (convolutions and matrix products), parameters
TOTALS = {
    "bvlc_alexnet": (0.655, 8, 60_965_224),
    "densenet121": (2.834, 121, 8_062_504),
    "resnet50": (4.089, 54, 25_557_032),
    "shufflenet": (0.125, 50, None),
    "squeezenet": (0.349, 26, 1_235_496),
    "vgg19": (19.632, 19, 143_667_240),
}


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name):
    gmac, cuts, parameters = TOTALS[name]
    profile = from_onnx(LIGHT / f"light_{name}.onnx")
    assert profile.edge_macs[-1] / 1e9 == pytest.approx(gmac, abs=5e-4)
    assert profile.depth == cuts
    assert parameters in (None, profile.edge_parameters[-1])
    assert profile.input_shape == (3, 224, 224)
    assert profile.layers[-1].elements == 1000
    assert profile.name == f"light_{name}"


def test_resnet50_equals_the_built_in_one():
    read, built = load_network(str(LIGHT / "light_resnet50.onnx")), resnet50()

    def weighted(profile):
        layers = [x for x in profile.layers if x.macs > 0]
        return sorted((x.macs, x.parameters, x.output_shape) for x in layers)

    assert weighted(read) == weighted(built)
    assert read.map_elements[-1] - built.map_elements[-1] == shortcut_maps(built)
    assert read.edge_parameters[-1] == built.edge_parameters[-1]
    assert read.peak_elements[-1] == built.peak_elements[-1]
    np.testing.assert_array_equal(read.crossing_elements[:4], built.crossing_elements[:4])


def shortcut_maps(profile):
    return sum(layer.elements for layer in profile.layers if layer.kind == "shortcut")


def test_dense_blocks_carry_all_earlier_maps():
    # behind the first dense layer: the stem's 64 maps and 32 new ones, all of 56 x 56
    profile = from_onnx(LIGHT / "light_densenet121.onnx")
    assert profile.crossing_elements[3] == (64 + 32) * 56 * 56
    assert profile.output_elements[3] == 32 * 56 * 56


def test_fire_module_crosses_both_branches():
    # squeezenet's expand1x1 and, before expand3x3, the squeezed maps
    profile = from_onnx(LIGHT / "light_squeezenet.onnx")
    assert profile.crossing_elements[2] == 16 * 55 * 55
    assert profile.crossing_elements[3] == (64 + 16) * 55 * 55
    assert profile.crossing_elements[4] == 2 * 64 * 55 * 55


@pytest.mark.parametrize("name", TOTALS)
def test_graph_is_a_dag_in_order_with_one_input(name):
    profile = from_onnx(LIGHT / f"light_{name}.onnx")
    assert sum(-1 in layer.inputs for layer in profile.layers) == 1
    read = {i for layer in profile.layers for i in layer.inputs}
    assert read == set(range(-1, len(profile.layers) - 1))
