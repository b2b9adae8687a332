"""Networks from PyTorch modules: layers, work, parameters and shapes from a trace."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.networks.builder import conv_macs, matmul_macs, transposed_conv_macs
from edgeopt.problems.networks.layers import Layer, check_shape, cut_ends_of, warn_zero_work
from edgeopt.problems.networks.profile import Profile


def from_torch(module: Any, input_shape: Sequence[int]) -> Profile:
    """Read a network with its branches from a module; the extra ``torch`` must be installed.

    A copy without data is traced with torch.fx in evaluation mode: nothing is computed, and the
    module does not change. There is a cut after each convolution and matrix product in the order
    of execution, projection shortcuts included. A shared parameter counts for its first reader.
    Operators that edgeopt does not know count as zero work and are listed in a `UserWarning`.

    Parameters
    ----------
    module : torch.nn.Module
        A module of one tensor, whose first axis is the batch; its class names the network.
    input_shape : sequence of int
        Shape of the input without the batch axis, e.g. ``(3, 224, 224)``.

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
    warn_zero_work(name, layers.unknown)
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
        self.unknown: Counter[str] = Counter()
        self._module = module
        self._parameters = dict(module.named_parameters(remove_duplicate=False))
        self._values = values
        self._places: dict[Any, int] = {}
        self._counted: set[int] = set()

    def append(self, node: Any) -> None:
        """Append the layer of `node` if it computes tensors from the input of the network."""
        sources = tuple(self._places[n] for n in node.all_input_nodes if n in self._places)
        shapes = _shapes(self._values[node])
        if node.op == "placeholder":
            self._places[node] = -1
        elif node.op != "output" and sources and shapes:
            operator = self._operator(node)
            self.unknown.update({operator} - _KINDS.keys())
            macs, parameters = self._macs(node, operator, shapes[0]), self._count(node)
            kind = _KINDS.get(operator, "other")
            self._places[node] = len(self.done)
            self.done.append(Layer(node.name, kind, macs, parameters, _joined(shapes), sources))

    def _operator(self, node: Any) -> str:
        """Return the class of a module, or the name of a function or method."""
        if node.op == "call_module":
            return type(self._module.get_submodule(node.target)).__name__
        return str(getattr(node.target, "__name__", node.target))

    def _macs(self, node: Any, operator: str, output: tuple[int, ...]) -> int:
        """Return the MACs of one sample."""
        inputs = [s for n in node.all_input_nodes for s in _shapes(self._values[n])]
        # The weight of a function is its second operand; the weight of a module is its own.
        weight = inputs[-1] if len(inputs) < 2 else inputs[1]
        if node.op == "call_module":
            own = getattr(self._module.get_submodule(node.target), "weight", None)
            weight = weight if own is None else tuple(own.shape)
        return _operator_macs(operator, inputs, weight, output)

    def _count(self, node: Any) -> int:
        """Return the number of parameters that no earlier node has read."""
        read = [self._parameters.get(n.target) for n in node.all_input_nodes if n.op == "get_attr"]
        if node.op == "call_module":
            read += self._module.get_submodule(node.target).parameters()
        new = {id(p): p.numel() for p in read if p is not None and id(p) not in self._counted}
        self._counted.update(new)
        return sum(new.values())


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

_KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here; modules by class, the rest by name."""


def _operator_macs(
    operator: str, inputs: Sequence[Sequence[int]], weight: Sequence[int], output: Sequence[int]
) -> int:
    """Return the MACs of one operator.

    Parameters
    ----------
    operator : str
        A key of `_KINDS`; any other costs nothing.
    inputs : sequence of shapes
        Of the tensors that the operator reads.
    weight : shape
        Of the weight, the second operand of a function; ignored for operators without one.
    output : shape
        Of the output.
    """
    if operator.startswith("ConvTranspose"):
        return transposed_conv_macs(inputs[0], weight)
    if _KINDS.get(operator) == "conv":
        return conv_macs(output, weight)
    if _KINDS.get(operator) in ("fc", "matmul"):
        return matmul_macs(output, inputs[0][-1])
    return 0
