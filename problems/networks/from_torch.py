"""Networks from PyTorch modules: layers, work, parameters and shapes from a trace."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.networks.builder import (
    conv_macs,
    einsum_macs,
    matmul_macs,
    transposed_conv_macs,
)
from edgeopt.problems.networks.layers import (
    Layer,
    check_shape,
    check_uncounted,
    cut_ends_of,
    warn_uncounted,
)
from edgeopt.problems.networks.profile import Profile


def from_torch(
    module: Any, input_shape: Sequence[int], *, allow_uncounted: bool = False
) -> Profile:
    """Read a network with its branches from a module; the extra ``torch`` must be installed.

    A copy without data is traced with torch.fx in evaluation mode: nothing is computed, and the
    module does not change. There is a cut after each convolution and matrix product in the order
    of execution, projection shortcuts included. A parameter counts for the first layer that reads
    it, directly or transformed. Operators that edgeopt does not know, which count as zero work,
    and parameters that no layer reads, which do not count, are listed in a `UserWarning` each.

    Parameters
    ----------
    module : torch.nn.Module
        A module of one tensor, whose first axis is the batch; its class names the network.
    input_shape : sequence of int
        Shape of the input without the batch axis, e.g. ``(3, 224, 224)``.
    allow_uncounted : bool
        Whether operators of unknown work may count as zero work although they read and write more
        than 5 % of the bytes that all layers do.

    Raises
    ------
    InputError
        If torch is missing, the module cannot be traced, or it does not accept the input.

    Examples
    --------
    See ``examples/own_network.py``.
    """
    torch = import_extra("torch", "torch")
    shape = tuple(input_shape)
    check_shape("input_shape", shape)
    if not isinstance(module, torch.nn.Module):
        raise InputError("module", module, "a torch.nn.Module")
    traced = _trace(torch, module)
    name = type(module).__name__
    layers = _Layers(module, _run(torch, traced, shape))
    for node in traced.graph.nodes:
        layers.append(node)
    check_uncounted(name, layers.done, layers.unknown, allowed=allow_uncounted)
    warn_uncounted(name, layers.uncounted())
    return Profile(name, shape, tuple(layers.done), cut_ends_of(layers.done))


def _trace(torch: Any, module: Any) -> Any:
    """Return the graph of a copy of `module` in evaluation mode and without data."""
    fx = import_extra("torch.fx", "torch")
    name = type(module).__name__
    try:
        traced = fx.symbolic_trace(copy.deepcopy(module).eval().to(torch.device("meta")))
    except Exception as error:  # the user's code runs here and may raise anything
        raise InputError("module", name, f"traceable by torch.fx ({error})") from error
    inputs = [node.name for node in traced.graph.nodes if node.op == "placeholder"]
    if len(inputs) != 1:
        raise InputError("module", name, f"a module of one tensor; it reads {inputs}")
    return traced


def _run(torch: Any, traced: Any, shape: tuple[int, ...]) -> dict[Any, Any]:
    """Return the value of each node for a batch of one; tensors have a shape but no data."""
    # torch.fx records operators without shapes: run the graph once to see them.
    fx = import_extra("torch.fx", "torch")
    values = {}

    class Recorder(fx.Interpreter):  # type: ignore[name-defined, misc]
        def run_node(self, node: Any) -> Any:
            values[node] = super().run_node(node)
            return values[node]

    try:
        Recorder(traced).run(torch.zeros(1, *shape, device="meta"))
    except Exception as error:  # as above
        text = " ".join(str(error).partition("Original traceback")[0].split())
        raise InputError("input_shape", shape, f"one that the module accepts ({text})") from error
    return values


class _Layers:
    """The layers read so far, and the layer of each node of the trace."""

    def __init__(self, module: Any, values: dict[Any, Any]) -> None:
        self.done: list[Layer] = []
        self.unknown: dict[int, list[str]] = {}
        self._module = module
        self._parameters = dict(module.named_parameters(remove_duplicate=False))
        self._values = values
        self._places: dict[Any, int] = {}
        self._origins: dict[Any, dict[int, int]] = {}
        self._counted: set[int] = set()

    def append(self, node: Any) -> None:
        """Append the layer of `node` if it computes tensors from the input of the network."""
        sources = tuple(self._places[n] for n in node.all_input_nodes if n in self._places)
        shapes = _shapes(self._values[node])
        if node.op == "placeholder":
            self._places[node] = -1
        elif not sources:
            self._origins[node] = self._read(node)
        elif node.op != "output" and shapes:
            operator = self._operator(node)
            if operator not in _KINDS:
                self.unknown[len(self.done)] = [operator]
            macs, parameters = self._macs(node, operator, shapes[0]), self._count(node)
            kind = _KINDS.get(operator, "other")
            self._places[node] = len(self.done)
            self.done.append(Layer(node.name, kind, macs, parameters, _joined(shapes), sources))

    def uncounted(self) -> dict[str, int]:
        """Return the sizes of the parameters that no layer has read, by name."""
        named = self._module.named_parameters()
        return {name: p.numel() for name, p in named if id(p) not in self._counted}

    def _operator(self, node: Any) -> str:
        """Return the class of a module, or the name of a function or method."""
        if node.op == "call_module":
            return _class_name(self._module.get_submodule(node.target))
        return str(getattr(node.target, "__name__", node.target))

    def _macs(self, node: Any, operator: str, output: tuple[int, ...]) -> int:
        """Return the MACs of one sample."""
        if node.op == "call_module":
            module = self._module.get_submodule(node.target)
            names = _ATTENTION if operator == "MultiheadAttention" else ((0, "input"),)
            return _module_macs(operator, module, self._operands(node, names), output)
        if operator == "einsum":
            equation, *operands = node.args
            inputs = [_shapes(self._values[n])[0] for n in operands if n in self._values]
            return einsum_macs(equation, inputs)
        operands = self._operands(node, _OPERANDS.get(operator, ()))
        return _function_macs(operator, operands, output)

    def _operands(self, node: Any, names: Sequence[tuple[int, str]]) -> list[tuple[int, ...]]:
        """Return the shapes of arguments, each given by place or by name."""
        found = [node.args[i] if i < len(node.args) else node.kwargs.get(n) for i, n in names]
        return [_shapes(self._values[each])[0] for each in found]

    def _read(self, node: Any) -> dict[int, int]:
        """Return the parameters that a node reads, also transformed: size by identity."""
        found: dict[int, int] = {}
        for each in node.all_input_nodes:
            found |= self._origins.get(each, {})
        read = []
        if node.op == "get_attr":
            read = [self._parameters.get(node.target)]
        elif node.op == "call_module":
            read = [*self._module.get_submodule(node.target).parameters()]
        return found | {id(p): p.numel() for p in read if p is not None}

    def _count(self, node: Any) -> int:
        """Return the number of parameters that no earlier node has read."""
        read = self._read(node)
        new = read.keys() - self._counted
        self._counted |= new
        return sum(read[each] for each in new)


def _class_name(module: Any) -> str:
    """Return the class of a module; of a parametrized one, the class before."""
    classes = [each.__name__ for each in type(module).__mro__]
    return next((name for name in classes if name in _KINDS), classes[0])


def _shapes(value: Any) -> list[tuple[int, ...]]:
    """Return the shapes of a tensor or of the tensors in a tuple, [] for anything else."""
    if isinstance(value, tuple | list):
        return [shape for item in value for shape in _shapes(item)]
    return [tuple(value.shape)] if hasattr(value, "shape") else []


def _joined(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape without the batch axis; a tuple of tensors counts as one flat tensor."""
    if len(shapes) > 1:
        return (sum(map(math.prod, shapes)),)
    shape = shapes[0]
    return (shape[1:] if shape[:1] == (1,) else shape) or (1,)


