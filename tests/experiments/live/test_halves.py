"""Halves of networks at every cut: what they return together, and what crosses."""

import math

import numpy as np
import pytest

from edgeopt.experiments.live.half import Half, TensorType, random_inputs
from edgeopt.experiments.live.halves import check_halves, load_half, split_network, write_exit
from edgeopt.experiments.live.small import small_network
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_onnx import from_onnx

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
FLOAT = onnx.TensorProto.FLOAT
node, value = helper.make_node, helper.make_tensor_value_info


@pytest.fixture
def runtime():
    """Skip without ONNX Runtime."""
    return pytest.importorskip("onnxruntime")


def save(path, nodes, outputs, weights=(), inputs=(("x", FLOAT, (1, 4, 8, 8)),), **more):
    """Write a model whose weights of a name and shape are drawn."""
    rng = np.random.default_rng(1)
    constants = [
        each if isinstance(each, onnx.TensorProto)
        else numpy_helper.from_array(rng.normal(size=each[1]).astype(np.float32), each[0])
        for each in weights
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "net", [value(*each) for each in inputs],
        [value(*each) if isinstance(each, tuple) else value(each, FLOAT, None) for each in outputs],
        constants, **more,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 18)]
    path.write_bytes(
        helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    )
    return path


def conv(read, made, weight="w", **more):
    return node("Conv", [read, weight], [made], made, pads=[1] * 4, **more)


W = ("w", (4, 4, 3, 3))


def chain(path):
    """An open batch, sizes that the graph computes, and a node that only it reads."""
    nodes = [
        conv("x", "a"), node("Relu", ["a"], ["b"], "relu"), conv("b", "c", "v"),
        node("Shape", ["b"], ["shape"], "shape"),
        node("Slice", ["shape", "zero", "one"], ["batch"], "batch"),
        node("Concat", ["batch", "rest"], ["to"], "to", axis=0),
        node("Reshape", ["c", "to"], ["d"], "reshape"),
        node("MatMul", ["d", "m"], ["y"], "matmul"),
    ]  # fmt: skip
    constants = [
        numpy_helper.from_array(np.array([i]), name)
        for i, name in ((0, "zero"), (1, "one"), (-1, "rest"))
    ]
    weights = [W, ("v", (4, 4, 3, 3)), ("m", (256, 3)), *constants]
    return save(path, nodes, ["y"], weights, [("x", FLOAT, ("batch", 4, 8, 8))])


def residual(path):
    """The input, and the same weight, on both sides of the cuts; a result in front."""
    nodes = [
        conv("x", "a"), node("Relu", ["a"], ["b"], "relu"), conv("b", "c"), conv("c", "d"),
        node("Add", ["d", "b"], ["e"], "add"), conv("e", "f"),
        node("Add", ["f", "x"], ["g"], "last"),
        node("GlobalAveragePool", ["b"], ["early"], "pool"),
    ]  # fmt: skip
    return save(path, nodes, ["early", "g", "b"], [W])


def branches(path):
    """Two inputs, one of them read late only; several outputs of a node; a constant result."""
    nodes = [
        conv("x", "a"), node("Split", ["a"], ["p", "q"], "split", axis=1, num_outputs=2),
        conv("p", "c", "half"), conv("q", "d", "half"),
        node("Concat", ["c", "d", "z"], ["e"], "concat", axis=1), conv("e", "f", "wide"),
        node("Transpose", ["n"], ["fixed"], "fixed"),
    ]  # fmt: skip
    weights = [W, ("half", (2, 2, 3, 3)), ("wide", (3, 6, 3, 3)), ("n", (2, 3))]
    inputs = [("x", FLOAT, (1, 4, 8, 8)), ("z", FLOAT, (1, 2, 8, 8))]
    return save(path, nodes, ["q", "f", "fixed"], weights, inputs)


def recurrent(path):
    """A cut between two outputs of a node."""
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "first"),
        node("LSTM", ["a", "in", "rec"], ["all", "last"], "lstm", hidden_size=3),
        node("Squeeze", ["all", "one"], ["s"], "squeeze"),
        node("MatMul", ["s", "m"], ["y"], "matmul"), node("Add", ["y", "last"], ["z"], "add"),
    ]  # fmt: skip
    weights = [("w", (6, 4)), ("in", (1, 12, 4)), ("rec", (1, 12, 3)), ("m", (3, 3))]
    weights.append(numpy_helper.from_array(np.array([1]), "one"))
    return save(path, nodes, ["z"], weights, [("x", FLOAT, (1, 1, 6))])


def quantized(path):
    """A tensor of bytes crosses, and both sides dequantize it."""
    nodes = [
        conv("x", "a"), node("QuantizeLinear", ["a", "scale", "zero"], ["q"], "quantize"),
        node("DequantizeLinear", ["q", "scale", "zero"], ["d"], "dequantize"),
        conv("d", "c"), conv("c", "e"), node("Add", ["e", "d"], ["y"], "add"),
    ]  # fmt: skip
    weights = [W, numpy_helper.from_array(np.float32(0.1), "scale")]
    weights.append(numpy_helper.from_array(np.int8(0), "zero"))
    return save(path, nodes, ["y"], weights)


