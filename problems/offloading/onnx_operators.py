"""What the operators of ONNX cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from problems.offloading.macs import conv_macs, matmul_macs, transposed_conv_macs

Shape = tuple[int, ...]

_OPERATORS = {
    "conv": "Conv ConvTranspose",
    "fc": "Gemm",
    "matmul": "MatMul",
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
    "other": "ArgMax DepthToSpace Expand Gather Max Mean Min Pad Resize SpaceToDepth TopK "
    "Transpose Upsample Where",
}
KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here."""

WEIGHTED = ("conv", "fc", "matmul")
"""Kinds that do work."""

_NOT_PARAMETERS = {
    "BatchNormalization": (3, 4),  # running mean and variance
    "Resize": (1, 2, 3),
    "Upsample": (1,),
}
"""Positions of floating-point constants that nobody learns."""


def node_macs(node: Any, shapes: Mapping[str, Shape]) -> int:
    """Return the MACs of one node for the whole batch.

    Parameters
    ----------
    node : onnx.NodeProto
        The node; elementwise operators, poolings and unknown ones cost nothing.
    shapes : mapping of str to tuple of int
        Shape of each tensor that the node reads or writes.
    """
    if node.op_type == "Conv":
        return conv_macs(shapes[node.output[0]], shapes[node.input[1]])
    if node.op_type == "ConvTranspose":
        return transposed_conv_macs(shapes[node.input[0]], shapes[node.input[1]])
    if node.op_type == "MatMul":
        return matmul_macs(shapes[node.output[0]], shapes[node.input[0]][-1])
    if node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return matmul_macs(shapes[node.output[0]], shapes[node.input[0]][0 if transposed else 1])
    return 0


def parameter_inputs(node: Any) -> list[str]:
    """Return the tensors which `node` (onnx.NodeProto) reads as parameters if constant."""
    skipped = _NOT_PARAMETERS.get(node.op_type, ())
    return [name for i, name in enumerate(node.input) if name and i not in skipped]