# Kind and work of the modules, functions and methods of PyTorch.

_OPERATORS = {
    "conv": "Conv1d Conv2d Conv3d conv1d conv2d conv3d "
    "ConvTranspose1d ConvTranspose2d ConvTranspose3d "
    "conv_transpose1d conv_transpose2d conv_transpose3d",
    "fc": "Linear linear",
    "matmul": "MultiheadAttention addmm baddbmm bmm einsum matmul mm scaled_dot_product_attention",
    "recurrent": "GRU LSTM RNN",
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

_KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here; modules by class, the rest by name."""


_PAIR = ((0, "input"), (1, "weight"))

_ATTENTION = ((0, "query"), (1, "key"), (2, "value"))

_OPERANDS: dict[str, tuple[tuple[int, str], ...]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "linear"), _PAIR),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _PAIR),
    "matmul": ((0, "input"), (1, "other")),
    **dict.fromkeys(("bmm", "mm"), ((0, "input"), (1, "mat2"))),
    "addmm": ((1, "mat1"), (2, "mat2")),
    "baddbmm": ((1, "batch1"), (2, "batch2")),
    "scaled_dot_product_attention": _ATTENTION,
}
"""Place and name of the tensors that a function multiplies."""


def _function_macs(
    operator: str, operands: Sequence[tuple[int, ...]], output: tuple[int, ...]
) -> int:
    """Return the MACs of a function or method for one sample.

    Parameters
    ----------
    operator : str
        A key of `_OPERANDS`; any other costs nothing.
    operands : sequence of shapes
        Of the tensors that it multiplies.
    output : shape
        Of the output.
    """
    if not operands:
        return 0
    first, second = operands[:2]
    if operator.startswith("conv_transpose"):
        return transposed_conv_macs(first, second)
    if operator.startswith("conv"):
        return conv_macs(output, second)
    if operator == "scaled_dot_product_attention":
        scores = (*first[:-1], second[-2])
        return matmul_macs(scores, first[-1]) + matmul_macs(output, second[-2])
    return matmul_macs(output, first[-1])


def _module_macs(
    operator: str, module: Any, inputs: Sequence[tuple[int, ...]], output: tuple[int, ...]
) -> int:
    """Return the MACs of a module for one sample; any but those of `_KINDS` with work has none."""
    kind = _KINDS.get(operator)
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


def _attention_macs(module: Any, inputs: Sequence[tuple[int, ...]]) -> int:
    """Return the MACs of attention: projections, scores, weighted values and output."""
    width: int = module.embed_dim
    axis = 1 if module.batch_first else 0
    query, key, value = inputs
    rows = math.prod(query[:-1])
    projections = width * (math.prod(query) + math.prod(key) + math.prod(value) + rows * width)
    return projections + 2 * rows * key[axis] * width
