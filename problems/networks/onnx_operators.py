"""Kind and work of the operators of ONNX, and of ONNX Runtime (``com.microsoft``)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from edgeopt.problems.errors import import_extra
from edgeopt.problems.networks.builder import (
    conv_macs,
    einsum_macs,
    matmul_macs,
    transposed_conv_macs,
)
from edgeopt.problems.networks.onnx_graph import Shape, bodies
from edgeopt.problems.networks.onnx_tensors import Tensors

_OPERATORS = {
    "conv": "Conv ConvInteger ConvTranspose DeformConv QLinearConv com.microsoft.FusedConv "
    "com.microsoft.NhwcFusedConv com.microsoft.QLinearConv",
    "fc": "Gemm com.microsoft.FusedGemm com.microsoft.QGemm",
    "matmul": "Attention Einsum MatMul MatMulInteger QLinearMatMul com.microsoft.Attention "
    "com.microsoft.DynamicQuantizeMatMul com.microsoft.FusedMatMul "
    "com.microsoft.GroupQueryAttention com.microsoft.MatMulInteger16 "
    "com.microsoft.MatMulIntegerToFloat com.microsoft.MatMulNBits "
    "com.microsoft.MultiHeadAttention com.microsoft.QAttention com.microsoft.TransposeMatMul",
    "recurrent": "GRU LSTM RNN com.microsoft.DynamicQuantizeLSTM",
    "pool": "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool "
    "ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum com.microsoft.QLinearAveragePool "
    "com.microsoft.QLinearGlobalAveragePool com.microsoft.QLinearReduceMean "
    "com.microsoft.NhwcMaxPool",
    "norm": "BatchNormalization GroupNormalization InstanceNormalization LRN LayerNormalization "
    "LpNormalization MeanVarianceNormalization RMSNormalization SimplifiedLayerNormalization "
    "com.microsoft.EmbedLayerNormalization com.microsoft.SkipLayerNormalization "
    "com.microsoft.SkipSimplifiedLayerNormalization com.microsoft.GroupNorm",
    "activation": "Abs Celu Clip Elu Erf Exp Gelu HardSigmoid HardSwish Hardmax LeakyRelu Log "
    "LogSoftmax Mish Neg PRelu Pow Reciprocal Relu Selu Sigmoid Softmax Softplus Softsign Sqrt "
    "Swish Tanh ThresholdedRelu com.microsoft.BiasGelu com.microsoft.FastGelu com.microsoft.Gelu "
    "com.microsoft.QLinearLeakyRelu com.microsoft.QLinearSigmoid com.microsoft.QLinearSoftmax "
    "com.microsoft.QuickGelu com.microsoft.RotaryEmbedding",
    "add": "Add Sub Sum com.microsoft.QLinearAdd com.microsoft.BiasAdd",
    "multiply": "Div Mul com.microsoft.QLinearMul",
    "identity": "Cast Dropout Flatten Identity QuantizeLinear Reshape Slice Split Squeeze "
    "Unsqueeze com.microsoft.QuantizeLinear",
    "concat": "Concat com.microsoft.QLinearConcat",
    "other": "DequantizeLinear If Loop Scan com.microsoft.DequantizeLinear",
}

KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of the operators with a kind of their own."""

_UNCOUNTED = {"DFT", "STFT"}
"""Operators of ONNX itself with work that is not counted; the others without rule have none."""

_SCALES = dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), (1, 2))

NOT_PARAMETERS: dict[str, tuple[int, ...]] = {
    "BatchNormalization": (3, 4),  # running mean and variance
    "Resize": (1, 2, 3),
    "Upsample": (1,),
    **_SCALES,
}
"""Positions of floating-point inputs that training does not change."""

_SECOND = {"QLinearConv": 3, "QLinearMatMul": 3, "QGemm": 3}
"""Position of the second operand; scale and zero point of the first lie between."""


def operator(node: Any) -> str:
    """Return the name of the operator, after its domain unless it is of ONNX itself."""
    own = node.domain in ("", "ai.onnx")
    return str(node.op_type) if own else f"{node.domain}.{node.op_type}"


def node_macs(node: Any, tensors: Tensors, place: str, unknown: list[str]) -> int:
    """Return the MACs of one node for the whole batch.

    Parameters
    ----------
    node : onnx.NodeProto
        The node; elementwise operators, poolings and unknown ones cost nothing. An `If` costs as
        much as its longer branch, a loop its body times the iterations (one, with a warning, if
        their number is unknown).
    tensors : Tensors
        Shapes of what the node reads and writes.
    place : str
        Of the node, for messages.
    unknown : list
        Receives the operators whose work is not known here.
    """
    name, inner = operator(node), bodies(node)
    if not _is_known(name):
        unknown.append(name)
    if inner:
        work = [_body_macs(body, tensors.inside(body), place, unknown) for body in inner]
        return max(work) if name == "If" else _iterations(node, tensors, place) * sum(work)
    kind = KINDS.get(name, "other")
    if kind not in ("conv", "fc", "matmul", "recurrent"):
        return 0
    output = tensors.require(next(filter(None, node.output)), place)
    rule = _RULES.get(node.op_type, _KIND_RULES[kind])
    return rule(node, _given(node, kind, tensors, place), output)


