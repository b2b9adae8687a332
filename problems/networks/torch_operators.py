"""Kind and work of the modules, functions and methods of PyTorch, and of its exported operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from edgeopt.problems.networks.builder import (
    conv_macs,
    einsum_macs,
    matmul_macs,
    transposed_conv_macs,
)

Shape = tuple[int, ...]

_OPERATORS = {
    "conv": "Conv1d Conv2d Conv3d conv1d conv2d conv3d convolution deform_conv2d "
    "ConvTranspose1d ConvTranspose2d ConvTranspose3d "
    "conv_transpose1d conv_transpose2d conv_transpose3d",
    "fc": "Linear linear",
    "matmul": "MultiheadAttention addmm addmv baddbmm bmm dot einsum inner matmul mm mv "
    "scaled_dot_product_attention tensordot",
    "recurrent": "GRU GRUCell LSTM LSTMCell RNN RNNCell gru gru_cell lstm lstm_cell rnn_relu "
    "rnn_relu_cell rnn_tanh rnn_tanh_cell",
    "pool": "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool2d AvgPool1d "
    "AvgPool2d AvgPool3d MaxPool1d MaxPool2d MaxPool3d adaptive_avg_pool1d adaptive_avg_pool2d "
    "adaptive_avg_pool3d adaptive_max_pool2d amax avg_pool1d avg_pool2d avg_pool3d max_pool1d "
    "max_pool2d max_pool2d_with_indices max_pool3d mean norm std sum var var_mean "
    "linalg_vector_norm",
    "norm": "BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm InstanceNorm2d LayerNorm "
    "LocalResponseNorm RMSNorm batch_norm group_norm instance_norm layer_norm local_response_norm "
    "rms_norm _native_batch_norm_legit_no_training native_group_norm native_layer_norm",
    "activation": "CELU ELU GELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSoftmax Mish PReLU "
    "ReLU ReLU6 SELU SiLU Sigmoid Softmax Softplus Tanh clamp elu exp gelu hardsigmoid hardswish "
    "hardtanh leaky_relu log_softmax mish neg pow prelu relu relu6 selu sigmoid silu softmax "
    "softplus sqrt tanh _log_softmax _softmax",
    "add": "add iadd isub sub rsub",
    "multiply": "div imul mul truediv",
    "identity": "Dropout Dropout1d Dropout2d Flatten Identity Unflatten alias alpha_dropout chunk "
    "clone contiguous detach dropout feature_dropout flatten getitem narrow permute_as reshape "
    "select slice split split_with_sizes squeeze to type_as unbind unflatten unsqueeze view "
    "view_as _to_copy _unsafe_view lift_fresh_copy",
    "concat": "cat concat stack hstack vstack",
    "other": "_assert_tensor_metadata argmax argmin as_strided bucketize channel_shuffle "
    "ChannelShuffle col2im constant_pad_nd ConstantPad2d copy cumsum Embedding "
    "embedding expand expand_as fill flip full_like gather grid_sampler im2col index "
    "index_put index_select interpolate masked_fill max meshgrid min movedim new_ones "
    "new_zeros ones_like pad permute pixel_shuffle pixel_unshuffle PixelShuffle "
    "PixelUnshuffle ReflectionPad2d repeat repeat_interleave ReplicationPad2d roll "
    "scatter select_scatter size slice_scatter sort swapaxes t tile topk transpose "
    "tril triu unfold Upsample upsample_bicubic2d upsample_bilinear2d "
    "upsample_nearest1d upsample_nearest2d UpsamplingBilinear2d UpsamplingNearest2d "
    "where ZeroPad1d ZeroPad2d zeros_like",
}

KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here; modules by class, the rest by name."""

WITH_WORK = frozenset({"conv", "fc", "matmul", "recurrent"})
"""Kinds that have MACs."""

FROM_SIZES = frozenset(
    [
        "empty_like",
        "full_like",
        "new_empty",
        "new_full",
        "new_ones",
        "new_zeros",
        "ones_like",
        "rand_like",
        "zeros_like",
    ]
)
"""Operators that read the sizes of a tensor, which are known beforehand, not its elements."""


def operator_name(target: Any) -> str:
    """Return the name of a function, method or exported operator, without the mark of in-place."""
    packet = getattr(target, "overloadpacket", target)
    name = str(getattr(packet, "__name__", packet))
    return name.rstrip("_") or name


def is_known(name: str, target: Any) -> bool:
    """Whether the work of an operator is known: that of `KINDS`, or none.

    An exported operator has none if it acts on each element or only looks at a tensor differently.
    """
    tags = {str(tag).rpartition(".")[2] for tag in getattr(target, "tags", ())}
    return name in KINDS or "pointwise" in tags or bool(getattr(target, "is_view", False))


