"""Who reads what in an ONNX file: order of nodes, bodies, tied weights, what is not counted."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.builder import einsum_macs
from edgeopt.problems.networks.from_onnx import from_onnx

onnx = pytest.importorskip("onnx")
helper = onnx.helper
FLOAT, BOOL, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.BOOL, onnx.TensorProto.INT64
node = helper.make_node


def weight(name, *shape, kind=FLOAT):
    size = {FLOAT: 4, onnx.TensorProto.INT8: 1}[kind]
    return helper.make_tensor(name, kind, shape, bytes(size * math.prod(shape)), raw=True)


def value(name, *shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def read(path, nodes, weights=(), x=(1, 3, 8, 8), y=None):
    graph = helper.make_graph(nodes, "net", [value("x", *x)], [y or value("y")], list(weights))
    if y is None:
        graph.output[0].type.tensor_type.ClearField("shape")
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    path.write_bytes(model.SerializeToString())
    return from_onnx(path)


@pytest.fixture
def cases(shared):
    """Return the folder of the files that once were read wrongly."""
    folder = shared.parent / "cases" / "onnx"
    if not folder.is_dir():
        pytest.skip(f"files missing: {folder}")
    return folder


def totals(profile):
    layers = profile.layers
    return sum(layer.macs for layer in layers), sum(layer.parameters for layer in layers)


@pytest.mark.parametrize(
    ("name", "macs", "parameters"),
    [
        ("einsum", 934_400, 12_480),
        ("if_squeeze", 42_416, 296),
        ("rnns", 32_595_200, 656_714),
        ("unsorted3", 129_024, 504),
        ("ifcap", 442_368 + 589_824 + 1_179_648, 432 + 576 + 1152),
    ],
)
def test_files_that_lost_work(cases, name, macs, parameters):
    profile = from_onnx(cases / f"{name}.onnx")
    assert totals(profile) == (macs, parameters)


def test_a_tensor_read_only_inside_a_body_crosses_every_cut_above_it(cases):
    profile = from_onnx(cases / "ifcap.onnx")
    names = [layer.name for layer in profile.layers]
    branch = profile.layers[names.index("if")]
    assert names.index("c1") in branch.inputs
    # the output of c1, 16 x 32 x 32, is read after the cut below c2 and what follows it
    assert (profile.crossing_elements[2] >= 16 * 32 * 32).all()


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_the_nodes_does_not_matter(tmp_path_factory, order):
    nodes = [
        node("Conv", ["x", "w"], ["a"], "one", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["b"], "relu"),
        node("Transpose", ["g"], ["h"], "turn"),
        node("Flatten", ["b"], ["c"], "flat"),
        node("MatMul", ["c", "h"], ["d"], "product"),
        node("Softmax", ["d"], ["y"], "softmax"),
    ]
    weights = [weight("w", 4, 3, 3, 3), weight("g", 10, 256)]
    path = tmp_path_factory.mktemp("order") / "net.onnx"
    sorted_file = read(path, nodes, weights)
    shuffled = read(path, [nodes[i] for i in order], weights)
    assert shuffled.layers == sorted_file.layers
    assert totals(shuffled) == (4 * 64 * 27 + 2560, 108 + 2560)


def test_transposed_and_tied_weights_count_once(tmp_path):
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "encode"),
        node("Transpose", ["w"], ["t"], "turn", perm=[1, 0]),
        node("Mul", ["t", "scale"], ["u"], "scaled"),
        node("MatMul", ["a", "u"], ["b"], "decode"),
        node("MatMul", ["b", "w"], ["y"], "again"),
    ]
    scale = helper.make_tensor("scale", FLOAT, [], [2.0])
    layers = read(tmp_path / "net.onnx", nodes, [weight("w", 6, 4), scale], x=(1, 6)).layers
    assert [(layer.name, layer.macs, layer.parameters) for layer in layers] == [
        ("encode", 24, 24),
        ("decode", 24, 0),
        ("again", 24, 0),
    ]


def test_a_parameter_that_no_layer_reads_is_named(tmp_path):
    nodes = [node("MatMul", ["x", "w"], ["y"], "fc"), node("Identity", ["v"], ["unused"])]
    weights = [weight("w", 6, 4), weight("v", 5, 2), weight("lonely", 7)]
    with pytest.warns(UserWarning, match=r"17 parameters .* lonely \(7\), v \(10\)$"):
        profile = read(tmp_path / "net.onnx", nodes, weights, x=(1, 6))
    assert totals(profile) == (24, 24)


@pytest.mark.parametrize("seed", range(5))
def test_every_parameter_is_counted_or_named(tmp_path, seed):
    rng = np.random.default_rng(seed)
    names = [f"w{i}" for i in range(6)]
    nodes, last = [], "x"
    for i in range(5):  # a chain that reads some of the weights, directly or transposed
        name = names[rng.integers(6)]
        if rng.random() < 0.5:
            nodes.append(node("Transpose", [name], [f"t{i}"]))
            name = f"t{i}"
        nodes.append(node("MatMul", [last, name], [f"a{i}"], f"m{i}"))
        last = f"a{i}"
    nodes.append(node("Relu", [last], ["y"]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        profile = read(tmp_path / "n.onnx", nodes, [weight(n, 3, 3) for n in names], x=(1, 3))
    left = sum(int(str(each.message).split(": ")[1].split()[0]) for each in caught)
    assert totals(profile)[1] + left == 6 * 9


def test_a_branch_costs_its_longer_side_and_holds_both(tmp_path):
    def branch(name, channels):
        inner = [
            node("Conv", ["x", f"w{channels}"], [f"c{channels}"]),
            node("Conv", [f"c{channels}", f"v{channels}"], [name]),
        ]
        held = [weight(f"v{channels}", 2, channels, 1, 1)]
        return helper.make_graph(inner, name, [], [value(name, 1, 2, 8, 8)], held)

    nodes = [
        node("ReduceMean", ["x"], ["m"], "mean", keepdims=0),
        node("Cast", ["m"], ["q"], "cast", to=BOOL),
        node("If", ["q"], ["y"], "if", then_branch=branch("t", 4), else_branch=branch("e", 5)),
    ]
    profile = read(tmp_path / "n.onnx", nodes, [weight("w4", 4, 3, 1, 1), weight("w5", 5, 3, 1, 1)])
    layer = profile.layers[-1]
    assert layer.macs == 64 * (3 * 5 + 5 * 2)
    assert layer.parameters == (12 + 8) + (15 + 10)
    assert layer.inputs == (1, -1)


def test_a_scan_costs_its_body_at_each_step(tmp_path):
    inner = [node("MatMul", ["step", "w"], ["out"])]
    body = helper.make_graph(inner, "body", [value("step", 4, 6)], [value("out", 4, 5)])
    scan = node("Scan", ["x"], ["y"], "scan", body=body, num_scan_inputs=1, scan_input_axes=[1])
    scan.attribute.append(helper.make_attribute("scan_output_axes", [1]))
    profile = read(tmp_path / "n.onnx", [scan], [weight("w", 6, 5)], x=(4, 7, 6))
    assert totals(profile) == (7 * 6 * 5, 30)


def test_a_loop_of_unknown_length_counts_once_and_says_so(tmp_path):
    inner = [
        node("MatMul", ["state", "w"], ["next"]),
        node("Identity", ["go"], ["stay"]),
    ]
    inputs = [value("i", kind=INT64), value("go", kind=BOOL), value("state", 1, 6)]
    outputs = [value("stay", kind=BOOL), value("next", 1, 6)]
    body = helper.make_graph(inner, "body", inputs, outputs)
    loop = node("Loop", ["", "yes", "x"], ["y"], "loop", body=body)
    yes = helper.make_tensor("yes", BOOL, [], [True])
    with pytest.warns(UserWarning, match=r"node loop: number of iterations unknown, counted as 1"):
        profile = read(
            tmp_path / "n.onnx", [loop], [weight("w", 6, 6), yes], x=(1, 6), y=value("y", 1, 6)
        )
    assert totals(profile) == (36, 36)


def functions(path, calls):
    """Write a model whose function number i calls the functions `calls[i]`."""
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("my", 1)]
    made = []
    for i, called in enumerate(calls):
        names = ["a", *(f"t{j}" for j in range(len(called)))]
        body = [
            node(f"F{each}", [names[j]], [names[j + 1]], domain="my")
            for j, each in enumerate(called)
        ]
        body.append(node("Relu", [names[-1]], ["b"]))
        made.append(helper.make_function("my", f"F{i}", ["a"], ["b"], body, opsets))
    nodes = [node("F0", ["x"], ["y"], domain="my")]
    graph = helper.make_graph(nodes, "net", [value("x", 1, 3)], [value("y", 1, 3)])
    model = helper.make_model(graph, functions=made, opset_imports=opsets, ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def test_recursive_functions_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"functions: got 'F\d -> F\d.* free of recursion"):
        from_onnx(functions(tmp_path / "n.onnx", [[1], [2], [1]]))


def test_functions_that_multiply_are_refused(tmp_path):
    calls = [[i + 1] * 10 for i in range(12)] + [[]]  # 10**12 nodes in a file of 10 kB
    with pytest.raises(InputError, match="nodes', must be functions of at most 200000 nodes"):
        from_onnx(functions(tmp_path / "n.onnx", calls))


def test_quantized_weights_are_parameters(tmp_path):
    int8 = onnx.TensorProto.INT8
    nodes = [
        node("DequantizeLinear", ["w", "scale"], ["d"]),
        node("MatMul", ["x", "d"], ["y"], "fc"),
    ]
    scale = helper.make_tensor("scale", FLOAT, [], [0.1])
    profile = read(tmp_path / "n.onnx", nodes, [weight("w", 6, 4, kind=int8), scale], x=(1, 6))
    assert totals(profile) == (24, 24)


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("bnc,cd->bnd", [(1, 10, 16), (16, 8)], 1280),
        ("...ij,...jk->...ik", [(2, 3, 4, 5), (3, 5, 6)], 2 * 3 * 4 * 5 * 6),
        ("ij->ji", [(4, 5)], 0),
        ("i,i,i->", [(7,), (7,), (7,)], 14),
        (" i , j ", [(2,), (3,)], 6),
    ],
)
def test_einstein_sums(equation, shapes, macs):
    assert einsum_macs(equation, shapes) == macs
