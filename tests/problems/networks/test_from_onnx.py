"""Small ONNX models built by hand, and all that can be wrong with a file."""

import math

import pytest

from edgeopt.problems import errors
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_onnx import from_onnx
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.zoo import resnet34

onnx = pytest.importorskip("onnx")
helper = onnx.helper
FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
node = helper.make_node


def weight(name, *shape):
    return helper.make_tensor(name, FLOAT, shape, bytes(4 * math.prod(shape)), raw=True)


def value(name, shape):
    return helper.make_tensor_value_info(name, FLOAT, shape)


@pytest.fixture
def save(tmp_path):
    """Return a function that writes nodes as ``net.onnx`` and returns the path."""

    def write(nodes, weights=(), *, x=(1, 3, 8, 8), y=None, values=(), inputs=("x",), **model):
        graph = helper.make_graph(
            nodes,
            "net",
            [value(name, x) for name in inputs],
            [value("y", y)],
            list(weights),
            value_info=list(values),
        )
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid("my", 1)]
        path = tmp_path / "net.onnx"
        made = helper.make_model(graph, opset_imports=opsets, ir_version=10, **model)
        path.write_bytes(made.SerializeToString())
        return path

    return write


@pytest.fixture
def chain(save):
    """Return conv (grouped) - bn - relu - pool - flatten - gemm - softmax."""
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], "conv", pads=[1, 1, 1, 1], strides=[2, 2], group=2),
        node("BatchNormalization", ["c", "s", "t", "m", "v"], ["n"], "bn"),
        node("Relu", ["n"], ["r"], "relu"),
        node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["p"], ["f"], "flatten"),
        node("Gemm", ["f", "g", "h"], ["z"], "gemm", transB=1),
        node("Softmax", ["z"], ["y"], "softmax"),
    ]
    sizes = {"w": (6, 2, 3, 3), "b": (6,), "g": (10, 24), "h": (10,)}
    sizes |= dict.fromkeys("stmv", (6,))
    weights = [weight(name, *shape) for name, shape in sizes.items()]
    return lambda **options: save(nodes, weights, **({"x": (1, 4, 8, 8)} | options))


CHAIN = (
    Layer("conv", "conv", 6 * 4 * 4 * 2 * 9, 6 * 2 * 9 + 6, (6, 4, 4), (-1,)),
    Layer("bn", "norm", 0, 12, (6, 4, 4), (0,)),
    Layer("relu", "activation", 0, 0, (6, 4, 4), (1,)),
    Layer("pool", "pool", 0, 0, (6, 2, 2), (2,)),
    Layer("flatten", "identity", 0, 0, (24,), (3,)),
    Layer("gemm", "fc", 240, 250, (10,), (4,)),
    Layer("softmax", "activation", 0, 0, (10,), (5,)),
)


@pytest.mark.parametrize("batch", [1, 4, "batch", None])
def test_chain_by_hand_for_any_batch(chain, batch):
    profile = from_onnx(chain(x=(batch, 4, 8, 8), y=(batch, 10)))
    assert profile.layers == CHAIN
    assert profile.input_shape == (4, 8, 8)
    assert profile.cut_ends == (3, 7)
    assert profile.cut_names == ("input", "conv", "gemm")
    assert profile.crossing_elements.tolist() == [256, 96, 0]
    assert profile.map_elements.tolist() == [0, 96, 96 + 24 + 10]


