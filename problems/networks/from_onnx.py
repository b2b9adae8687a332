"""Networks in ONNX files: layers, work, parameters and shapes from the graph."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import check_file
from edgeopt.problems.networks.layers import Layer, cut_ends_of, warn_uncounted, warn_zero_work
from edgeopt.problems.networks.onnx_graph import Tensors, bodies, graph_inputs, load_graph, reads
from edgeopt.problems.networks.onnx_operators import KINDS, NOT_PARAMETERS, node_macs, operator
from edgeopt.problems.networks.profile import Profile


def from_onnx(path: str | Path) -> Profile:
    """Read a network with its branches from an ONNX file; the extra ``onnx`` must be installed.

    Nodes that depend on constants alone are dropped. There is a cut after each convolution, matrix
    product and recurrent layer, in the order of the file. A file does not distinguish projection
    shortcuts from the main path, and thus they have cuts too. Parameters are the constants that a
    node reads, directly or transformed: floating-point ones without scalars and the running
    statistics of batch norms, and matrices of bytes; a shared constant counts for its first reader.
    A node that contains graphs (`If`, `Loop`, `Scan`) is one layer, which reads what they read. The
    branch of an `If` whose condition follows from shapes is read as part of the graph.

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
        Lists the operators that edgeopt does not know, which count as zero work, and parameters
        that no layer reads, which do not count.

    Examples
    --------
    See `load_network`, which reads a file whose name ends in ``.onnx``.
    """
    path = check_file("path", path)
    graph = load_graph(path)
    source = _only_input(path, graph)
    layers = _Layers(Tensors(str(path), graph, source), graph, source)
    for node in graph.node:
        layers.read(node)
    warn_zero_work(str(path), layers.unknown)
    warn_uncounted(str(path), layers.uncounted())
    shape = layers.tensors.per_sample(source, f"{path}: input {source}")
    return Profile(path.stem, shape, tuple(layers.done), cut_ends_of(layers.done))


class _Layers:
    """The layers read so far, the layer that makes each tensor, and the parameters counted."""

    def __init__(self, tensors: Tensors, graph: Any, source: str) -> None:
        self.tensors = tensors
        self.done: list[Layer] = []
        self.unknown: Counter[str] = Counter()
        self._makers = {source: -1}
        self._reached = {source}
        self._names = Counter(node.name for node in graph.node)
        self._used = {name for node in graph.node for name in reads(node)}
        self._used |= {value.name for value in graph.output}
        self._parameters = _Parameters(tensors, graph)

    def read(self, node: Any) -> None:
        """Append the layers of a node, or note which constants it makes."""
        # The sizes of all tensors are known beforehand, and thus shapes are constants.
        if node.op_type in ("Shape", "Size"):
            return
        if self._reached.isdisjoint(reads(node)):
            self._parameters.derive(node)
        else:
            self._reached.update(filter(None, node.output))
            self._append(node)

    def _append(self, node: Any) -> None:
        """Append one layer for each output of `node` in use; the first of them has all the work."""
        label = self._label(node)
        place = f"{self.tensors.path}: node {label}"
        sources = tuple(dict.fromkeys(self._makers[n] for n in reads(node) if n in self._makers))
        macs = node_macs(node, self.tensors, place, self.unknown) // self.tensors.batch
        parameters = self._parameters.count(node)
        for i, name in enumerate(name for name in node.output if name in self._used):
            shape = self.tensors.per_sample(name, place)
            # The work of a node with several outputs counts once.
            work = (0, 0) if i else (macs, parameters)
            kind = KINDS.get(operator(node), "other")
            self.done.append(Layer(f"{label}:{i}" if i else label, kind, *work, shape, sources))
            self._makers[name] = len(self.done) - 1

    def uncounted(self) -> dict[str, int]:
        """Return the parameters of the file that no layer has read, by name."""
        return self._parameters.left()

    def _label(self, node: Any) -> str:
        """Return a unique name without blanks."""
        name = node.name.strip()
        if name in ("", "input") or self._names[node.name] > 1:
            name = f"{node.op_type}:{next(filter(None, node.output))}"
        return "_".join(name.split())


class _Parameters:
    """Which constants of a file hold parameters, and which of them have been counted.

    A constant computed from others, such as a transposed weight, stands for those.
    """

    def __init__(self, tensors: Tensors, graph: Any) -> None:
        self._tensors = tensors
        self._origins = {tensor.name: frozenset({tensor.name}) for tensor in graph.initializer}
        self._counted: set[str] = set()
        names = [tensor.name for tensor in graph.initializer]
        self._all = {name for name in names if tensors.parameters(name) > 1}

    def derive(self, node: Any) -> None:
        """Note the origins of the outputs of a node that reads constants only."""
        found = {name for name in self._read(node) if self._tensors.parameters(name)}
        for name in filter(None, node.output):
            self._origins[name] = frozenset(found or {name})

    def count(self, node: Any) -> int:
        """Return the parameters that a node reads and no earlier one has read."""
        total = 0
        # A shared constant must count once.
        for name in sorted(self._read(node) - self._counted):
            self._counted.add(name)
            total += self._tensors.parameters(name)
        return total + sum(self._inside(body, self._tensors) for body in bodies(node))

    def left(self) -> dict[str, int]:
        """Return the sizes of what is neither counted nor known to be no parameter, by name."""
        return {name: self._tensors.parameters(name) for name in sorted(self._all - self._counted)}

    def _read(self, node: Any) -> set[str]:
        """Return the origins of the constants that a node reads as parameters."""
        skipped = NOT_PARAMETERS.get(node.op_type, ())
        self._all -= {node.input[i] for i in skipped if i < len(node.input)}
        names = set(reads(node)) - {node.input[i] for i in skipped if i < len(node.input)}
        return {origin for name in names for origin in self._origins.get(name, ())}

    def _inside(self, body: Any, outer: Tensors) -> int:
        """Return the parameters among the constants of a body itself."""
        tensors = outer.inside(body)
        own = sum(tensors.parameters(each.name) for each in body.initializer)
        for node in body.node:
            if node.op_type == "Constant":
                own += tensors.parameters(node.output[0])
            own += sum(self._inside(inner, tensors) for inner in bodies(node))
        return own


def _only_input(path: Path, graph: Any) -> str:
    inputs = [str(value.name) for value in graph_inputs(graph)]
    if len(inputs) != 1:
        raise InputError(f"{path}: inputs", inputs, "one tensor, initializers aside")
    return inputs[0]
