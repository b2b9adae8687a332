"""Kind and work of the operators of ONNX."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from typing import Any

from edgeopt.problems.networks.builder import (
    conv_macs,
    einsum_macs,
    matmul_macs,
    transposed_conv_macs,
)
from edgeopt.problems.networks.onnx_graph import Shape, Tensors, bodies

_OPERATORS = {
    "conv": "Conv ConvInteger ConvTranspose QLinearConv",
    "fc": "Gemm",
    "matmul": "Einsum MatMul MatMulInteger QLinearMatMul",
    "recurrent": "GRU LSTM RNN",
    "pool": "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool "
    "ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum",
    "norm": "BatchNormalization GroupNormalization InstanceNormalization LRN LayerNormalization "
    "LpNormalization MeanVarianceNormalization RMSNormalization",
    "activation": "Abs Celu Clip Elu Erf Exp Gelu HardSigmoid HardSwish Hardmax LeakyRelu Log "
    "LogSoftmax Mish Neg PRelu Pow Reciprocal Relu Selu Sigmoid Softmax Softplus Softsign Sqrt "
    "Swish Tanh ThresholdedRelu",
    "add": "Add Sub Sum",
    "multiply": "Div Mul",
    "identity": "Cast Dropout Flatten Identity Reshape Slice Split Squeeze Unsqueeze",
    "concat": "Concat",
    "other": "And ArgMax DepthToSpace DequantizeLinear DynamicQuantizeLinear Equal Expand Gather "
    "Greater GreaterOrEqual If Less LessOrEqual Loop Max Mean Min Not Or Pad QuantizeLinear Resize "
    "Scan SpaceToDepth TopK Transpose Upsample Where",
}

KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here."""

NOT_PARAMETERS = {
    "BatchNormalization": (3, 4),  # running mean and variance
    "Resize": (1, 2, 3),
    "Upsample": (1,),
}
"""Positions of floating-point inputs that training does not change."""

_WEIGHTED = ("conv", "fc", "matmul", "recurrent")

_SECOND = {"QLinearConv": 3, "QLinearMatMul": 3}
"""Position of the second operand; scale and zero point of the first lie between."""


def operator(node: Any) -> str:
    """Return the name of the operator, after its domain unless it is of ONNX itself."""
    own = node.domain in ("", "ai.onnx")
    return str(node.op_type) if own else f"{node.domain}.{node.op_type}"


def node_macs(node: Any, tensors: Tensors, place: str, unknown: Counter[str]) -> int:
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
    unknown : Counter
        Counts the operators that are not known here.
    """
    name, inner = operator(node), bodies(node)
    if name not in KINDS:
        unknown[name] += 1
    if inner:
        work = [_body_macs(body, tensors.inside(body), place, unknown) for body in inner]
        return max(work) if name == "If" else _iterations(node, tensors, place) * sum(work)
    if KINDS.get(name) not in _WEIGHTED:
        return 0
    output = tensors.require(next(filter(None, node.output)), place)
    if name == "Einsum":
        return einsum_macs(_text(node, "equation"), [tensors.require(n, place) for n in node.input])
    first = tensors.require(node.input[0], place)
    second = tensors.require(node.input[_SECOND.get(name, 1)], place)
    if KINDS[name] == "recurrent":
        third = tensors.require(node.input[2], place)
        return math.prod(first[:2]) * (math.prod(second) + math.prod(third))
    return _product_macs(node, first, second, output)


def _product_macs(node: Any, first: Shape, second: Shape, output: Shape) -> int:
    """Return the MACs of a convolution or matrix product."""
    if node.op_type == "ConvTranspose":
        return transposed_conv_macs(first, second)
    if KINDS[node.op_type] == "conv":
        return conv_macs(output, second)
    if node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return matmul_macs(output, first[0 if transposed else 1])
    return matmul_macs(output, first[-1])


def _body_macs(body: Any, tensors: Tensors, place: str, unknown: Counter[str]) -> int:
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
