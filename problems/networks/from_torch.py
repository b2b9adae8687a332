"""Networks from PyTorch modules: layers, work, parameters and shapes from the exported graph."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.networks.layers import (
    FLOAT32,
    Layer,
    check_shape,
    check_uncounted,
    cut_ends_of,
    warn_uncounted,
)
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.networks.torch_graph import Example, TorchGraph, trace_module
from edgeopt.problems.networks.torch_operators import (
    FROM_SIZES,
    KINDS,
    Shape,
    function_macs,
    is_known,
    module_macs,
    module_operands,
    operator_name,
)


def from_torch(
    module: Any,
    input_shape: Sequence[int] | None = None,
    *,
    example: Example | None = None,
    allow_uncounted: bool = False,
) -> Profile:
    """Read a network with its branches from a module; the extra ``torch`` must be installed.

    A copy is exported by torch.export in evaluation mode, or else traced by torch.fx: nothing is
    computed, and the module does not change. There is a cut after each convolution, matrix product
    and recurrent layer in the order of execution, projection shortcuts included. A parameter counts
    for the first layer that reads it, directly or transformed. Operators that edgeopt does not
    know, which count as zero work, and parameters that no layer reads, which do not count, are
    listed in a `UserWarning` each. Tensors have the type that the module gives them.

    Parameters
    ----------
    module : torch.nn.Module
        Its class names the network.
    input_shape : sequence of int, optional
        Shape of the only input without the batch axis, e.g. ``(3, 224, 224)``.
    example : sequence or mapping of torch.Tensor, optional
        The inputs instead, with a batch axis of 1, by place or by name: several ones, or ones of
        integers. Each of several inputs is a layer without work, which reads its part of the whole
        input.
    allow_uncounted : bool
        Whether operators of unknown work may count as zero work although they read and write more
        than 5 % of the bytes that all layers do.

    Raises
    ------
    InputError
        If torch is missing, the module can neither be exported nor traced, or it does not accept
        the input.

    Examples
    --------
    See ``examples/own_network.py``.
    """
    return read_module(module, input_shape, example, allow_uncounted=allow_uncounted).profile


class NodeLayers(NamedTuple):
    """A network, the graph that it was read from, and the layer of each node by its name."""

    profile: Profile
    graph: TorchGraph
    layers: dict[str, int]


def read_module(
    module: Any,
    input_shape: Sequence[int] | None = None,
    example: Example | None = None,
    *,
    allow_uncounted: bool = False,
) -> NodeLayers:
    """Return what `from_torch` reads; arguments and errors are the same."""
    torch = import_extra("torch", "torch")
    if not isinstance(module, torch.nn.Module):
        raise InputError("module", module, "a torch.nn.Module")
    shape = _checked(input_shape, example)
    name = type(module).__name__
    graph = trace_module(module, shape, example)
    layers = _Layers(graph)
    for node in graph.nodes:
        layers.append(node)
    check_uncounted(name, layers.done, layers.unknown, allowed=allow_uncounted)
    warn_uncounted(name, layers.uncounted())
    ends = cut_ends_of(layers.done)
    profile = Profile(name, layers.input_shape, tuple(layers.done), ends, layers.input_bytes)
    return NodeLayers(profile, graph, layers.by_name())


def _checked(input_shape: Sequence[int] | None, example: Example | None) -> tuple[int, ...] | None:
    """Return the shape, None with an example; raise `InputError` unless there is one of them."""
    if (input_shape is None) == (example is None):
        raise InputError("input_shape", input_shape, "given, or else an example, but not both")
    if input_shape is None:
        return None
    shape = tuple(input_shape)
    check_shape("input_shape", shape)
    return shape


class _Layers:
    """The layers read so far, and the layer of each node of the graph."""

    def __init__(self, graph: TorchGraph) -> None:
        self.done: list[Layer] = []
        self.unknown: dict[int, list[str]] = {}
        self._graph = graph
        self._places: dict[Any, int] = {}
        self._origins: dict[Any, dict[int, tuple[int, int]]] = {}
        self._counted: set[int] = set()
        self._names = {"input"}
        self._read_inputs()
        reached = set(self._places)
        for node in graph.nodes:
            if not reached.isdisjoint(node.all_input_nodes):
                reached.add(node)
        self._calls = Counter(_module_of(node)[0] for node in reached)

    def _read_inputs(self) -> None:
        """Note the inputs; several ones are one flat tensor and a layer each."""
        nodes = self._graph.inputs
        shapes = [_joined(self._shapes(node)) for node in nodes]
        self.input_bytes = max((self._element_bytes(node) for node in nodes), default=FLOAT32)
        if len(nodes) == 1:
            self.input_shape = shapes[0]
            self._places[nodes[0]] = -1
            return
        self.input_shape = (sum(map(math.prod, shapes)),)
        for node, shape in zip(nodes, shapes, strict=True):
            self._places[node] = len(self.done)
            size = self._element_bytes(node)
            self.done.append(Layer(f"input:{node.name}", "identity", 0, 0, shape, (-1,), size))

    def append(self, node: Any) -> None:
        """Append the layer of `node` if it computes tensors from the input of the network."""
        if node in self._places or node.op == "output":
            return
        sources = tuple(self._places[n] for n in node.all_input_nodes if n in self._places)
        shapes = self._shapes(node)
        is_empty = bool(shapes) and not any(map(math.prod, shapes))
        if not sources or is_empty or self._operator(node) in FROM_SIZES:
            self._origins[node] = self._read(node)
        elif shapes:
            self._places[node] = len(self.done)
            self.done.append(self._layer(node, shapes, sources))

    def _layer(self, node: Any, shapes: list[Shape], sources: tuple[int, ...]) -> Layer:
        operator = self._operator(node)
        if not is_known(operator, node.target):
            self.unknown[len(self.done)] = [operator]
        parameters, stored = self._count(node)
        return Layer(
            *(self._name(node), KINDS.get(operator, "other"), self._macs(node, operator)),
            *(parameters, _joined(shapes), sources),
            element_bytes=self._element_bytes(node),
            parameter_bytes=None if stored == FLOAT32 * parameters else stored,
        )

    def by_name(self) -> dict[str, int]:
        """Return the layer of each node that is one, by the name of the node."""
        return {node.name: place for node, place in self._places.items() if place >= 0}

    def uncounted(self) -> dict[str, int]:
        """Return the sizes of the parameters that no layer has read, by name."""
        named = self._graph.module.named_parameters()
        return {name: p.numel() for name, p in named if id(p) not in self._counted}

    def _name(self, node: Any) -> str:
        """Return the path of the module of PyTorch that a node belongs to, or its own name."""
        call, path = _module_of(node)
        label = re.sub(r"\W", "_", f"_{path}" if path[:1].isdigit() else path) or str(node.name)
        if call and self._calls[call] > 1:
            label = f"{label}_{self._operator(node)}"
        numbered = chain([label], (f"{label}_{i}" for i in count(1)))
        name = next(each for each in numbered if each not in self._names)
        self._names.add(name)
        return name

    def _operator(self, node: Any) -> str:
        """Return the class of a module, or the name of a function or method."""
        if node.op == "call_module":
            return _class_name(self._graph.module.get_submodule(node.target))
        return operator_name(node.target)

    def _macs(self, node: Any, operator: str) -> int:
        """Return the MACs of one sample."""
        if node.op != "call_module":
            return function_macs(node, operator, self._shapes)
        module = self._graph.module.get_submodule(node.target)
        places = module_operands(operator)
        found = [node.args[i] if i < len(node.args) else node.kwargs.get(n) for i, n in places]
        inputs = [self._shapes(each)[0] for each in found]
        return module_macs(operator, module, inputs, self._shapes(node)[0])

    def _shapes(self, argument: Any) -> list[Shape]:
        """Return the shapes of the tensors of a node or argument."""
        if isinstance(argument, list | tuple):
            return [shape for each in argument for shape in self._shapes(each)]
        return _shapes(self._graph.values.get(argument)) if hasattr(argument, "op") else []

    def _element_bytes(self, node: Any) -> int:
        """Return the bytes of an element of the first tensor of a node."""
        value = self._graph.values[node]
        while isinstance(value, list | tuple) and value:
            value = value[0]
        return int(value.dtype.itemsize) if hasattr(value, "dtype") else FLOAT32

    def _read(self, node: Any) -> dict[int, tuple[int, int]]:
        """Return the parameters that a node reads, also transformed: size and bytes by identity."""
        found: dict[int, tuple[int, int]] = {}
        for each in node.all_input_nodes:
            found |= self._origins.get(each, {})
        read = [self._graph.parameters[node]] if node in self._graph.parameters else []
        if node.op == "call_module":
            read = [*self._graph.module.get_submodule(node.target).parameters()]
        return found | {id(p): (p.numel(), p.numel() * p.dtype.itemsize) for p in read}

    def _count(self, node: Any) -> tuple[int, int]:
        """Return number and bytes of the parameters that no earlier node has read."""
        read = self._read(node)
        new = read.keys() - self._counted
        self._counted |= new
        return sum(read[each][0] for each in new), sum(read[each][1] for each in new)


def _module_of(node: Any) -> tuple[str, str]:
    """Return the call and the path of the module of PyTorch that a node is part of, "" if none."""
    stack = node.meta.get("nn_module_stack") or {}
    call, (path, kind) = next(reversed(stack.items()), ("", ("", "")))
    if (
        path
        and str(kind).startswith("torch.nn.modules")
        and operator_name(node.target) != "getitem"
    ):
        return str(call), str(path)
    return "", ""


def _class_name(module: Any) -> str:
    """Return the class of a module; of a parametrized one, the class before."""
    classes = [each.__name__ for each in type(module).__mro__]
    return next((name for name in classes if name in KINDS), classes[0])


def _shapes(value: Any) -> list[Shape]:
    """Return the shapes of a tensor or of the tensors in a tuple, [] for anything else."""
    if isinstance(value, tuple | list):
        return [shape for item in value for shape in _shapes(item)]
    return [tuple(map(int, value.shape))] if hasattr(value, "shape") else []


def _joined(shapes: list[Shape]) -> Shape:
    """Return the shape without the batch axis; a tuple of tensors counts as one flat tensor."""
    if len(shapes) > 1:
        return (sum(map(math.prod, shapes)),)
    shape = shapes[0]
    return (shape[1:] if shape[:1] == (1,) else shape) or (1,)
