"""Work and element types of the operators of ONNX, each by hand."""

import math

import pytest

from edgeopt.problems.networks.from_csv import from_csv, to_csv
from edgeopt.problems.networks.from_onnx import from_onnx
from edgeopt.problems.offloading.arrays import network_arrays
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, with_element_type

onnx = pytest.importorskip("onnx")
helper, TYPES = onnx.helper, onnx.TensorProto
node = helper.make_node
BYTES = {TYPES.FLOAT: 4, TYPES.FLOAT16: 2, TYPES.INT8: 1, TYPES.UINT8: 1, TYPES.INT32: 4}


def value(name, shape, kind=TYPES.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name, *shape, kind=TYPES.FLOAT):
    return helper.make_tensor(name, kind, shape, bytes(BYTES[kind] * math.prod(shape)), raw=True)


def read(path, nodes, inputs, weights=(), *, out=None):
    """Return the network of nodes."""
    given = [value(name, *each) for name, each in inputs.items()]
    last = nodes[-1].output[0]
    graph = helper.make_graph(nodes, "n", given, [out or value(last, None)], [*weights])
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=11)
    path.write_bytes(model.SerializeToString())
    return from_onnx(path)


def run(tmp_path, op, inputs, weights=(), *, out, domain="", kind=TYPES.FLOAT, **attributes):
    """Return the MACs and parameters of one node that reads inputs and weights in turn."""
    names = [*inputs, *(each.name for each in weights)]
    single = node(op, names, ["y"], op, domain=domain)
    single.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())
    given = {name: each if isinstance(each[0], tuple) else (each,) for name, each in inputs.items()}
    profile = read(tmp_path / "n.onnx", [single], given, weights, out=value("y", out, kind))
    return int(profile.edge_macs[-1]), int(profile.edge_parameters[-1])


def test_attention_meets_each_key_with_each_query(tmp_path):
    # 4 heads of 8 for queries, 2 for keys and values (which are 6 wide), 5 queries, 7 keys
    wide = {"q": (1, 4, 5, 8), "k": (1, 2, 7, 8), "v": (1, 2, 7, 6)}
    scores, values = 4 * 5 * 7 * 8, 4 * 5 * 7 * 6
    assert run(tmp_path, "Attention", wide, out=(1, 4, 5, 6)) == (scores + values, 0)
    flat = {"q": (1, 5, 32), "k": (1, 7, 16), "v": (1, 7, 12)}
    heads = {"q_num_heads": 4, "kv_num_heads": 2}
    assert run(tmp_path, "Attention", flat, out=(1, 5, 24), **heads) == (scores + values, 0)


@pytest.mark.parametrize(
    ("op", "inputs", "out", "keys"),
    [
        ("MultiHeadAttention", {"q": (1, 5, 8), "k": (1, 7, 8), "v": (1, 7, 8)}, (1, 5, 8), 7),
        ("MultiHeadAttention", {"q": (1, 5, 2, 3, 4)}, (1, 5, 8), 5),
        ("MultiHeadAttention", {"q": (1, 5, 8), "k": (1, 7, 2, 2, 4)}, (1, 5, 8), 7),
        (
            "GroupQueryAttention",
            {"q": (1, 5, 8), "k": (1, 5, 4), "v": (1, 5, 4), "past": (1, 1, 3, 4)},
            (1, 5, 8),
            8,
        ),
    ],
)
def test_attention_of_the_runtime(tmp_path, op, inputs, out, keys):
    found = run(tmp_path, op, inputs, out=out, domain="com.microsoft", num_heads=2)
    assert found == (2 * 5 * keys * 8, 0)


def test_attention_with_projections(tmp_path):
    found = run(
        tmp_path,
        "Attention",
        {"x": (1, 5, 8)},
        [weight("w", 8, 24), weight("b", 24)],
        out=(1, 5, 8),
        domain="com.microsoft",
        num_heads=2,
    )
    assert found == (5 * 8 * 24 + 2 * 5 * 5 * 8, 8 * 24 + 24)


