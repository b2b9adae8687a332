"""The graph of an ONNX file: what each node reads, in order of computation, with all shapes.

A node reads its inputs and, if it contains graphs (`If`, `Loop`, `Scan`), every outer tensor that
a node in one of them reads.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, check_integer, import_extra
from edgeopt.problems.files import LARGEST_ARRAYS, read_content

Shape = tuple[int, ...]

_FLOAT_TYPES = {1, 10, 11, 16}
"""TensorProto.FLOAT, FLOAT16, DOUBLE and BFLOAT16."""

_BYTE_TYPES = {2, 3}
"""TensorProto.UINT8 and INT8: weights after quantization."""

_MOST_NODES = 200_000  # of a network; the largest public ones have some 10,000

_LARGEST_CONSTANT = 10_000  # elements of a constant that is computed to decide a branch


def load_graph(path: Path) -> Any:
    """Return the graph (onnx.GraphProto) with shapes inferred, in order of computation.

    Local functions are inlined, and so is the branch of each `If` whose condition depends on
    constants and shapes alone. Weights stored beside the file are not read. A symbolic batch size
    (the first axis of an input) is set to 1.

    Raises
    ------
    InputError
        If onnx is missing, the file cannot be read or is truncated, the graph has a cycle, or its
        shapes contradict one another.
    """
    onnx = import_extra("onnx", "onnx")
    inliner = import_extra("onnx.inliner", "onnx")
    model = _parse(onnx, path)
    if not model.graph.node:
        raise InputError(f"{path}: graph", "no nodes", "a model with at least one node")
    _check_text(path, model.graph)
    _check_functions(path, model)
    _sort(path, model.graph)
    _set_batch(model.graph)
    try:
        model = inliner.inline_local_functions(model)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _inconsistent(path, model, error) from None
    _sort(path, model.graph)
    model = _infer(path, model)
    while _inline_branches(model):
        model = _infer(path, model)
    return model.graph


def _infer(path: Path, model: Any) -> Any:
    """Return the model with the shapes of its tensors."""
    inference = import_extra("onnx.shape_inference", "onnx")
    try:
        return inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except (inference.InferenceError, RuntimeError, TypeError, ValueError) as error:
        raise _inconsistent(path, model, error) from None


def _inconsistent(path: Path, model: Any, error: Exception) -> InputError:
    """Return the error for a model that onnx refuses."""
    rule = f"consistent; onnx says: {' '.join(str(error).split())}"
    return InputError(f"{path}: shapes", model.graph.name, rule)


def graph_inputs(graph: Any) -> list[Any]:
    """Return the inputs that a node reads, without the initializers."""
    read = {name for node in graph.node for name in reads(node)}
    read -= {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name in read]


def bodies(node: Any) -> list[Any]:
    """Return the graphs that a node contains."""
    graphs = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return graphs + [graph for attribute in node.attribute for graph in attribute.graphs]


def reads(node: Any) -> tuple[str, ...]:
    """Return the tensors that a node reads, each once, those captured by its graphs included."""
    names = [name for name in node.input if name]
    for body in bodies(node):
        own = {value.name for value in body.input} | {each.name for each in body.initializer}
        own |= {name for inner in body.node for name in inner.output}
        inside = [name for inner in body.node for name in reads(inner)]
        inside += [value.name for value in body.output]
        names += [name for name in inside if name not in own]
    return tuple(dict.fromkeys(names))


# Reading a file.


def _parse(onnx: Any, path: Path) -> Any:
    decode_error = import_extra("google.protobuf.message", "onnx").DecodeError
    try:
        return onnx.load_model_from_string(read_content(path, LARGEST_ARRAYS))
    except OSError as error:
        raise InputError("path", str(path), f"a readable file ({error.strerror})") from None
    except decode_error:
        raise InputError(
            "path", str(path), "a whole ONNX file; it is truncated or not one"
        ) from None


def _check_text(path: Path, graph: Any) -> None:
    """Raise `InputError` if a name is not UTF-8; protobuf returns such names as bytes."""
    for node in graph.node:
        for name in (node.name, node.op_type, node.domain, *node.input, *node.output):
            if not isinstance(name, str):
                raise InputError(f"{path}: node", name, "named in UTF-8")
        for body in bodies(node):
            _check_text(path, body)


def _check_functions(path: Path, model: Any) -> None:
    """Raise `InputError` if local functions call themselves or expand to too many nodes."""
    bodies_of = {(each.domain, each.name): [*_all_nodes(each.node)] for each in model.functions}
    needs = {
        key: {(node.domain, node.op_type) for node in nodes} & bodies_of.keys()
        for key, nodes in bodies_of.items()
    }
    try:
        order = [*TopologicalSorter(needs).static_order()]
    except CycleError as error:
        cycle = " -> ".join(name for _, name in reversed(error.args[1]))
        raise InputError(f"{path}: functions", cycle, "free of recursion") from None
    sizes: dict[tuple[str, str], int] = {}
    for key in order:
        nodes = bodies_of[key]
        sizes[key] = sum(sizes.get((node.domain, node.op_type), 1) for node in nodes)
    main = _all_nodes(model.graph.node)
    total = sum(sizes.get((node.domain, node.op_type), 1) for node in main)
    if total > _MOST_NODES:
        rule = f"functions of at most {_MOST_NODES} nodes once inlined"
        raise InputError(f"{path}: functions", f"{total} nodes", rule)


def _all_nodes(nodes: Any) -> Iterator[Any]:
    """Yield nodes and those of the graphs that they contain."""
    for node in nodes:
        yield node
        for body in bodies(node):
            yield from _all_nodes(body.node)


def _sort(path: Path, graph: Any) -> None:
    """Bring the nodes into an order of computation, that of the file where possible."""
    for node in graph.node:
        for body in bodies(node):
            _sort(path, body)
    nodes = list(graph.node)
    maker = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    needs = {
        i: {maker[name] for name in reads(node) if name in maker} for i, node in enumerate(nodes)
    }
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " -> ".join(nodes[i].name or nodes[i].output[0] for i in reversed(error.args[1]))
        raise InputError(f"{path}: graph", cycle, "free of cycles") from None
    ready, order = list(sorter.get_ready()), []
    heapq.heapify(ready)
    while ready:
        order.append(heapq.heappop(ready))
        sorter.done(order[-1])
        for i in sorter.get_ready():
            heapq.heappush(ready, i)
    if order != sorted(order):
        _set_nodes(graph, [nodes[i] for i in order])


def _set_nodes(graph: Any, nodes: list[Any]) -> None:
    """Replace the nodes of a graph."""
    # Protobuf frees the nodes that it deletes: copy them first.
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _set_batch(graph: Any) -> None:
    """Set the unknown first axis of each input, and all axes of the same name, to 1."""
    batches = [axis for value in graph_inputs(graph) for axis in _axes(value)[:1]]
    names = {axis.dim_param for axis in batches} - {""}
    values = [*graph.input, *graph.value_info, *graph.output]
    same = [axis for value in values for axis in _axes(value) if axis.dim_param in names]
    # Protobuf gives a size that the file does not have as 0.
    for axis in [*(axis for axis in batches if axis.dim_value < 1), *same]:
        axis.dim_value = 1


def _axes(value: Any) -> Any:
    return value.type.tensor_type.shape.dim


# Branches whose condition is known: exporters write `If` for a squeeze of an unknown axis.


def _inline_branches(model: Any) -> bool:
    """Replace each `If` of known condition by the nodes of its branch; return whether any was."""
    graph = model.graph
    if not any(_is_if(node) for node in graph.node):
        return False
    values = _constants(model)
    parts = [_taken(node, graph, values) for node in graph.node]
    if all(part is None for part in parts):
        return False
    pairs = zip(graph.node, parts, strict=True)
    _set_nodes(graph, [each for node, part in pairs for each in ([node] if part is None else part)])
    del graph.value_info[:]  # the sizes inferred before may be those of the other branch
    return True


def _is_if(node: Any) -> bool:
    return node.op_type == "If" and node.domain in ("", "ai.onnx")


def _taken(node: Any, graph: Any, values: dict[str, Any]) -> list[Any] | None:
    """Return the nodes of the branch that an `If` takes; None for other nodes, or if unknown."""
    condition = values.get(node.input[0]) if _is_if(node) else None
    if condition is None or condition.size != 1:
        return None
    wanted = "then_branch" if bool(condition.item()) else "else_branch"
    branch = next(each.g for each in node.attribute if each.name == wanted)
    graph.initializer.extend(branch.initializer)
    return [*_branch_nodes(node, branch)]


def _branch_nodes(node: Any, branch: Any) -> Iterator[Any]:
    """Yield the nodes of a branch, and one that gives each of its outputs the outer name."""
    onnx = import_extra("onnx", "onnx")
    yield from branch.node
    for inner, outer in zip(branch.output, node.output, strict=False):
        if outer:
            yield onnx.helper.make_node("Identity", [inner.name], [outer])


def _constants(model: Any) -> dict[str, Any]:
    """Return the small tensors that follow from initializers and shapes alone, as arrays."""
    onnx = import_extra("onnx", "onnx")
    numpy_helper = import_extra("onnx.numpy_helper", "onnx")
    graph = model.graph
    values = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if math.prod(tensor.dims) <= _LARGEST_CONSTANT and tensor.data_location == 0
    }
    shapes = {value.name: value for value in [*graph.input, *graph.value_info]}
    for node in graph.node:
        sized = node.op_type in ("Shape", "Size") and _known_shape(shapes.get(node.input[0]))
        if sized:
            values |= _evaluate(onnx, model, node, {node.input[0]: _zeros(sized)})
        elif not bodies(node) and all(name in values for name in node.input if name):
            values |= _evaluate(onnx, model, node, {name: values[name] for name in node.input})
    return values


def _known_shape(value: Any) -> Shape | None:
    """Return the sizes of a tensor if all are known and there is at least one."""
    if value is None or not value.type.tensor_type.HasField("shape"):
        return None
    sizes = tuple(axis.dim_value for axis in _axes(value))
    return sizes if sizes and all(sizes) else None


def _zeros(shape: Shape) -> Any:
    """Return zeros of a shape that take no memory."""
    import numpy as np

    return np.broadcast_to(np.float32(0.0), shape)


def _evaluate(onnx: Any, model: Any, node: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a node by name; none if they are large or cannot be computed."""
    reference = import_extra("onnx.reference", "onnx")
    try:
        to_type = onnx.helper.np_dtype_to_tensor_dtype
        given = [
            onnx.helper.make_tensor_value_info(name, to_type(value.dtype), value.shape)
            for name, value in inputs.items()
        ]
        names = [name for name in node.output if name]
        made = [onnx.helper.make_empty_tensor_value_info(name) for name in names]
        small = onnx.helper.make_graph([node], "constant", given, made)
        single = onnx.helper.make_model(small, opset_imports=model.opset_import)
        if not _stays_small(onnx, single, inputs):
            return {}
        found = reference.ReferenceEvaluator(single).run(None, inputs)
    except Exception:  # operators fail in many ways, and an unknown value is no fault
        return {}
    pairs = zip(names, found, strict=False)
    return {name: value for name, value in pairs if getattr(value, "size", 0) <= _LARGEST_CONSTANT}


