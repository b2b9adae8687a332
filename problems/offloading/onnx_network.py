"""Networks as ONNX files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from problems.errors import InputError
from problems.files import check_file
from problems.offloading.cuts import cut_ends_of
from problems.offloading.layer import Layer
from problems.offloading.onnx_model import graph_inputs, load_onnx
from problems.offloading.onnx_operators import KINDS, WEIGHTED, node_macs, parameter_inputs
from problems.offloading.onnx_tensors import OnnxTensors
from problems.offloading.profile import Profile
from problems.offloading.zero_work import warn_zero_work


def from_onnx(path: str | Path) -> Profile:
    """Read a network with its branches from an ONNX file; the extra ``onnx`` must be installed.

    Nodes that depend on constants alone vanish. There is a cut behind each convolution and matrix
    product, in the order of the file; a file does not tell projection shortcuts from the main
    path, so they have a cut too. Parameters are the floating-point constants that a node reads,
    without scalars and the running statistics of batch norms; of a shared one, the first reader
    has it.

    Parameters
    ----------
    path : str or Path
        The file; its stem names the network. It has one input, whose first axis is the batch and
        may be symbolic; all other sizes must follow from the file.

    Raises
    ------
    InputError
        If the file cannot be read, has a cycle or a shape that is not known; the message names
        the node.

    Warns
    -----
    UserWarning
        Lists the operators that `onnx_operators.KINDS` does not have; they count as zero work.
    """
    path = check_file("path", path)
    graph = load_onnx(path).graph
    source = _only_input(path, graph)
    nodes = _nodes_behind(source, graph)
    tensors = OnnxTensors(str(path), graph, source)
    layers = _Layers(tensors, graph, source)
    for node in nodes:
        layers.append(node)
    unknown = Counter(_operator(node) for node in nodes if _operator(node) not in KINDS)
    warn_zero_work(str(path), unknown)
    shape = tensors.per_sample(source, f"{path}: input {source}")
    return Profile(path.stem, shape, tuple(layers.done), cut_ends_of(layers.done))


class _Layers:
    """The layers read so far, and which of them made which tensor."""

    def __init__(self, tensors: OnnxTensors, graph: Any, source: str) -> None:
        self.tensors = tensors
        self.done: list[Layer] = []
        self._makers = {source: -1}
        self._names = Counter(node.name for node in graph.node)
        self._used = {name for node in graph.node for name in node.input}
        self._used |= {value.name for value in graph.output}
        self._counted: set[str] = set()

    def append(self, node: Any) -> None:
        """Append one layer for each output of `node` that is used; the first has the work."""
        label = self._label(node)
        place = f"{self.tensors.path}: node {label}"
        sources = tuple(dict.fromkeys(self._makers[n] for n in node.input if n in self._makers))
        macs, parameters = self._macs(node, place), self._parameters(node)
        for i, name in enumerate(name for name in node.output if name in self._used):
            shape = self.tensors.per_sample(name, place)
            work = (0, 0) if i else (macs, parameters)
            kind = KINDS.get(_operator(node), "other")
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
        if KINDS.get(_operator(node)) not in WEIGHTED:
            return 0
        for name in [*node.input[:2], node.output[0]]:
            self.tensors.require(name, place)
        return node_macs(node, self.tensors.shapes) // self.tensors.batch

    def _parameters(self, node: Any) -> int:
        """Return the parameters which no earlier node has read."""
        new = [
            n for n in parameter_inputs(node) if n not in self._makers and n not in self._counted
        ]
        self._counted.update(new)
        return sum(self.tensors.parameters(name) for name in new)


def _operator(node: Any) -> str:
    """Return the operator's name, behind its domain if that is not ONNX's own."""
    own = node.domain in ("", "ai.onnx")
    return str(node.op_type) if own else f"{node.domain}.{node.op_type}"


def _only_input(path: Path, graph: Any) -> str:
    inputs = [str(value.name) for value in graph_inputs(graph)]
    if len(inputs) != 1:
        raise InputError(f"{path}: inputs", inputs, "one tensor, initializers aside")
    return inputs[0]


def _nodes_behind(source: str, graph: Any) -> list[Any]:
    """Return the nodes that depend on the values of the input, not on its shape alone."""
    reached, nodes = {source}, []
    for node in graph.node:
        outputs = [name for name in node.output if name]
        constant = node.op_type in ("Shape", "Size") or reached.isdisjoint(node.input)
        if outputs and not constant:
            reached.update(outputs)
            nodes.append(node)
    return nodes
