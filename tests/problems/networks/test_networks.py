"""The built-in networks and how they are named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.builder import Window, same
from edgeopt.problems.networks.load import NETWORKS, load_network

TOTALS = {
    "resnet34": (34, 3_663_761_408, 21_797_672),
    "resnet50": (50, 4_089_184_256, 25_557_032),
    "resnet34-cifar": (34, 1_159_402_496, 21_282_122),
    "resnet-digits": (8, 431_328, 44_014),
    "alexnet": (8, 714_188_480, 61_100_840),
    "vgg16": (16, 15_470_264_320, 138_357_544),
    "mobilenet_v2": (53, 300_774_272, 3_504_872),
}
SMALLEST = dict.fromkeys(TOTALS, 1) | {"alexnet": 63, "vgg16": 32}
DATA = {"resnet34-cifar": ((3, 32, 32), 10), "resnet-digits": ((1, 8, 8), 10)}
IMAGENET = ((3, 224, 224), 1000)


def test_totals_are_given_for_all_networks():
    assert TOTALS.keys() == NETWORKS.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_totals(name):
    profile = load_network(name)
    totals = profile.depth, profile.edge_macs[-1], profile.edge_parameters[-1]
    assert totals == TOTALS[name]
    assert profile.name == name
    shape, classes = DATA.get(name, IMAGENET)
    assert profile.input_shape == shape
    assert profile.layers[-1].output_shape == (classes,)


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("resnet34", "pool1", (64, 56, 56)),
        ("resnet34", "conv5_6", (512, 7, 7)),
        ("resnet50", "conv3_shortcut", (512, 28, 28)),
        ("resnet50", "conv5_9", (2048, 7, 7)),
        ("alexnet", "conv1", (64, 55, 55)),
        ("alexnet", "pool5", (256, 6, 6)),
        ("vgg16", "pool5", (512, 7, 7)),
        ("mobilenet_v2", "block2_depthwise", (96, 56, 56)),
        ("mobilenet_v2", "conv_last", (1280, 7, 7)),
    ],
)
def test_shapes(name, layer, shape):
    shapes = {x.name: x.output_shape for x in load_network(name).layers}
    assert shapes[layer] == shape


@pytest.mark.parametrize(("name", "skips"), [("resnet34", 16), ("resnet50", 16), ("vgg16", 0)])
def test_residual_additions(name, skips):
    assert sum(layer.kind == "add" for layer in load_network(name).layers) == skips


def test_mobilenet_skips_join_equal_shapes():
    layers = load_network("mobilenet_v2").layers
    sums = [layer for layer in layers if layer.kind == "add"]
    assert len(sums) == 10
    for layer in sums:
        assert {layers[i].output_shape for i in layer.inputs} == {layer.output_shape}


@pytest.mark.parametrize("name", ["resnet34", "resnet50"])
def test_additions_join_equal_shapes(name):
    layers = load_network(name).layers
    for layer in layers:
        if layer.kind == "add":
            assert {layers[i].output_shape for i in layer.inputs} == {layer.output_shape}


def test_projection_that_widens_runs_last():
    # ResNet-50's conv2 stage: 64 x 56 x 56 in, 256 x 56 x 56 out
    profile = load_network("resnet50")
    assert profile.crossing_elements[2] == profile.crossing_elements[3] == 2 * 64 * 56 * 56
    assert profile.crossing_elements[4] == 256 * 56 * 56


@pytest.mark.parametrize("name", NETWORKS)
def test_smallest_input(name):
    smallest = SMALLEST[name]
    assert NETWORKS[name](smallest, 10).depth == TOTALS[name][0]
    with pytest.raises(InputError, match=f"input_size: got {smallest - 1}"):
        NETWORKS[name](smallest - 1, 10)


@pytest.mark.parametrize("name", NETWORKS)
def test_classes(name):
    few, many = NETWORKS[name](64, 10), NETWORKS[name](64, 11)
    inner = many.edge_macs[-1] - few.edge_macs[-1]
    assert many.edge_parameters[-1] - few.edge_parameters[-1] == inner + 1
    with pytest.raises(InputError, match="classes: got 0"):
        NETWORKS[name](64, 0)


def test_cifar_resnet_by_hand():
    profile = load_network("resnet34:input=32:classes=10")
    assert profile.input_shape == (3, 32, 32)
    assert profile.layers[0].macs == 16 * 16 * 64 * 3 * 49
    assert profile.layers[-1].macs == 512 * 10
    assert profile.edge_parameters[-1] == 21_797_672 - 513 * 990


def test_small_residual_network_by_hand():
    profile = load_network("resnet-digits:classes=3")
    macs = [12 * 9 * 64, *[12 * 12 * 9 * 64] * 2, 12 * 24 * (9 + 1) * 16, 24 * 24 * 9 * 16]
    macs += [24 * 48 * (9 + 1) * 4, 48 * 48 * 9 * 4, 48 * 3]
    assert np.diff(profile.edge_macs).tolist() == macs
    assert profile.crossing_elements.tolist() == [64, 768, 1536, 768, 768, 384, 384, 192, 0]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("resnet", "network: got 'resnet', must be one of resnet34, "),
        ("", "network"),
        ("resnet34:size=3", "network option: got 'size', must be one of input, classes"),
        ("resnet34:", "network option: got ''"),
        ("resnet34:input", "network option input: got ''"),
        ("resnet34:input=-1", "network option input: got '-1'"),
        ("resnet34:classes=²", "network option classes"),
        ("resnet34:input=" + "9" * 5000, "network option input"),
        ("resnet34:input=0", "input_size"),
        ("vgg16:input=16", "input_size: got 16, must be larger: pool5 of vgg16"),
        ("no/such/file.onnx", "no/such/file.onnx"),
        ("no/such/FILE.CSV", "no/such/FILE.CSV"),
    ],
)
def test_bad_spec(spec, message):
    with pytest.raises(InputError, match=message):
        load_network(spec)


@settings(max_examples=30)
@given(st.sampled_from(sorted(NETWORKS)), st.integers(63, 160), st.integers(1, 200))
def test_any_size_conserves_work_and_uploads_nothing_at_the_end(name, size, classes):
    profile = NETWORKS[name](size, classes)
    assert (profile.edge_macs + profile.cloud_macs == profile.edge_macs[-1]).all()
    assert profile.crossing_elements[-1] == 0
    assert profile.crossing_elements[0] == DATA.get(name, IMAGENET)[0][0] * size**2
    assert (profile.crossing_elements[1:-1] >= profile.output_elements[1:-1]).all()


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 3), st.integers(1, 40))
def test_window_counts_its_positions(kernel, stride, padding, size):
    last = size + 2 * padding - kernel
    positions = len(range(0, last + 1, stride))
    assert max(Window(kernel, stride, padding).output_size(size), 0) == positions


@given(st.integers(0, 5), st.integers(1, 99))
def test_same_keeps_the_size(half, size):
    assert same(2 * half + 1).output_size(size) == size


def test_a_path_is_a_file_and_other_objects_are_refused(tmp_path):
    path = tmp_path / "net.csv"
    path.write_text(
        "name,kind,macs,parameters,output_shape,inputs\ninput,input,0,0,8,\nfc,fc,80,90,10,input\n"
    )
    assert load_network(path).layers == load_network(str(path)).layers
    with pytest.raises(InputError, match=r"network: got .*FILE.onnx"):
        load_network({})
