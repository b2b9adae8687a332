"""Read an ONNX file and infer the shape of all its tensors."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from problems.errors import InputError
from problems.extras import import_extra


def load_onnx(path: Path) -> Any:
    """Return the ONNX model with all shapes inferred and local functions inlined.

    Weights stored beside the file are not read. A symbolic batch size (the first axis of an
    input) is set to 1.

    Raises
    ------
    InputError
        If onnx is missing, the file cannot be read or is truncated, the graph has a cycle, or the
        shapes contradict each other.
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


def graph_inputs(graph: Any) -> list[Any]:
    """Return the inputs that some node reads, without the initializers."""
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
    """Set the first axis of each input, and all axes of the same name, to 1 if it is unknown."""
    batches = [axis for value in graph_inputs(graph) for axis in _axes(value)[:1]]
    names = {axis.dim_param for axis in batches} - {""}
    values = [*graph.input, *graph.value_info, *graph.output]
    same = [axis for value in values for axis in _axes(value) if axis.dim_param in names]
    for axis in [*(axis for axis in batches if axis.dim_value < 1), *same]:
        axis.dim_value = 1


def _axes(value: Any) -> Any:
    return value.type.tensor_type.shape.dim
