"""What follows from constants and shapes alone: the branch of an `If`, and computed sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.networks.onnx_graph import (
    Shape,
    all_nodes,
    axes_of,
    bodies,
    is_operator,
    set_nodes,
)

COMPUTED = "computed from sizes"
"""Mark of the constants that are no parameters, whatever their type."""

_LARGEST_CONSTANT = 10_000  # elements of a constant that is computed to decide a branch


def inline_branches(model: Any, values: dict[str, Any]) -> bool:
    """Replace each `If` of known condition by the nodes of its branch; return whether any was.

    Exporters write `If` for a squeeze of an axis that they do not know.
    """
    graph = model.graph
    taken = _names(graph)
    parts = [_taken(node, graph, values, taken) for node in graph.node]
    if all(part is None for part in parts):
        return False
    pairs = zip(graph.node, parts, strict=True)
    set_nodes(graph, [each for node, part in pairs for each in ([node] if part is None else part)])
    return True


def _taken(node: Any, graph: Any, values: dict[str, Any], taken: set[str]) -> list[Any] | None:
    """Return the nodes of the branch that an `If` takes; None for other nodes, or if unknown."""
    condition = values.get(node.input[0]) if is_operator(node, "If") else None
    if condition is None or condition.size != 1:
        return None
    wanted = "then_branch" if bool(condition.item()) else "else_branch"
    branch = next(each.g for each in node.attribute if each.name == wanted)
    _rename(branch, f"{node.output[0]}/", taken)
    taken |= _names(branch)
    graph.initializer.extend(branch.initializer)
    return [*_branch_nodes(node, branch)]


def _names(graph: Any) -> set[str]:
    """Return the names of the tensors that a graph makes or holds."""
    held = [*graph.input, *graph.initializer]
    return {each.name for each in held} | {name for node in graph.node for name in node.output}


def _rename(branch: Any, prefix: str, taken: set[str]) -> None:
    """Rename the tensors of a branch whose names another graph uses, as branches may share them."""
    new = {name: prefix + name for name in _names(branch) & taken if name}
    for tensor in [*branch.initializer, *branch.output]:
        tensor.name = new.get(tensor.name, tensor.name)
    for node in all_nodes(branch.node):
        for names in (node.input, node.output):
            names[:] = [new.get(name, name) for name in names]
        for body in bodies(node):
            for value in body.output:
                value.name = new.get(value.name, value.name)


def _branch_nodes(node: Any, branch: Any) -> Iterator[Any]:
    """Yield the nodes of a branch, and one that gives each of its outputs the outer name."""
    onnx = import_extra("onnx", "onnx")
    yield from branch.node
    for inner, outer in zip(branch.output, node.output, strict=False):
        if outer:
            yield onnx.helper.make_node("Identity", [inner.name], [outer])


def fold_sizes(model: Any, values: dict[str, Any]) -> bool:
    """Replace the nodes that compute sizes by their results; return whether any was.

    Shape inference does not follow all of the arithmetic between a `Shape` and a `Reshape`.
    Constants that may be parameters stay as they are.
    """
    numpy_helper = import_extra("onnx.numpy_helper", "onnx")
    graph, sized, kept = model.graph, set[str](), []
    for node in graph.node:
        names = [name for name in node.output if name]
        if is_operator(node, "Shape", "Size") or sized.intersection(node.input):
            sized.update(names)
        if all(_is_size(name, values, sized) for name in names):
            made = [numpy_helper.from_array(values[name], name) for name in names]
            for tensor in made:
                tensor.doc_string = COMPUTED
            graph.initializer.extend(made)
        else:
            kept.append(node)
    if len(kept) == len(graph.node):
        return False
    set_nodes(graph, kept)
    return True


def _is_size(name: str, values: dict[str, Any], sized: set[str]) -> bool:
    """Whether a tensor is a known constant that cannot be a parameter."""
    value = values.get(name)
    if value is None:
        return False
    # Bytes may be quantized weights.
    return name in sized or value.dtype.kind == "b" or value.dtype in ("int32", "int64")


def constants(path: Path, model: Any) -> dict[str, Any]:
    """Return the small tensors that follow from initializers and shapes alone, as arrays.

    Raises
    ------
    InputError
        If the data of an initializer in the file at `path` do not fit its type or sizes.
    """
    onnx = import_extra("onnx", "onnx")
    graph = model.graph
    values = {
        tensor.name: _array(path, tensor)
        for tensor in graph.initializer
        if math.prod(tensor.dims) <= _LARGEST_CONSTANT and tensor.data_location == 0
    }
    shapes = {value.name: value for value in [*graph.input, *graph.value_info]}
    for node in graph.node:
        sized = is_operator(node, "Shape", "Size") and known_shape(shapes.get(node.input[0]))
        if sized:
            values |= _evaluate(onnx, model, node, {node.input[0]: _zeros(sized)})
        elif not bodies(node) and all(name in values for name in node.input if name):
            values |= _evaluate(onnx, model, node, {n: values[n] for n in node.input if n})
    return values


def _array(path: Path, tensor: Any) -> Any:
    """Return an initializer as an array."""
    try:
        return import_extra("onnx.numpy_helper", "onnx").to_array(tensor)
    except (TypeError, ValueError, KeyError) as error:
        got = f"type {tensor.data_type}, sizes {[*tensor.dims]}"
        raise InputError(f"{path}: constant {tensor.name}", got, f"what fits ({error})") from None


def known_shape(value: Any) -> Shape | None:
    """Return the sizes of a tensor, None unless all are known."""
    if value is None or not value.type.tensor_type.HasField("shape"):
        return None
    sizes = tuple(axis.dim_value for axis in axes_of(value))
    return sizes if all(size > 0 for size in sizes) else None


def _zeros(shape: Shape) -> Any:
    """Return zeros of a shape that take no memory."""
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
    arrays = {
        name: np.asarray(value)
        for name, value in zip(names, found, strict=False)
        if isinstance(value, np.ndarray | np.generic)
    }
    return {name: value for name, value in arrays.items() if value.size <= _LARGEST_CONSTANT}


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