_PAIR = ((0, "input"), (1, "weight"))

_ATTENTION = ((0, "query"), (1, "key"), (2, "value"))

_CONVOLUTIONS = [f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)]

_OPERANDS: dict[str, tuple[tuple[int, str], ...]] = {
    **dict.fromkeys((*_CONVOLUTIONS, "convolution", "deform_conv2d", "linear"), _PAIR),
    **dict.fromkeys(("matmul", "inner", "dot", "mv", "tensordot"), ((0, "input"), (1, "other"))),
    **dict.fromkeys(("bmm", "mm"), ((0, "input"), (1, "mat2"))),
    "addmm": ((1, "mat1"), (2, "mat2")),
    "addmv": ((1, "mat"), (2, "vec")),
    "baddbmm": ((1, "batch1"), (2, "batch2")),
    "scaled_dot_product_attention": _ATTENTION,
}
"""Place and name of the tensors that a function multiplies."""


def function_macs(node: Any, operator: str, shapes: Callable[[Any], list[Shape]]) -> int:
    """Return the MACs of a function, method or exported operator.

    Parameters
    ----------
    node : torch.fx.Node
        The call.
    operator : str
        Its name; one without a rule costs nothing.
    shapes : function
        Returns the shapes of the tensors in an argument, or of the node itself.
    """
    if operator == "einsum":
        equation, *operands = node.args
        return einsum_macs(equation, shapes(operands))
    if KINDS.get(operator) == "recurrent":
        return _recurrent_macs(node, operator, shapes)
    if operator not in _OPERANDS:
        return 0
    places = _OPERANDS[operator]
    found = [node.args[i] if i < len(node.args) else node.kwargs.get(n) for i, n in places]
    first, second = (shapes(each)[0] for each in found[:2])
    output = shapes(node)[0]
    if operator == "tensordot":
        return matmul_macs(output, _summed(node, first))
    if operator.startswith("conv_transpose") or (operator == "convolution" and node.args[6]):
        return transposed_conv_macs(first, second)
    if KINDS[operator] == "conv":
        return conv_macs(output, second)
    if operator == "scaled_dot_product_attention":
        scores = (*first[:-1], second[-2])
        return matmul_macs(scores, first[-1]) + matmul_macs(output, second[-2])
    return matmul_macs(output, first[-1])


def _recurrent_macs(node: Any, operator: str, shapes: Callable[[Any], list[Shape]]) -> int:
    """Return the MACs of a recurrent layer or cell: each step meets all matrices."""
    # of a layer, the parameters are the last list, after the state
    lists = [each for each in node.args if isinstance(each, list | tuple)]
    weights = node.args[2:4] if operator.endswith("_cell") else lists[-1]
    matrices = sum(math.prod(shape) for shape in shapes(weights) if len(shape) == 2)
    return math.prod(shapes(node.args[0])[0][:-1]) * matrices


def _summed(node: Any, first: Shape) -> int:
    """Return the size of the axes over which a tensordot sums: a number of them, or a list."""
    dims = node.args[2] if len(node.args) > 2 else node.kwargs.get("dims", 2)
    if isinstance(dims, int):
        return math.prod(first[len(first) - dims :])
    axes = dims[0] if dims and isinstance(dims[0], list | tuple) else dims
    return math.prod(first[axis] for axis in axes)


def module_macs(operator: str, module: Any, inputs: Sequence[Shape], output: Shape) -> int:
    """Return the MACs of a module; any but those of `KINDS` with work has none."""
    kind = KINDS.get(operator)
    if operator.startswith("ConvTranspose"):
        return transposed_conv_macs(inputs[0], module.weight.shape)
    if kind == "conv":
        return conv_macs(output, module.weight.shape)
    if kind == "fc":
        return matmul_macs(output, inputs[0][-1])
    if kind == "recurrent":
        matrices = (p.numel() for p in module.parameters() if p.dim() == 2)
        return math.prod(inputs[0][:-1]) * int(sum(matrices))
    return _attention_macs(module, inputs) if operator == "MultiheadAttention" else 0


def module_operands(operator: str) -> tuple[tuple[int, str], ...]:
    """Return place and name of the tensors that a module multiplies."""
    return _ATTENTION if operator == "MultiheadAttention" else ((0, "input"),)


def _attention_macs(module: Any, inputs: Sequence[Shape]) -> int:
    """Return the MACs of attention: projections, scores, weighted values and output."""
    width: int = module.embed_dim
    axis = 1 if module.batch_first else 0
    query, key, value = inputs
    rows = math.prod(query[:-1])
    projections = width * (math.prod(query) + math.prod(key) + math.prod(value) + rows * width)
    return projections + 2 * rows * key[axis] * width