def decided(path):
    """A branch that the sizes decide, and a body that reads tensors of the graph around it."""
    branch = helper.make_graph([node("Relu", ["b"], ["r"])], "then", [], [value("r", FLOAT, None)])
    other = helper.make_graph([node("Neg", ["b"], ["m"])], "else", [], [value("m", FLOAT, None)])
    body = helper.make_graph([node("Add", ["c", "b"], ["t"])], "in", [], [value("t", FLOAT, None)])
    same = helper.make_graph([node("Mul", ["c", "b"], ["u"])], "out", [], [value("u", FLOAT, None)])
    nodes = [
        conv("x", "b"), node("Size", ["b"], ["size"], "size"),
        node("Greater", ["size", "zero"], ["is"], "is"),
        node("If", ["is"], ["i"], "if", then_branch=branch, else_branch=other), conv("i", "c"),
        node("ReduceMax", ["c"], ["top"], "top", keepdims=0),
        node("Greater", ["top", "float"], ["big"], "big"),
        node("If", ["big"], ["y"], "late", then_branch=body, else_branch=same), conv("y", "z"),
    ]  # fmt: skip
    constants = [
        numpy_helper.from_array(np.array(0, kind), name)
        for kind, name in ((np.int64, "zero"), (np.float32, "float"))
    ]
    return save(path, nodes, ["z"], [W, *constants])


FILES = (chain, residual, branches, recurrent, quantized, decided)


def assert_parts(path, cut, folder, halves):
    """Layer 1, the layers up to a cut, and the rest return what front and back do."""
    first = load_half(split_network(path, 1, folder, allow_uncounted=True).front)
    middle = load_half(split_network(path, cut, folder, begin=1, allow_uncounted=True).front)
    front = load_half(halves.front)
    assert len(middle.inputs) == first.crossing
    assert sorted(first.results + middle.results) == sorted(front.results)
    arrays = random_inputs(first.inputs, cut)
    made = middle(first(arrays)[: first.crossing])
    wanted = front(arrays)
    for one, other in zip(made[: middle.crossing], wanted[: front.crossing], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("make", FILES)
@pytest.mark.filterwarnings("ignore:.*(counted as zero work|parameters that no layer reads)")
def test_halves_of_a_file_return_what_the_whole_returns(make, tmp_path):
    path = make(tmp_path / f"{make.__name__}.onnx")
    profile = from_onnx(path, allow_uncounted=True)
    for cut in range(profile.depth + 1):
        halves = split_network(path, cut, tmp_path / "halves", allow_uncounted=True)
        assert check_halves(halves, path, rng=cut) <= 1e-5
        assert (halves.front is None) == (cut == 0)
        assert (halves.back is None) == (cut == profile.depth)
        size = sum(math.prod(t.shape) * np.dtype(t.dtype).itemsize for t in halves.crossing)
        assert size == profile.crossing_bytes[cut]
        if cut > 1:
            assert_parts(path, cut, tmp_path / "parts", halves)
        if halves.crossing:
            out = load_half(write_exit(halves, tmp_path / "halves" / "exit", rng=1))
            assert out.inputs == halves.crossing
            (scores,) = out(random_inputs(out.inputs, 3))
            assert scores.shape == halves.results[0].shape


@pytest.mark.usefixtures("runtime")
def test_the_small_network_has_eight_cuts_and_a_skip_across_one(tmp_path):
    path = small_network(tmp_path / "small.onnx")
    halves = split_network(path, 3, tmp_path)
    assert halves.profile.depth == 8
    assert [kind.name for kind in halves.crossing] == ["relu1", "relu2"]
    assert check_halves(halves, path) <= 1e-5
    assert small_network(tmp_path / "again.onnx").read_bytes() == path.read_bytes()
    assert small_network(tmp_path / "other.onnx", rng=2).read_bytes() != path.read_bytes()


@pytest.mark.usefixtures("runtime")
def test_results_in_front_and_in_the_back(tmp_path):
    halves = split_network(residual(tmp_path / "net.onnx"), 2, tmp_path)
    front, back = load_half(halves.front), load_half(halves.back)
    # after the second convolution, the input, relu and the convolution are read
    assert [kind.name for kind in halves.crossing] == ["x", "b", "c"]
    assert (front.crossing, front.results) == (3, (2,))
    assert (back.crossing, back.results) == (0, (0, 1))
    (x,) = random_inputs(front.inputs, 1)
    made = front([x])
    np.testing.assert_array_equal(made[0], x)
    np.testing.assert_array_equal(made[1], made[3])  # crosses, and is a result
    assert [kind.name for kind in back.inputs] == ["x", "b", "c"]


@pytest.mark.usefixtures("runtime")
def test_weights_beside_the_file_go_into_the_halves(tmp_path):
    path = residual(tmp_path / "net.onnx")
    model = onnx.load(path)
    onnx.save(
        model, tmp_path / "out.onnx", save_as_external_data=True, location="w", size_threshold=0
    )
    halves = split_network(tmp_path / "out.onnx", 2, tmp_path / "halves")
    assert check_halves(halves, path) <= 1e-5
    (tmp_path / "w").unlink()
    with pytest.raises(InputError, match=r"out\.onnx', must be with its weights beside it"):
        split_network(tmp_path / "out.onnx", 2, tmp_path / "halves")


@pytest.mark.usefixtures("runtime")
def test_an_open_size_is_given_and_the_batch_is_one(tmp_path):
    path = save(
        tmp_path / "net.onnx", [conv("x", "y")], ["y"], [W], [("x", FLOAT, ("n", 4, "h", 8))]
    )
    with pytest.raises(InputError, match="given its sizes"):
        split_network(path, 1, tmp_path)
    for spec, more in ((f"{path}:x=1x4x5x8", {}), (path, {"inputs": {"x": (1, 4, 5, 8)}})):
        front = load_half(split_network(spec, 1, tmp_path, **more).front)
        assert front.inputs == (TensorType("x", "float32", (1, 4, 5, 8)),)
    with pytest.raises(InputError, match=r"x: got \['n', 4, 'h', 8\], must be of fixed sizes"):
        load_half(path)


@pytest.mark.usefixtures("runtime")
def test_halves_that_differ_are_refused(tmp_path):
    halves = split_network(residual(tmp_path / "net.onnx"), 2, tmp_path)
    other = small_network(tmp_path / "other.onnx")
    split_network(other, 2, tmp_path)
    model = onnx.load(halves.back)
    weight = numpy_helper.to_array(model.graph.initializer[0]) * np.float32(1 + 1e-4)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weight, "w"))
    onnx.save(model, halves.back)
    with pytest.raises(InputError, match=r"result g: got 'a difference of .*within 1e-05.* cut 2"):
        check_halves(halves, tmp_path / "net.onnx")