def test_quantized_products(tmp_path):
    int8, int32 = TYPES.INT8, TYPES.INT32
    x = {"x": ((1, 6), int8)}
    w = [weight("w", 6, 4, kind=int8)]
    assert run(tmp_path, "MatMulInteger", x, w, out=(1, 4), kind=int32) == (24, 24)
    image, kernel = {"x": ((1, 3, 8, 8), int8)}, [weight("w", 2, 3, 3, 3, kind=int8)]
    conv = run(tmp_path, "ConvInteger", image, kernel, out=(1, 2, 6, 6), kind=int32)
    assert conv == (2 * 36 * 27, 54)
    scale, zero = helper.make_tensor("s", TYPES.FLOAT, [], [0.1]), weight("z", kind=int8)
    nodes = [node("QLinearConv", ["x", "s", "z", "w", "s", "z", "s", "z"], ["y"], "q")]
    inputs, out = {"x": ((1, 3, 8, 8), int8)}, value("y", (1, 2, 6, 6), int8)
    profile = read(tmp_path / "n.onnx", nodes, inputs, [*kernel, scale, zero], out=out)
    (layer,) = profile.layers
    assert (layer.macs, layer.parameters, layer.output_bytes) == (2 * 36 * 27, 54, 2 * 36)


def test_transposed_operands_of_the_runtime(tmp_path):
    found = run(
        tmp_path, "FusedMatMul", {"x": (1, 6, 3)}, [weight("w", 6, 4)], out=(1, 3, 4),
        domain="com.microsoft", transA=1,
    )  # fmt: skip
    assert found == (3 * 4 * 6, 24)


def test_operators_of_the_runtime_make_shapes_that_no_file_gives(tmp_path):
    domain = "com.microsoft"
    nodes = [
        node("FusedConv", ["x", "w"], ["a"], "conv", domain=domain, strides=[2, 2]),
        node("Gelu", ["a"], ["b"], "gelu", domain=domain),
        node("Reshape", ["b", "to"], ["c"], "tokens"),
        node("DynamicQuantizeLSTM", ["c", "i", "r", "bias", "", "", "", "", "s", "z", "s", "z"],
             ["d"], "lstm", domain=domain, hidden_size=3),
        node("Reshape", ["d", "rows"], ["e"], "rows"),
        node("DynamicQuantizeMatMul", ["e", "m", "s"], ["y"], "product", domain=domain),
    ]  # fmt: skip
    int8, int64 = TYPES.INT8, TYPES.INT64
    weights = [
        weight("w", 2, 3, 2, 2), helper.make_tensor("to", int64, [3], [8, 1, 4]),
        weight("i", 1, 4, 12, kind=int8), weight("r", 1, 3, 12, kind=int8), weight("bias", 1, 24),
        weight("s", 1), weight("z", 1, kind=int8), weight("m", 3, 5, kind=int8),
        helper.make_tensor("rows", int64, [2], [8, 3]),
    ]  # fmt: skip
    profile = read(tmp_path / "n.onnx", nodes, {"x": ((1, 3, 8, 8),)}, weights)
    work = {
        layer.name: (layer.macs, layer.elements, layer.element_bytes) for layer in profile.layers
    }
    assert work == {
        "conv": (2 * 16 * 12, 32, 4), "gelu": (0, 32, 4), "tokens": (0, 32, 4),
        "lstm": (8 * (4 + 3) * 12, 24, 4), "rows": (0, 24, 4), "product": (8 * 3 * 5, 40, 4),
    }  # fmt: skip


def test_deformable_convolution(tmp_path):
    inputs = {"x": (1, 3, 8, 8)}
    weights = [weight("w", 2, 3, 3, 3), weight("offset", 1, 18, 6, 6)]
    assert run(tmp_path, "DeformConv", inputs, weights, out=(1, 2, 6, 6))[0] == 2 * 36 * 27