def _stays_small(onnx: Any, model: Any, inputs: dict[str, Any]) -> bool:
    """Whether the outputs of a model of one node are surely small: small inputs prove nothing."""
    known = onnx.ModelProto()
    known.CopyFrom(model)
    arrays = [(name, value) for name, value in inputs.items() if value.size <= _LARGEST_CONSTANT]
    known.graph.initializer.extend(
        onnx.numpy_helper.from_array(value, name) for name, value in arrays
    )
    inferred = onnx.shape_inference.infer_shapes(known, strict_mode=True, data_prop=True)
    shapes = [value.type.tensor_type for value in inferred.graph.output]
    return all(
        shape.HasField("shape")
        and all(axis.HasField("dim_value") for axis in shape.shape.dim)
        and math.prod(axis.dim_value for axis in shape.shape.dim) <= _LARGEST_CONSTANT
        for shape in shapes
    )


# Shapes of the tensors.


class Tensors:
    """Shapes of all tensors of an ONNX graph, and which of them can hold parameters.

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
        self._types: dict[str, int] = {}
        self._read(graph)
        place = f"{path}: input {source}"
        self.require(source, place)
        check_integer(f"{place}: axes", len(self.shapes[source]), at_least=2)
        self.batch = self.shapes[source][0]

    def inside(self, body: Any) -> Tensors:
        """Return the tensors that the nodes of a body see."""
        inner = object.__new__(Tensors)
        inner.path, inner.batch = self.path, self.batch
        inner.shapes, inner._types = dict(self.shapes), dict(self._types)
        inner._read(body)
        return inner

    def require(self, name: str, place: str) -> Shape:
        """Return the shape, or raise `InputError` at `place` unless all sizes are known."""
        shape = self.shapes.get(name)
        if shape is None or not all(isinstance(size, int) and size > 0 for size in shape):
            rule = "a shape of known sizes >= 1 (only the batch of the input may be symbolic)"
            raise InputError(f"{place}: {name}", "no shape" if shape is None else shape, rule)
        return shape

    def per_sample(self, name: str, place: str) -> Shape:
        """Return the shape without the batch axis; a scalar becomes (1,)."""
        first, *rest = self.require(name, place) or (self.batch,)
        if first % self.batch:
            raise InputError(
                place, self.shapes[name], f"exported for batch size 1: {name} mixes samples"
            )
        samples = first // self.batch  # more than 1 if an operator merged the batch with an axis
        return tuple(rest or [samples]) if samples == 1 else (samples, *rest)

    def parameters(self, name: str) -> int:
        """Return the number of elements of a constant, 0 for scalars and integers.

        Matrices of bytes count: they are the weights of quantized layers.
        """
        shape, kind = self.shapes.get(name), self._types.get(name)
        is_weight = kind in _FLOAT_TYPES or (kind in _BYTE_TYPES and len(shape or ()) > 1)
        if not is_weight or not shape:
            return 0
        return math.prod(self.require(name, f"{self.path}: constant"))

    def _read(self, graph: Any) -> None:
        """Add the tensors of a graph."""
        for value in [*graph.input, *graph.output, *graph.value_info]:
            tensor = value.type.tensor_type
            if tensor.HasField("shape"):
                axes = tuple(axis.dim_param or axis.dim_value or "?" for axis in tensor.shape.dim)
                self._put(value.name, axes, tensor.elem_type)
        for tensor in graph.initializer:
            self._put(tensor.name, tuple(tensor.dims), tensor.data_type)

    def _put(self, name: str, axes: Any, element_type: int) -> None:
        self.shapes[name] = axes
        self._types[name] = element_type
