"""What the modules, functions and methods of PyTorch cost."""

from __future__ import annotations

from collections.abc import Sequence

from problems.offloading.macs import conv_macs, matmul_macs, transposed_conv_macs

_OPERATORS = {
    "conv": "Conv1d Conv2d Conv3d conv1d conv2d conv3d "
    "ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "fc": "Linear linear",
    "matmul": "bmm matmul",
    "pool": "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool2d AvgPool1d "
    "AvgPool2d AvgPool3d MaxPool1d MaxPool2d MaxPool3d adaptive_avg_pool2d adaptive_max_pool2d "
    "avg_pool2d max_pool2d mean sum",
    "norm": "BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm InstanceNorm2d LayerNorm "
    "LocalResponseNorm RMSNorm batch_norm group_norm layer_norm local_response_norm",
    "activation": "CELU ELU GELU Hardsigmoid Hardswish Hardtanh LeakyReLU LogSoftmax Mish PReLU "
    "ReLU ReLU6 SELU SiLU Sigmoid Softmax Softplus Tanh clamp elu exp gelu hardsigmoid hardswish "
    "hardtanh leaky_relu log_softmax neg pow relu relu6 relu_ sigmoid silu softmax sqrt tanh",
    "add": "add add_ iadd isub sub sub_",
    "multiply": "div imul mul mul_ truediv",
    "identity": "Dropout Dropout2d Flatten Identity Unflatten chunk contiguous dropout flatten "
    "getitem reshape split squeeze unsqueeze view",
    "concat": "cat concat",
    "other": "ChannelShuffle PixelShuffle Upsample UpsamplingBilinear2d UpsamplingNearest2d "
    "ZeroPad2d expand interpolate pad permute transpose",
}
KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here; modules by class, the rest by name."""


def operator_macs(
    operator: str, inputs: Sequence[Sequence[int]], weight: Sequence[int], output: Sequence[int]
) -> int:
    """Return the MACs of one operator.

    Parameters
    ----------
    operator : str
        A key of `KINDS`; any other costs nothing.
    inputs : sequence of shapes
        Of the tensors that the operator reads.
    weight : shape
        Of the weight, the second operand of a function; any for operators without.
    output : shape
        Of the output.
    """
    if operator.startswith("ConvTranspose"):
        return transposed_conv_macs(inputs[0], weight)
    if KINDS.get(operator) == "conv":
        return conv_macs(output, weight)
    if KINDS.get(operator) in ("fc", "matmul"):
        return matmul_macs(output, inputs[0][-1])
    return 0