def test_the_quantized_tensor_crosses_and_the_weights_are_bytes(tmp_path):
    scale, zero = helper.make_tensor("s", TYPES.FLOAT, [], [0.1]), weight("z", kind=TYPES.INT8)

    def wrapped(i, source):
        return [
            node("DequantizeLinear", [f"w{i}", "s", "z"], [f"d{i}"]),
            node("Conv", [source, f"d{i}"], [f"c{i}"], f"conv{i}"),
            node("Relu", [f"c{i}"], [f"r{i}"], f"relu{i}"),
            node("QuantizeLinear", [f"r{i}", "s", "z"], [f"q{i}"], f"quantize{i}"),
            node("DequantizeLinear", [f"q{i}", "s", "z"], [f"o{i}"]),
        ]

    kernels = [weight(f"w{i}", 2, c, 1, 1, kind=TYPES.INT8) for i, c in enumerate((3, 2))]
    nodes = [*wrapped(0, "x"), *wrapped(1, "o0")]
    profile = read(tmp_path / "n.onnx", nodes, {"x": ((1, 3, 8, 8),)}, [*kernels, scale, zero])
    names = ["conv0", "relu0", "quantize0", "conv1", "relu1", "quantize1"]
    assert [layer.name for layer in profile.layers] == names
    assert {layer.element_bytes for layer in profile.layers} == {1}
    assert profile.layers[3].inputs == (2,)
    assert profile.crossing_bytes.tolist() == [4 * 192, 128, 0]
    assert profile.edge_parameter_bytes.tolist() == [0, 6, 10]
    bits = network_arrays(profile, CORRECTED).crossing_bits
    assert bits.tolist() == [0, 8 * 128, 0]


@pytest.fixture
def half(tmp_path):
    """Return a network in float16: two products and a sum."""
    kind = TYPES.FLOAT16
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "one"),
        node("Relu", ["a"], ["b"], "relu"),
        node("MatMul", ["b", "v"], ["y"], "two"),
    ]
    weights = [weight("w", 6, 4, kind=kind), weight("v", 4, 2, kind=kind)]
    inputs, out = {"x": ((1, 6), kind)}, value("y", (1, 2), kind)
    return read(tmp_path / "n.onnx", nodes, inputs, weights, out=out)


def test_each_tensor_has_the_size_of_its_type(half):
    assert half.crossing_elements.tolist() == [6, 4, 0]
    assert half.crossing_bytes.tolist() == [12, 8, 0]
    assert half.edge_parameter_bytes.tolist() == [0, 48, 64]
    assert half.peak_bytes.tolist() == [0, 12 + 8, 12 + 8]
    own = network_arrays(half, CORRECTED)
    assert own.memory_bytes.tolist() == [0, 48 + 8, 64 + 8 + 4]
    assert own.crossing_bits.tolist() == [0, 64, 0]


def test_a_reading_can_overrule_the_types(half):
    eight = network_arrays(half, with_element_type(CORRECTED, "int8"))
    assert eight.crossing_bits.tolist() == [0, 32, 0]
    assert eight.memory_bytes.tolist() == [0, 24 + 4, 32 + 4 + 2]
    printed = network_arrays(half, PRINTED)  # which counts elements
    assert printed.memory_bytes.tolist() == [0, 24 + 4, 32 + 4 + 2]


def test_types_survive_a_table(half, tmp_path):
    to_csv(half, tmp_path / "half.csv")
    again = from_csv(tmp_path / "half.csv")
    assert (again.layers, again.input_element_bytes) == (half.layers, 2)


def test_the_file_in_float16(shared):
    path = shared.parent / "cases" / "onnx" / "half.onnx"
    if not path.exists():
        pytest.skip(f"file missing: {path}")
    bits = network_arrays(from_onnx(path), CORRECTED).crossing_bits
    assert 8 * 131_072 in bits
