"""Reading an ONNX file: its graph in order of computation, with the shapes of all tensors."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.files import LARGEST_ARRAYS, read_content
from edgeopt.problems.networks.onnx_constants import (
    constants,
    fold_sizes,
    inline_branches,
    known_shape,
)
from edgeopt.problems.networks.onnx_graph import (
    all_nodes,
    bodies,
    is_operator,
    set_nodes,
    sort_nodes,
)
from edgeopt.problems.networks.onnx_inputs import Given, set_inputs
from edgeopt.problems.networks.onnx_stand_ins import with_stand_ins

_MOST_NODES = 200_000  # of a network; the largest public ones have some 10,000


def load_model(path: Path, given: Given) -> Any:
    """Return the model (onnx.ModelProto) with shapes inferred, its graph in order of computation.

    Local functions are inlined, and so is the branch of each `If` whose condition depends on
    constants and shapes alone; sizes that the graph computes become constants. Weights stored
    beside the file are not read. See `set_inputs` for the sizes of the inputs, `given` or not.

    Raises
    ------
    InputError
        If onnx is missing, the file cannot be read or is truncated, the graph has a cycle, the
        sizes of an input are unknown, or shapes contradict one another.
    """
    onnx = import_extra("onnx", "onnx")
    inliner = import_extra("onnx.inliner", "onnx")
    model = _parse(onnx, path)
    if not model.graph.node:
        raise InputError(f"{path}: graph", "no nodes", "a model with at least one node")
    _check_text(path, model.graph)
    _check_functions(path, model)
    sort_nodes(path, model.graph)
    set_inputs(path, model.graph, given)
    try:
        model = inliner.inline_local_functions(model)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _inconsistent(path, model, error) from None
    sort_nodes(path, model.graph)
    model = _infer(path, model)
    while _is_open(model.graph):
        values = constants(path, model)
        inlined = inline_branches(model, values)
        if not fold_sizes(model, values) and not inlined:
            break
        _forget_shapes(model.graph)
        model = _infer(path, model)
    return model


def _is_open(graph: Any) -> bool:
    """Whether a branch is undecided or a tensor without known shape."""
    values = [*graph.value_info, *graph.output]
    known = {value.name for value in values if known_shape(value) is not None}
    made = {name for node in graph.node for name in node.output if name}
    return not made <= known or any(is_operator(node, "If") for node in graph.node)


def _forget_shapes(graph: Any) -> None:
    """Drop the inferred shapes, except of operators that onnx does not know."""
    foreign = [node for node in graph.node if node.domain not in ("", "ai.onnx")]
    kept = {name for node in foreign for name in node.output}
    values = [value for value in graph.value_info if value.name in kept]
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del graph.value_info[:]
    graph.value_info.extend(copies)


def _infer(path: Path, model: Any) -> Any:
    """Return the model with the shapes of its tensors."""
    inference = import_extra("onnx.shape_inference", "onnx")
    first: Exception | None = None
    for propagates in (True, True, False):  # the propagation of sizes has faults of its own
        known = with_stand_ins(model)
        options = {"check_type": known is model, "strict_mode": True, "data_prop": propagates}
        try:
            inferred = inference.infer_shapes(known, **options)
        except (inference.InferenceError, RuntimeError, TypeError, ValueError) as error:
            first = first or error
            # runtimes ignore what a file says of its outputs, and exporters may be wrong there
            for value in model.graph.output:
                value.type.tensor_type.ClearField("shape")
            continue
        if known is not model:
            set_nodes(inferred.graph, model.graph.node)
        return inferred
    raise _inconsistent(path, model, first) from None


def _inconsistent(path: Path, model: Any, error: Exception | None) -> InputError:
    """Return the error for a model that onnx refuses."""
    rule = f"consistent; onnx says: {' '.join(str(error).split())}"
    return InputError(f"{path}: shapes", model.graph.name, rule)


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
    bodies_of = {(each.domain, each.name): [*all_nodes(each.node)] for each in model.functions}
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
    main = all_nodes(model.graph.node)
    total = sum(sizes.get((node.domain, node.op_type), 1) for node in main)
    if total > _MOST_NODES:
        rule = f"functions of at most {_MOST_NODES} nodes once inlined"
        raise InputError(f"{path}: functions", f"{total} nodes", rule)