HALF = Half(
    (TensorType("x", "float32", (1, 2)),), (TensorType("y", "float32", (1,)),), 0, (0,),
    lambda arrays: [arrays[0].sum(axis=1)],
)  # fmt: skip


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([], "tensors: got 0, must be 1: x"),
        ([np.zeros((1, 3), np.float32)], r"tensor x: got 'float32 of shape \(1, 3\)'"),
        ([np.zeros((2, 2), np.float32)], r"must be float32 of shape \(1, 2\), batch included"),
        ([np.zeros((1, 2))], "got 'float64 of shape"),
        ([[[0.0, 0.0]]], "tensor x: got 'list', must be an array"),
    ],
)
def test_what_is_no_input(arrays, message):
    with pytest.raises(InputError, match=message):
        HALF(arrays)


def test_views_are_inputs():
    (found,) = HALF([np.arange(4, dtype=np.float32).reshape(2, 2).T[:1]])
    assert found.tolist() == [2.0]


@pytest.mark.parametrize("begin", [-1, 3, 4])
def test_a_part_begins_before_it_ends(begin, tmp_path):
    with pytest.raises(InputError, match="begin: got"):
        split_network(small_network(tmp_path / "small.onnx"), 3, tmp_path, begin=begin)


@pytest.mark.parametrize("cut", [-1, 9, 1.0, True])
def test_what_is_no_cut(cut, tmp_path):
    path = small_network(tmp_path / "small.onnx")
    with pytest.raises(InputError, match="cut: got"):
        split_network(path, cut, tmp_path / "halves")
    assert not (tmp_path / "halves").exists()


def test_what_is_no_network_and_no_half(tmp_path):
    path = small_network(tmp_path / "small.onnx")
    with pytest.raises(InputError, match=r"input_shape.*left out"):
        split_network(path, 1, tmp_path, input_shape=(3,))
    with pytest.raises(InputError, match=r"inputs: .* left out"):
        split_network("net.py:make", 1, tmp_path, inputs={"x": (1,)})
    with pytest.raises(InputError, match="suffix of the file"):
        load_half(__file__)
    with pytest.raises(InputError, match="threads"):
        load_half(path, threads=0)
    halves = split_network(path, 8, tmp_path)
    with pytest.raises(InputError, match="a cut before the last"):
        write_exit(halves, tmp_path / "exit", rng=1)


@pytest.mark.usefixtures("runtime")
def test_a_damaged_half_is_refused_in_one_line(tmp_path):
    path = small_network(tmp_path / "small.onnx")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"small\.onnx', must be a file that ONNX Runtime"):
        load_half(path)
