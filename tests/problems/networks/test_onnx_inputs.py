"""Sizes of the inputs of ONNX files: given, symbolic, several, and what they decide."""

import math

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_onnx import from_onnx
from edgeopt.problems.networks.load import load_network, parse_input

onnx = pytest.importorskip("onnx")
helper = onnx.helper
FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
node = helper.make_node


def weight(name, *shape):
    return helper.make_tensor(name, FLOAT, shape, bytes(4 * math.prod(shape)), raw=True)


def integers(name, *values):
    return helper.make_tensor(name, INT64, [len(values)], values)


@pytest.fixture
def save(tmp_path):
    """Return a function that writes nodes as ``net.onnx`` and returns the path."""

    def write(nodes, weights, inputs, y=None, opset=18):
        values = [
            helper.make_tensor_value_info(name, INT64 if shape == () else FLOAT, shape)
            for name, shape in inputs.items()
        ]
        outputs = [helper.make_tensor_value_info("y", FLOAT, y)]
        graph = helper.make_graph(nodes, "net", values, outputs, weights)
        opsets = [helper.make_opsetid("", opset)]
        path = tmp_path / "net.onnx"
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        path.write_bytes(model.SerializeToString())
        return path

    return write


@pytest.fixture
def image(save):
    """Return a convolution of an image of open size, flattened by computed sizes."""
    nodes = [
        node("Conv", ["images", "w"], ["a"], "conv"),
        node("Shape", ["a"], ["s"]),
        node("Gather", ["s", "zero"], ["batch"]),
        node("Slice", ["s", "one", "four"], ["rest"]),
        node("ReduceProd", ["rest"], ["flat"], keepdims=1),
        node("Concat", ["batch", "flat"], ["to"], axis=0),
        node("Reshape", ["a", "to"], ["y"], "flatten"),
    ]
    held = [weight("w", 4, 3, 1, 1), integers("zero", 0), integers("one", 1), integers("four", 4)]
    return save(nodes, held, {"images": ("n", 3, "height", "width")})


@pytest.mark.parametrize("name", ["images", "input"])
def test_sizes_are_given_by_name_and_computed_sizes_follow(image, name):
    profile = load_network(f"{image}:{name}=1x3x6x5")
    assert profile == from_onnx_with(image, images=(1, 3, 6, 5))
    assert profile.input_shape == (3, 6, 5)
    assert [(x.macs, x.output_shape) for x in profile.layers] == [
        (4 * 30 * 3, (4, 6, 5)),
        (0, (120,)),
    ]


def from_onnx_with(path, **inputs):
    profile = from_onnx(path, inputs=inputs)

    class Same(type(profile)):
        """Compares layers: profiles are compared by identity."""

        def __eq__(self, other):
            return (self.layers, self.input_shape) == (other.layers, other.input_shape)

        __hash__ = None

    return Same(profile.name, profile.input_shape, profile.layers, profile.cut_ends)


def test_a_batch_of_several_counts_for_one(image):
    assert from_onnx_with(image, images=(4, 3, 6, 5)) == from_onnx(
        image, inputs={"images": (1, 3, 6, 5)}
    )


def test_a_static_size_can_be_changed(save):
    nodes = [node("Conv", ["x", "w"], ["y"], "conv")]
    path = save(nodes, [weight("w", 2, 3, 1, 1)], {"x": (1, 3, 8, 8)}, y=(1, 2, 8, 8))
    assert from_onnx(path, inputs={"x": (1, 3, 4, 4)}).layers[0].output_shape == (2, 4, 4)


@pytest.fixture
def cell(save):
    """Return a network of a frame, a state and a rate, which decides how wide it is."""

    def branch(name, width):
        inner = [
            node("MatMul", ["joined", f"w{width}"], ["same"], f"wide{width}"),
            node("MatMul", ["same", f"v{width}"], ["end"], f"back{width}"),
        ]
        return helper.make_graph(
            inner, name, [], [helper.make_tensor_value_info("end", FLOAT, None)]
        )

    nodes = [
        node("Equal", ["rate", "limit"], ["fast"]),
        node("Concat", ["frame", "state"], ["joined"], "join", axis=1),
        *(
            node("If", ["fast"], [out], f"if_{out}", then_branch=branch("t", 7),
                 else_branch=branch("e", 5))
            for out in ("p", "q")
        ),
        node("Add", ["p", "q"], ["y"], "sum"),
    ]  # fmt: skip
    held = [weight("w7", 6, 7), weight("w5", 6, 5), weight("v7", 7, 3), weight("v5", 5, 3)]
    held += [helper.make_tensor("limit", INT64, [], [16000])]
    return save(nodes, held, {"frame": (1, 4), "state": (1, 2), "rate": ()})


def test_several_inputs_are_layers_that_cross_one_by_one(cell):
    profile = from_onnx(cell)
    assert profile.input_shape == (4 + 2 + 1,)
    assert [x.name for x in profile.layers[:3]] == ["input:frame", "input:state", "input:rate"]
    assert [x.output_shape for x in profile.layers[:3]] == [(4,), (2,), (1,)]
    assert profile.edge_macs[-1] == 2 * 7 * (6 + 3)  # the longer branch, twice