def _given(node: Any, kind: str, tensors: Tensors, place: str) -> list[Shape]:
    """Return the shapes of what a node reads; those of its operands must be known."""
    needed = {0, _SECOND.get(node.op_type, 1)} | ({2} if kind == "recurrent" else set())
    return [
        tensors.require(name, place) if name and (i in needed or tensors.is_known(name)) else ()
        for i, name in enumerate(node.input)
    ]


def _is_known(name: str) -> bool:
    """Whether the work of an operator is known: counted, or none."""
    if name in KINDS:
        return True
    defs = import_extra("onnx.defs", "onnx")
    return "." not in name and name not in _UNCOUNTED and bool(defs.has(name))


# Rules: the work of a node from the shapes of what it reads, () for what is left out.

_Rule = Callable[[Any, list[Shape], Shape], int]


def _conv(node: Any, given: list[Shape], output: Shape) -> int:
    weight = given[_SECOND.get(node.op_type, 1)]
    if node.op_type == "NhwcFusedConv":  # channels last
        return matmul_macs(output, math.prod(weight[1:]))
    return conv_macs(output, weight)


def _conv_transpose(_: Any, given: list[Shape], __: Shape) -> int:
    return transposed_conv_macs(given[0], given[1])


def _product(node: Any, given: list[Shape], output: Shape) -> int:
    """Return the work of a matrix product; the axis that is summed is the last of the first."""
    first = given[0]
    is_transposed = bool(_integer(node, "transA"))
    return matmul_macs(output, first[-2] if is_transposed and len(first) > 1 else first[-1])


def _einsum(node: Any, given: list[Shape], _: Shape) -> int:
    return einsum_macs(_text(node, "equation"), given)


def _recurrent(_: Any, given: list[Shape], __: Shape) -> int:
    sequence, weight, recurrence = given[:3]
    return math.prod(sequence[:2]) * (math.prod(weight) + math.prod(recurrence))


_PAST = {"Attention": 4, "MultiHeadAttention": 6, "GroupQueryAttention": 3, "QAttention": 8}
"""Position of the keys of earlier calls, whose last axis but one is their number."""


def _attention(node: Any, given: list[Shape], output: Shape) -> int:
    """Return the work of scores and weighted values; each query meets each key."""
    query, key = given[0], given[1] if len(given) > 1 else ()
    keys = _keys(query, key) + _past(node, given)
    # Queries packed with keys and values are as wide as the output.
    width = math.prod(query) if key and len(query) < _PACKED else math.prod(output)
    return keys * (width + math.prod(output))


_PACKED = 5  # axes of keys and values in one tensor: batch, length, heads, 2 or 3, size


def _keys(query: Shape, key: Shape) -> int:
    """Return the number of keys."""
    if not key:
        return query[1]
    return key[1] if len(key) == _PACKED else key[-2]


def _past(node: Any, given: list[Shape]) -> int:
    """Return the number of keys of earlier calls."""
    place = _PAST[node.op_type]
    past = given[place] if place < len(given) else ()
    return past[-2] if past else 0


def _projected_attention(node: Any, given: list[Shape], output: Shape) -> int:
    """Return the work of the projection to queries, keys and values, and of the attention."""
    tokens, weight = given[:2]
    projection = math.prod(tokens[:-1]) * math.prod(weight)
    return projection + 2 * (tokens[1] + _past(node, given)) * math.prod(output)


def _any_attention(node: Any, given: list[Shape], output: Shape) -> int:
    """Tell ONNX's attention from the one of ONNX Runtime, which has the projections."""
    own = node.domain in ("", "ai.onnx")
    return (_attention if own else _projected_attention)(node, given, output)


_KIND_RULES: dict[str, _Rule] = {
    "conv": _conv,
    "fc": _product,
    "matmul": _product,
    "recurrent": _recurrent,
}

_RULES: dict[str, _Rule] = {
    "ConvTranspose": _conv_transpose,
    "Einsum": _einsum,
    "Attention": _any_attention,
    "QAttention": _projected_attention,
    "MultiHeadAttention": _attention,
    "GroupQueryAttention": _attention,
}


# Graphs within nodes.


def _body_macs(body: Any, tensors: Tensors, place: str, unknown: list[str]) -> int:
    """Return the MACs of the nodes of a body, once each."""
    return sum(node_macs(node, tensors, f"{place}, inner", unknown) for node in body.node)


def _iterations(node: Any, tensors: Tensors, place: str) -> int:
    """Return how often the body of a loop runs: of a `Scan`, the length of what it scans."""
    numbers = {each.name: each for each in node.attribute}
    if node.op_type == "Scan" and "num_scan_inputs" in numbers:
        scanned = node.input[len(node.input) - numbers["num_scan_inputs"].i]
        axes = numbers["scan_input_axes"].ints if "scan_input_axes" in numbers else [0]
        return tensors.require(scanned, place)[axes[0]]
    warnings.warn(f"{place}: number of iterations unknown, counted as 1", stacklevel=2)
    return 1


def _text(node: Any, name: str) -> str:
    """Return a text attribute of a node."""
    return next((each.s.decode() for each in node.attribute if each.name == name), "")


def _integer(node: Any, name: str) -> int:
    """Return an integer attribute of a node, 0 if it is left out."""
    return next((int(each.i) for each in node.attribute if each.name == name), 0)