def test_residual_block_equals_the_built_in_one(save):
    def conv(x, name, y, stride, kernel):
        pads, strides = [kernel // 2] * 4, [stride] * 2
        return node("Conv", [x, f"{name}_w"], [y], name, pads=pads, strides=strides)

    def bn(name, y):
        statistics = [f"{name}_{letter}" for letter in "stmv"]
        return node("BatchNormalization", [f"{name}_y", *statistics], [y], f"{name}_bn")

    names = {"conv3_1": (128, 64, 3, 3), "conv3_shortcut": (128, 64, 1, 1)}
    names |= {"conv3_2": (128, 128, 3, 3)}
    nodes = [
        conv("x", "conv3_1", "conv3_1_y", 2, 3),
        bn("conv3_1", "a"),
        conv("x", "conv3_shortcut", "conv3_shortcut_y", 2, 1),
        bn("conv3_shortcut", "s"),
        conv("a", "conv3_2", "conv3_2_y", 1, 3),
        bn("conv3_2", "b"),
        node("Add", ["s", "b"], ["y"], "conv3_add1"),
    ]
    weights = [weight(f"{name}_w", *shape) for name, shape in names.items()]
    weights += [weight(f"{name}_{letter}", 128) for name in names for letter in "stmv"]
    read = from_onnx(save(nodes, weights, x=(1, 64, 56, 56), y=(1, 128, 28, 28))).layers

    built = resnet34().layers
    first = next(i for i, layer in enumerate(built) if layer.name == "conv3_1")
    assert len(read) == 7
    for layer, own in zip(read, built[first : first + 7], strict=True):
        assert (layer.name, layer.macs, layer.parameters) == (own.name, own.macs, own.parameters)
        assert layer.output_shape == own.output_shape
        assert layer.inputs == tuple(max(i - first, -1) for i in own.inputs)


def test_attention_products_and_shape_arithmetic(save):
    nodes = [
        node("MatMul", ["x", "w"], ["q"], "query"),
        node("Transpose", ["q"], ["t"], "transpose", perm=[0, 2, 1]),
        node("MatMul", ["q", "t"], ["scores"], "scores"),
        node("Shape", ["scores"], ["shape"], "shape"),
        node("Reshape", ["scores", "shape"], ["y"], "reshape"),
    ]
    profile = from_onnx(save(nodes, [weight("w", 16, 4)], x=("n", 5, 16)))
    query, transpose, scores, reshape = profile.layers
    assert (query.macs, query.parameters, query.output_shape) == (5 * 16 * 4, 64, (5, 4))
    assert transpose.kind == "other"
    assert (scores.macs, scores.parameters, scores.inputs) == (5 * 5 * 4, 0, (0, 1))
    assert (reshape.kind, reshape.inputs) == ("identity", (2,))


def test_transposed_convolution_and_gemm_of_a_transposed_input(save):
    up = [node("ConvTranspose", ["x", "w"], ["y"], "up", strides=[2, 2])]
    (layer,) = from_onnx(save(up, [weight("w", 3, 5, 2, 2)])).layers
    assert (layer.macs, layer.output_shape) == (3 * 8 * 8 * 5 * 2 * 2, (5, 16, 16))
    gemm = [node("Gemm", ["x", "w"], ["y"], "gemm", transA=1)]
    (layer,) = from_onnx(save(gemm, [weight("w", 1, 6)], x=(1, 7))).layers
    assert (layer.macs, layer.output_shape) == (7 * 6, (7, 6))


def test_constants_made_by_nodes_and_shared_weights(save):
    shape = helper.make_tensor("shape", INT64, [4], [3, 3, 1, 1])
    nodes = [
        node("ConstantOfShape", ["shape"], ["w"]),
        node("Identity", ["w"], ["v"]),
        node("Conv", ["x", "v"], ["a"], "one"),
        node("Conv", ["a", "v"], ["b"], "two"),
        node("Clip", ["b", "low", "high"], ["y"], "clip"),
    ]
    limits = [helper.make_tensor(name, FLOAT, [], [i]) for i, name in enumerate(["low", "high"])]
    layers = from_onnx(save(nodes, [shape, *limits])).layers
    assert [(x.name, x.macs, x.parameters) for x in layers] == [
        ("one", 576, 9),
        ("two", 576, 0),
        ("clip", 0, 0),
    ]


def test_each_used_output_of_a_node_is_a_layer(save):
    nodes = [
        node("Conv", ["x", "w"], ["c"], "conv"),
        node("Split", ["c"], ["left", "mid", "right"], "split", axis=1, num_outputs=3),
        node("Add", ["left", "right"], ["y"], "add"),
    ]
    layers = from_onnx(save(nodes, [weight("w", 6, 3, 1, 1)])).layers
    assert [x.name for x in layers] == ["conv", "split", "split:1", "add"]
    assert layers[1].output_shape == layers[2].output_shape == (2, 8, 8)
    assert layers[3].inputs == (1, 2)


def test_recurrent_layers_and_their_parameters_count_once(save):
    nodes = [
        node("LSTM", ["x", "w", "r"], ["all", "last"], "lstm", hidden_size=2),
        node("Add", ["all", "last"], ["sum"], "add"),
        node("MatMul", ["sum", "v"], ["y"], "out"),
    ]
    weights = [weight("w", 1, 8, 3), weight("r", 1, 8, 2), weight("v", 2, 5)]
    layers = from_onnx(save(nodes, weights, x=(1, 1, 3))).layers
    assert [(x.name, x.macs, x.parameters) for x in layers] == [
        ("lstm", 4 * 2 * (3 + 2), 8 * 3 + 8 * 2),
        ("lstm:1", 0, 0),
        ("add", 0, 0),
        ("out", 10, 10),
    ]


def test_dead_nodes_vanish(save):
    nodes = [node("Relu", ["x"], ["unused"], "dead"), node("MatMul", ["x", "w"], ["y"], "product")]
    layers = from_onnx(save(nodes, [weight("w", 4, 2)], x=(1, 4))).layers
    assert [x.name for x in layers] == ["product"]


def test_nodes_without_a_usable_name_get_one(save):
    names = ["", "twin", "twin", "input", "in fc"]
    tensors = ["x", "a", "b", "c", "d", "y"]
    nodes = [
        node("Gemm", [tensors[i], "w"], [tensors[i + 1]], name) for i, name in enumerate(names)
    ]
    layers = from_onnx(save(nodes, [weight("w", 4, 4)], x=(1, 4))).layers
    assert [x.name for x in layers] == ["Gemm:a", "Gemm:b", "Gemm:c", "Gemm:d", "in_fc"]


@pytest.fixture
def swish(save):
    """Return a file with two nodes of a foreign operator before a convolution."""
    nodes = [
        node("Round", ["x"], ["a"], "round"),
        node("Swish", ["a"], ["b"], domain="my"),
        node("Swish", ["b"], ["c"], domain="my"),
        node("Conv", ["c", "w"], ["y"], "conv"),
    ]
    return save(nodes, [weight("w", 2, 3, 1, 1)], values=[value(n, (1, 3, 8, 8)) for n in "bc"])


def test_unknown_operators_are_listed_in_one_warning_with_their_share(swish):
    # of 192 + 384 + 384 + (192 + 128 + 6) elements that are read and written
    match = r"zero work: my.Swish \(2\); 2 of 4 layers, 59.7% of the bytes moved$"
    with pytest.warns(UserWarning, match=match) as caught:
        layers = from_onnx(swish, allow_uncounted=True).layers
    assert len(caught) == 1
    assert [(x.kind, x.macs) for x in layers] == [("other", 0)] * 3 + [("conv", 2 * 64 * 3)]


def test_much_unknown_work_is_refused(swish):
    with pytest.raises(InputError, match=r"my.Swish \(2\): 2 of 4 .*95% of.*--allow-uncounted"):
        from_onnx(swish)


def test_local_functions_are_inlined(save):
    body = [node("MatMul", ["a", "b"], ["c"], "inner")]
    opset = [helper.make_opsetid("", 18)]
    function = helper.make_function("my", "Product", ["a", "b"], ["c"], body, opset)
    nodes = [node("Product", ["x", "w"], ["y"], "outer", domain="my")]
    path = save(nodes, [weight("w", 4, 2)], x=(1, 4), functions=[function])
    assert [x.macs for x in from_onnx(path).layers] == [8]


def test_unknown_operator_without_shape_names_the_node(save):
    nodes = [node("Foo", ["x"], ["a"], "foo", domain="my"), node("Relu", ["a"], ["y"], "relu")]
    with pytest.raises(InputError, match=r"node foo: a: got 'no shape', must be a shape of known"):
        from_onnx(save(nodes))


def test_symbolic_size_names_the_input(save):
    nodes = [node("Conv", ["x", "w"], ["y"], "conv")]
    path = save(nodes, [weight("w", 2, 3, 1, 1)], x=("n", 3, "height", 8))
    with pytest.raises(InputError, match=r"\(1, 3, 'height', 8\), .* --input x=1x3xheightx8"):
        from_onnx(path)


def test_size_that_depends_on_values_names_the_node(save):
    nodes = [
        node("NonZero", ["x"], ["places"], "nonzero"),
        node("Cast", ["places"], ["y"], "cast", to=FLOAT),
    ]
    with pytest.raises(InputError, match=r"node nonzero: places: got .*known sizes"):
        from_onnx(save(nodes, x=(1, 4)))


def test_samples_that_mix(save):
    nodes = [node("Transpose", ["x"], ["y"], "swap", perm=[1, 0])]
    with pytest.raises(InputError, match=r"node swap: got .3, 2.*batch size 1"):
        from_onnx(save(nodes, x=(2, 3)))


def test_contradicting_shapes_name_the_node(save):
    nodes = [node("MatMul", ["x", "w"], ["y"], "product")]
    with pytest.raises(InputError, match=r"onnx says: .*node name: product"):
        from_onnx(save(nodes, [weight("w", 5, 5)], x=(1, 4)))


def test_cycle_is_shown(save):
    nodes = [node("Add", ["x", "b"], ["a"], "one"), node("Relu", ["a"], ["b"], "two")]
    nodes.append(node("Relu", ["b"], ["y"], "three"))
    with pytest.raises(InputError, match=r"graph: got '(one -> two -> one|two -> one -> two)'"):
        from_onnx(save(nodes))


def test_a_graph_must_read_an_input(save):
    with pytest.raises(InputError, match=r"inputs: got \[\], must be at least one tensor"):
        from_onnx(save([node("Relu", ["w"], ["y"])], [weight("w", 2)]))


def test_an_input_of_one_axis_is_a_vector(save):
    profile = from_onnx(save([node("MatMul", ["x", "w"], ["y"])], [weight("w", 3, 5)], x=(3,)))
    assert (profile.input_shape, profile.layers[0].macs) == ((3,), 15)


def test_model_without_work(save):
    with pytest.raises(InputError, match="layers of which one has MACs"):
        from_onnx(save([node("Relu", ["x"], ["y"], "relu")]))


@pytest.mark.parametrize("damage", [{"raw_data": b"\0\0\0"}, {"data_type": 99}], ids=str)
def test_a_constant_whose_data_do_not_fit_is_named(save, damage):
    sizes = helper.make_tensor("sizes", INT64, (2,), [1, 192])
    del sizes.int64_data[:]
    sizes.raw_data = bytes(16)
    for name, wrong in damage.items():
        setattr(sizes, name, wrong)
    nodes = [node("Reshape", ["x", "sizes"], ["f"]), node("MatMul", ["f", "w"], ["y"])]
    with pytest.raises(InputError, match=r"net.onnx: (constant sizes: got .type |shapes)"):
        from_onnx(save(nodes, [sizes, weight("w", 192, 2)]))


def test_truncations_are_input_errors(chain, tmp_path):
    data = chain().read_bytes()
    path = tmp_path / "cut.onnx"
    for length in range(0, len(data) - 30, 3):
        path.write_bytes(data[:length])
        with pytest.raises(InputError):
            from_onnx(path)


def test_other_files(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("name,kind,macs")
    with pytest.raises(InputError, match="truncated or not one"):
        from_onnx(path)
    with pytest.raises(InputError, match="an existing file"):
        from_onnx(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="an existing file"):
        from_onnx(tmp_path)


def test_missing_extra_is_named():
    rule = r"package no_such_package: .*pip install 'edgeopt\[onnx\]'"
    with pytest.raises(InputError, match=rule):
        errors.import_extra("no_such_package", "onnx")