@pytest.mark.parametrize(("rate", "width"), [(16000, 7), (8000, 5)])
def test_the_value_of_a_scalar_decides_the_branches(cell, rate, width):
    # both branches name their tensor "same": once inlined, they must not be confused
    with pytest.warns(UserWarning, match="parameters that no layer reads"):  # of the other branch
        profile = load_network(f"{cell}:rate={rate}")
    assert profile.input_shape == (6,)
    first, back = 6 * width, 3 * width
    assert np.diff(profile.edge_macs).tolist() == [first, back, first, back]
    ends = [i for i, x in enumerate(profile.layers) if x.name.startswith("Identity")]
    assert profile.layers[-1].inputs == tuple(ends)
    # both parts read what was joined
    assert profile.crossing_elements.tolist() == [6, 6 + width, 6 + 3, 3 + width, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"other": (1, 3)}, r"input: got 'other', must be one of images \(nx3xheightxwidth\)"),
        ({"images": (3, 6, 5)}, "must be of 4 axes, nx3xheightxwidth, batch included"),
        ({"images": (1, 3, 0, 5)}, "must be an integer >= 1"),
        ({"images": 7.0}, "must be sizes such as nx3x"),
        ({}, r"--input images=1x3xheightxwidth"),
    ],
)
def test_wrong_sizes_are_refused(image, given, message):
    with pytest.raises(InputError, match=message):
        from_onnx(image, inputs=given)


def test_axes_of_one_name_have_one_size(save):
    path = save([node("Add", ["a", "b"], ["y"])], [], {"a": (1, "t"), "b": (1, "t")})
    with pytest.raises(InputError, match=r"input b: got \(1, 4\), must be 3 at axis t"):
        from_onnx(path, inputs={"a": (1, 3), "b": (1, 4)})


@pytest.mark.parametrize("value", [(16, 1), 0.5, 1e30])
def test_a_scalar_needs_a_number_of_its_type(cell, value):
    with pytest.raises(InputError, match="input rate: got"):
        from_onnx(cell, inputs={"rate": value})


def test_forms_of_an_input():
    assert parse_input("a:b::c=1x3x20") == ("a:b::c", (1, 3, 20))
    assert parse_input("rate=16000") == ("rate", (16000,))
    assert parse_input("limit=0.5") == ("limit", 0.5)
    for text in ("", "x", "=3", "x=", "x=1x", "x=axb"):
        with pytest.raises(InputError, match="of the form NAME=1x3x320x320"):
            parse_input(text)


def test_names_with_colons_in_a_specification(save):
    path = save(
        [node("MatMul", ["on::x:0", "w"], ["y"])], [weight("w", 3, 2)], {"on::x:0": ("n", "m", 3)}
    )
    assert load_network(f"{path}:on::x:0=1x5x3").input_shape == (5, 3)
    with pytest.raises(InputError, match="inputs: got"):
        load_network("alexnet", inputs={"x": (1, 3)})


@pytest.mark.parametrize("declared", [(-1, 2, -1, -1), ("n", "width"), (1, 2, 9, 9)])
def test_what_a_file_says_of_its_outputs_may_be_wrong(save, declared):
    nodes = [node("Conv", ["x", "w"], ["y"], "conv")]
    path = save(nodes, [weight("w", 2, 3, 1, 1)], {"x": (-1, 3, "height", 8)}, y=declared)
    assert from_onnx(path, inputs={"x": (1, 3, 4, 8)}).layers[0].output_shape == (2, 4, 8)


def test_constants_without_elements_are_no_parameters(save):
    nodes = [
        node("Resize", ["x", "roi", "", "sizes"], ["a"], "up"),
        node("Conv", ["a", "w"], ["y"], "conv"),
    ]
    weights = [weight("w", 2, 3, 1, 1), weight("roi", 0), integers("sizes", 1, 3, 8, 8)]
    profile = from_onnx(save(nodes, weights, {"x": (1, 3, 4, 4)}))
    assert profile.edge_parameters.tolist() == [0, 6]


def test_faults_of_shape_inference_are_worked_around(save):
    nodes = [
        # a sum of vectors along two axes, at which the propagation of sizes fails
        node("Unsqueeze", ["n3", "axis"], ["column"]),
        node("Add", ["column", "n2"], ["table"]),
        node("Cast", ["table"], ["weights"], to=FLOAT),
        # 8 samples have 5 frequencies, as one side is the default
        node("STFT", ["x", "step", "", "frame"], ["waves"], "stft"),
        node("ReduceSumSquare", ["waves"], ["power"], "power", axes=[-1], keepdims=0),
        node("MatMul", ["power", "w"], ["mixed"], "mix"),
        node("MatMul", ["mixed", "weights"], ["y"], "end"),
    ]
    held = [
        integers("n3", 1, 2, 3), integers("n2", 1, 2), integers("axis", 1),
        helper.make_tensor("step", INT64, [], [4]), helper.make_tensor("frame", INT64, [], [8]),
        weight("w", 5, 3),
    ]  # fmt: skip
    path = save(nodes, held, {"x": (1, 32, 1)}, opset=17)
    with pytest.warns(UserWarning, match="zero work: STFT"):
        layers = from_onnx(path, allow_uncounted=True).layers
    assert [(x.name, x.macs) for x in layers if x.macs] == [
        ("mix", 7 * 5 * 3),
        ("end", 7 * 3 * 2),
    ]
