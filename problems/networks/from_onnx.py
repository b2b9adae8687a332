"""Networks in ONNX files: layers, work, parameters and shapes from the graph."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, check_integer, import_extra
from edgeopt.problems.files import check_file
from edgeopt.problems.networks.builder import conv_macs, matmul_macs, transposed_conv_macs
from edgeopt.problems.networks.layers import Layer, cut_ends_of, warn_zero_work
from edgeopt.problems.networks.profile import Profile


def from_onnx(path: str | Path) -> Profile:
    """Read a network with its branches from an ONNX file; the extra ``onnx`` must be installed.

    Nodes that depend on constants alone are dropped. There is a cut after each convolution and
    matrix product, in the order of the file. A file does not distinguish projection shortcuts from
    the main path, and thus they have cuts too. Parameters are the floating-point constants that a
    node reads, without scalars and the running statistics of batch norms; a shared constant counts
    for its first reader.

    Parameters
    ----------
    path : str or Path
        The file; its stem names the network. It must have one input, whose first axis is the batch
        and may be symbolic; all other sizes must follow from the file.

    Raises
    ------
    InputError
        If the file cannot be read, has a cycle or an unknown shape; the message names the node.

    Warns
    -----
    UserWarning
        Lists the operators that edgeopt does not know; they count as zero work.

    Examples
    --------
    See `load_network`, which reads a file whose name ends in ``.onnx``.
    """
    path = check_file("path", path)
    graph = _load_onnx(path).graph
    source = _only_input(path, graph)
    nodes = _nodes_after(source, graph)
    tensors = _Tensors(str(path), graph, source)
    layers = _Layers(tensors, graph, source)
    for node in nodes:
        layers.append(node)
    unknown = Counter(_operator(node) for node in nodes if _operator(node) not in _KINDS)
    warn_zero_work(str(path), unknown)
    shape = tensors.per_sample(source, f"{path}: input {source}")
    return Profile(path.stem, shape, tuple(layers.done), cut_ends_of(layers.done))


class _Layers:
    """The layers read so far, and the layer that makes each tensor."""

    def __init__(self, tensors: _Tensors, graph: Any, source: str) -> None:
        self.tensors = tensors
        self.done: list[Layer] = []
        self._makers = {source: -1}
        self._names = Counter(node.name for node in graph.node)
        self._used = {name for node in graph.node for name in node.input}
        self._used |= {value.name for value in graph.output}
        self._counted: set[str] = set()

    def append(self, node: Any) -> None:
        """Append one layer for each output of `node` in use; the first of them has all the work."""
        label = self._label(node)
        place = f"{self.tensors.path}: node {label}"
        sources = tuple(dict.fromkeys(self._makers[n] for n in node.input if n in self._makers))
        macs, parameters = self._macs(node, place), self._parameters(node)
        for i, name in enumerate(name for name in node.output if name in self._used):
            shape = self.tensors.per_sample(name, place)
            # The work of a node with several outputs counts once.
            work = (0, 0) if i else (macs, parameters)
            kind = _KINDS.get(_operator(node), "other")
            self.done.append(Layer(f"{label}:{i}" if i else label, kind, *work, shape, sources))
            self._makers[name] = len(self.done) - 1

    def _label(self, node: Any) -> str:
        """Return a unique name without blanks."""
        name = node.name.strip()
        if name in ("", "input") or self._names[node.name] > 1:
            name = f"{node.op_type}:{next(filter(None, node.output))}"
        return "_".join(name.split())

    def _macs(self, node: Any, place: str) -> int:
        """Return the MACs of one sample."""
        if _KINDS.get(_operator(node)) not in _WEIGHTED:
            return 0
        for name in [*node.input[:2], node.output[0]]:
            self.tensors.require(name, place)
        return _node_macs(node, self.tensors.shapes) // self.tensors.batch

    def _parameters(self, node: Any) -> int:
        """Return the parameters which no earlier node has read."""
        # A shared constant must count once.
        new = [
            n for n in _parameter_inputs(node) if n not in self._makers and n not in self._counted
        ]
        self._counted.update(new)
        return sum(self.tensors.parameters(name) for name in new)


def _operator(node: Any) -> str:
    """Return the name of the operator, after its domain unless it is of ONNX itself."""
    own = node.domain in ("", "ai.onnx")
    return str(node.op_type) if own else f"{node.domain}.{node.op_type}"


def _only_input(path: Path, graph: Any) -> str:
    inputs = [str(value.name) for value in _graph_inputs(graph)]
    if len(inputs) != 1:
        raise InputError(f"{path}: inputs", inputs, "one tensor, initializers aside")
    return inputs[0]


def _nodes_after(source: str, graph: Any) -> list[Any]:
    """Return the nodes that depend on the values of the input, not on its shape alone."""
    reached, nodes = {source}, []
    for node in graph.node:
        outputs = [name for name in node.output if name]
        # The sizes of all tensors are known beforehand, and thus shapes are constants.
        constant = node.op_type in ("Shape", "Size") or reached.isdisjoint(node.input)
        if outputs and not constant:
            reached.update(outputs)
            nodes.append(node)
    return nodes


# Reading a file, and inferring the shapes of all its tensors.


def _load_onnx(path: Path) -> Any:
    """Return the ONNX model with all shapes inferred and local functions inlined.

    Weights stored beside the file are not read. A symbolic batch size (the first axis of an
    input) is set to 1.

    Raises
    ------
    InputError
        If onnx is missing, the file cannot be read or is truncated, the graph has a cycle, or its
        shapes contradict one another.
    """
    onnx = import_extra("onnx", "onnx")
    inliner = import_extra("onnx.inliner", "onnx")
    inference = import_extra("onnx.shape_inference", "onnx")
    model = _parse(onnx, path)
    if not model.graph.node:
        raise InputError(f"{path}: graph", "no nodes", "a model with at least one node")
    _check_text(path, model.graph)
    _check_acyclic(path, model.graph)
    _set_batch(model.graph)
    try:
        model = inliner.inline_local_functions(model)
        return inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except (inference.InferenceError, RuntimeError, TypeError, ValueError) as error:
        rule = f"consistent; onnx says: {' '.join(str(error).split())}"
        raise InputError(f"{path}: shapes", model.graph.name, rule) from None


def _graph_inputs(graph: Any) -> list[Any]:
    """Return the inputs that a node reads, without the initializers."""
    read = {name for node in graph.node for name in node.input}
    read -= {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name in read]


def _parse(onnx: Any, path: Path) -> Any:
    decode_error = import_extra("google.protobuf.message", "onnx").DecodeError
    try:
        return onnx.load(path, load_external_data=False)
    except OSError as error:
        raise InputError("path", str(path), f"a readable file ({error.strerror})") from None
    except decode_error:
        raise InputError(
            "path", str(path), "a whole ONNX file; it is truncated or not one"
        ) from None


def _check_text(path: Path, graph: Any) -> None:
    """Raise `InputError` if a name is not UTF-8; protobuf returns such names as bytes."""
    nodes = graph.node
    names = [n for x in nodes for n in (x.name, x.op_type, x.domain, *x.input, *x.output)]
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{path}: node", name, "named in UTF-8")


def _check_acyclic(path: Path, graph: Any) -> None:
    """Raise `InputError` if a node needs its own output."""
    maker = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    needs = {
        i: {maker[name] for name in node.input if name in maker}
        for i, node in enumerate(graph.node)
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        nodes = [graph.node[i] for i in reversed(error.args[1])]
        cycle = " -> ".join(node.name or node.output[0] for node in nodes)
        raise InputError(f"{path}: graph", cycle, "free of cycles") from None


def _set_batch(graph: Any) -> None:
    """Set the unknown first axis of each input, and all axes of the same name, to 1."""
    batches = [axis for value in _graph_inputs(graph) for axis in _axes(value)[:1]]
    names = {axis.dim_param for axis in batches} - {""}
    values = [*graph.input, *graph.value_info, *graph.output]
    same = [axis for value in values for axis in _axes(value) if axis.dim_param in names]
    # Protobuf gives a size that the file does not have as 0.
    for axis in [*(axis for axis in batches if axis.dim_value < 1), *same]:
        axis.dim_value = 1


def _axes(value: Any) -> Any:
    return value.type.tensor_type.shape.dim


# Kind and work of the operators of ONNX.

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

_KINDS = {name: kind for kind, names in _OPERATORS.items() for name in names.split()}
"""Kind of `Layer` of every operator known here."""

_WEIGHTED = ("conv", "fc", "matmul")
"""Kinds with work."""

_NOT_PARAMETERS = {
    "BatchNormalization": (3, 4),  # running mean and variance
    "Resize": (1, 2, 3),
    "Upsample": (1,),
}
"""Positions of floating-point inputs that training does not change."""


def _node_macs(node: Any, shapes: Mapping[str, Shape]) -> int:
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


def _parameter_inputs(node: Any) -> list[str]:
    """Return the tensors that are parameters of `node` (onnx.NodeProto) if they are constant."""
    skipped = _NOT_PARAMETERS.get(node.op_type, ())
    return [name for i, name in enumerate(node.input) if name and i not in skipped]


# Shapes of the tensors of an ONNX graph.

_FLOAT_TYPES = {1, 10, 11, 16}
"""TensorProto.FLOAT, FLOAT16, DOUBLE and BFLOAT16."""


class _Tensors:
    """Shapes of all tensors of an ONNX graph, and whether they are floating-point.

    Parameters
    ----------
    path : str
        Name of the file, for messages.
    graph : onnx.GraphProto
        With inferred shapes.
    source : str
        Name of the graph's input; its first axis is the batch.

    Raises
    ------
    InputError
        If the shape of the input is not known.
    """

    def __init__(self, path: str, graph: Any, source: str) -> None:
        self.path = path
        self.shapes: dict[str, Shape] = {}
        self._floats: set[str] = set()
        for value in [*graph.input, *graph.output, *graph.value_info]:
            tensor = value.type.tensor_type
            if tensor.HasField("shape"):
                axes = tuple(axis.dim_param or axis.dim_value or "?" for axis in tensor.shape.dim)
                self._put(value.name, axes, tensor.elem_type)
        for tensor in graph.initializer:
            self._put(tensor.name, tuple(tensor.dims), tensor.data_type)
        place = f"{path}: input {source}"
        self.require(source, place)
        check_integer(f"{place}: axes", len(self.shapes[source]), at_least=2)
        self.batch = self.shapes[source][0]

    def require(self, name: str, place: str) -> None:
        """Raise `InputError` at `place` unless all sizes of the tensor `name` are known numbers."""
        shape = self.shapes.get(name)
        if shape is None or not all(isinstance(size, int) and size > 0 for size in shape):
            rule = "a shape of known sizes >= 1 (only the batch of the input may be symbolic)"
            raise InputError(f"{place}: {name}", "no shape" if shape is None else shape, rule)

    def per_sample(self, name: str, place: str) -> Shape:
        """Return the shape without the batch axis; a scalar becomes (1,)."""
        self.require(name, place)
        first, *rest = self.shapes[name] or (self.batch,)
        if first % self.batch:
            raise InputError(
                place, self.shapes[name], f"exported for batch size 1: {name} mixes samples"
            )
        samples = first // self.batch  # more than 1 if an operator merged the batch with an axis
        return tuple(rest or [samples]) if samples == 1 else (samples, *rest)

    def parameters(self, name: str) -> int:
        """Return the number of elements of a constant, 0 for scalars and integers."""
        if name not in self._floats or not self.shapes[name]:
            return 0
        self.require(name, f"{self.path}: constant")
        return math.prod(self.shapes[name])

    def _put(self, name: str, axes: Any, element_type: int) -> None:
        self.shapes[name] = axes
        if element_type in _FLOAT_TYPES:
            self._floats.add(name)
