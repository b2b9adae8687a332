"""Parts of an ONNX file, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.live.half import Arrays, Half, Roles, TensorType, roles_of
from edgeopt.experiments.profiling.onnx_runs import ELEMENT_TYPES, make_feed, make_session
from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.files import write_atomically
from edgeopt.problems.networks.from_onnx import OnnxNetwork
from edgeopt.problems.networks.onnx_constants import known_shape
from edgeopt.problems.networks.onnx_graph import is_operator, reads, set_nodes
from edgeopt.problems.networks.onnx_inputs import Given, graph_inputs

SUFFIX = ".onnx"

_ROLES = "edgeopt"
"""Key of the roles of the outputs in the metadata of a file."""


class OnnxGraph:
    """The graph of a file, from which parts are taken; see `PartGraph`.

    Sizes are constants: the parts are of the batch size of the profile.

    Parameters
    ----------
    path : Path
        The file.
    network : OnnxNetwork
        What was read from it.
    """

    suffix = SUFFIX

    def __init__(self, path: Path, network: OnnxNetwork) -> None:
        self._path, self._model, self._layers = path, network.model, network.layers
        graph = network.model.graph
        self._values = {each.name: each for each in [*graph.input, *graph.value_info]}
        self._values |= {each.name: each for each in graph.output}
        self.sources = [str(value.name) for value in graph_inputs(graph)]
        self.results = [str(value.name) for value in graph.output]
        _load_weights(path, network.model)
        self._fix_sizes()
        self._nodes = [*graph.node]
        pairs = ((name, i) for i, node in enumerate(self._nodes) for name in node.output)
        self._makers = {name: i for name, i in pairs if name}

    def place(self, name: str) -> int:
        """Return the layer of a tensor; constants come after all layers."""
        return self._layers.get(name, len(self._layers))

    def crossing(self, end: int, wanted: Iterable[str]) -> list[str]:
        """Return the tensors made before layer `end` of which the wanted ones are computed."""
        _, found, _ = self._walk(wanted, lambda name: self._crosses(name, end))
        return sorted(found, key=lambda name: (self.place(name), name))

    def _crosses(self, name: str, end: int) -> bool:
        """Whether a tensor is made before layer `end`, and goes to the other half as it is."""
        if self._layers.get(name, end) >= end:
            return False
        maker = self._makers.get(name)
        if maker is None or not is_operator(self._nodes[maker], "DequantizeLinear"):
            return True
        # a quantized tensor crosses, and each half that needs it dequantizes it
        return self._layers.get(self._nodes[maker].input[0]) != self._layers[name]

    def _walk(
        self, wanted: Iterable[str], is_given: Callable[[str], bool]
    ) -> tuple[set[int], set[str], set[str]]:
        """Return the nodes that compute the wanted tensors, and what they read: given, constant."""
        nodes, given, constants = set[int](), set[str](), set[str]()
        todo = [*wanted]
        while todo:
            name = todo.pop()
            maker = self._makers.get(name)
            if is_given(name):
                given.add(name)
            elif maker is None:
                constants.add(name)
            elif maker not in nodes:
                nodes.add(maker)
                todo += reads(self._nodes[maker])
        return nodes, given, constants

    def type_of(self, name: str) -> TensorType:
        """Return the type of a tensor that the network reads, returns or sends."""
        helper = import_extra("onnx.helper", "onnx")
        value = self._values.get(name)
        shape = known_shape(value)
        if value is None or shape is None:
            raise InputError(f"{self._path}: {name}", "no shape", "a tensor of known sizes")
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))
        return TensorType(name, str(dtype), shape)

    def write(self, path: Path, given: list[str], wanted: list[str], roles: Roles) -> Path:
        """Write the part that computes tensors from given ones."""
        onnx = import_extra("onnx", "onnx")
        helper, graph = onnx.helper, self._model.graph
        chosen, _, constants = self._walk(wanted, set(given).__contains__)
        nodes = [_without(self._nodes[i], given) for i in sorted(chosen)]
        names: list[str] = []
        for name in wanted:
            # what the part only passes on, or returns twice, gets a name of its own
            is_own = name not in given and name not in constants and name not in names
            names.append(name if is_own else f"{name}/passed{len(names)}")
            if not is_own:
                nodes.append(helper.make_node("Identity", [name], [names[-1]]))
        part = helper.make_graph(
            nodes,
            graph.name or "part",
            [_declared(onnx, self.type_of(name), name) for name in given],
            [_declared(onnx, self.type_of(n), new) for n, new in zip(wanted, names, strict=True)],
            [each for each in graph.initializer if each.name in constants],
            sparse_initializer=[e for e in graph.sparse_initializer if e.values.name in constants],
        )
        return _save(onnx, path, part, roles, self._model)

    def _fix_sizes(self) -> None:
        """Replace the nodes that ask for a size: their tensors would have to cross for it."""
        numpy_helper = import_extra("onnx.numpy_helper", "onnx")
        graph, kept = self._model.graph, []
        for node in graph.node:
            shape = None
            if is_operator(node, "Shape", "Size"):
                shape = known_shape(self._values.get(node.input[0]))
            if shape is None:
                kept.append(node)
                continue
            limits = {each.name: each.i for each in node.attribute}
            sizes = np.array(shape, np.int64)[limits.get("start", 0) : limits.get("end")]
            value = sizes if node.op_type == "Shape" else np.array(sizes.prod(), np.int64)
            graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
        if len(kept) < len(graph.node):
            set_nodes(graph, kept)


def _without(node: Any, given: list[str]) -> Any:
    """Return a node without those of its outputs that the part is given."""
    if not set(node.output).intersection(given):
        return node
    node = type(node).FromString(node.SerializeToString())
    node.output[:] = [f"{name}/again" if name in given else name for name in node.output]
    return node


def _load_weights(path: Path, model: Any) -> None:
    """Read the weights stored beside the file into the model."""
    external = import_extra("onnx.external_data_helper", "onnx")
    try:
        external.load_external_data_for_model(model, str(path.parent))
    except Exception as error:  # of onnx, which has many
        rule = f"with its weights beside it ({' '.join(str(error).split())})"
        raise InputError("network", str(path), rule) from None


def _declared(onnx: Any, kind: TensorType, name: str) -> Any:
    """Return the declaration of a tensor under a name."""
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind.dtype))
    return onnx.helper.make_tensor_value_info(name, element, kind.shape)


def _save(onnx: Any, path: Path, graph: Any, roles: Roles, like: Any = None) -> Path:
    """Write a graph with the roles of its outputs; versions as those of another model."""
    versions = {"opset_imports": [onnx.helper.make_opsetid("", 18)], "ir_version": 10}
    if like is not None:
        versions = {"opset_imports": like.opset_import, "ir_version": like.ir_version}
    model = onnx.helper.make_model(graph, producer_name="edgeopt", **versions)
    onnx.helper.set_model_props(model, {_ROLES: roles.text()})
    try:
        write_atomically(path, model.SerializeToString())
    except ValueError as error:  # of protobuf: more than 2 GiB
        raise InputError("network", str(path), f"of halves below 2 GiB ({error})") from None
    return path


# Running.


def load_onnx(path: Path, threads: int) -> Half:
    """Load an ONNX file whose sizes are fixed, see `load_half`."""
    runtime = import_extra("onnxruntime", "runtime")
    try:
        session = make_session(runtime, path, threads, None)
    except Exception as error:  # of the runtime, which has many
        rule = f"a file that ONNX Runtime can load ({' '.join(str(error).split())})"
        raise InputError("file", str(path), rule) from None
    inputs = tuple(_type_in(path, each) for each in session.get_inputs())
    outputs = tuple(_type_in(path, each) for each in session.get_outputs())
    roles = roles_of(session.get_modelmeta().custom_metadata_map.get(_ROLES), len(outputs))
    names, made = [each.name for each in inputs], [each.name for each in outputs]

    def run(arrays: Arrays) -> Arrays:
        found = session.run(made, dict(zip(names, arrays, strict=True)))
        return [np.asarray(each) for each in found]

    return Half(inputs, outputs, roles.crossing, roles.results, run)


def _type_in(path: Path, declared: Any) -> TensorType:
    """Return the type of an input or output of a session."""
    place = f"{path}: {declared.name}"
    if declared.type not in ELEMENT_TYPES:
        raise InputError(place, declared.type, "a tensor of numbers")
    if not all(isinstance(size, int) for size in declared.shape):
        raise InputError(place, declared.shape, "of fixed sizes, as split_network writes it")
    dtype = str(np.dtype(ELEMENT_TYPES[declared.type]))
    return TensorType(declared.name, dtype, tuple(declared.shape))


def run_onnx(path: Path, arrays: Mapping[str, Any], inputs: Given) -> Arrays:
    """Run a whole file on arrays by the name of the input; the others are as for `from_onnx`."""
    runtime = import_extra("onnxruntime", "runtime")
    session = make_session(runtime, path, 1, None)
    feeds = {
        each.name: arrays[each.name] if each.name in arrays else make_feed(each, inputs)
        for each in session.get_inputs()
    }
    return [np.asarray(each) for each in session.run(None, feeds)]


# Exits.


def write_onnx_exit(
    path: Path,
    inputs: tuple[TensorType, ...],
    result: TensorType,
    weights: tuple[np.ndarray, np.ndarray],
    shapes: list[tuple[int, int, int]],
) -> Path:
    """Write an exit, see `write_exit`.

    Parameters
    ----------
    path : Path
        The file.
    inputs : tuple of TensorType
        What it reads.
    result : TensorType
        What it returns.
    weights : tuple of ndarray
        Matrix (channels, classes) and bias (classes,) in float32.
    shapes : list of tuple of int
        Of each input, as samples, channels and positions.
    """
    onnx = import_extra("onnx", "onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    constants = [numpy_helper.from_array(weights[0], "weight")]
    constants.append(numpy_helper.from_array(weights[1], "bias"))
    constants.append(numpy_helper.from_array(np.array(result.shape, np.int64), "shape"))
    constants.append(numpy_helper.from_array(np.array([2], np.int64), "axes"))
    nodes = []
    for i, (kind, shape) in enumerate(zip(inputs, shapes, strict=True)):
        constants.append(numpy_helper.from_array(np.array(shape, np.int64), f"shape{i}"))
        nodes += [
            helper.make_node("Cast", [kind.name], [f"cast{i}"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Reshape", [f"cast{i}", f"shape{i}"], [f"map{i}"]),
            helper.make_node("ReduceMean", [f"map{i}", "axes"], [f"pooled{i}"], keepdims=0),
        ]
    pooled = [f"pooled{i}" for i in range(len(inputs))]
    element = helper.np_dtype_to_tensor_dtype(np.dtype(result.dtype))
    nodes += [
        helper.make_node("Concat", pooled, ["features"], axis=1),
        helper.make_node("Gemm", ["features", "weight", "bias"], ["scores"]),
        helper.make_node("Reshape", ["scores", "shape"], ["shaped"]),
        helper.make_node("Cast", ["shaped"], ["exit"], to=element),
    ]
    graph = helper.make_graph(
        nodes,
        "exit",
        [_declared(onnx, kind, kind.name) for kind in inputs],
        [_declared(onnx, result, "exit")],
        constants,
    )
    return _save(onnx, path, graph, Roles(0, (0,)))
