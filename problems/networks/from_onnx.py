"""Networks in ONNX files: layers, work, parameters and shapes from the graph."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import check_file
from edgeopt.problems.networks.layers import (
    FLOAT32,
    Layer,
    check_uncounted,
    cut_ends_of,
    warn_uncounted,
)
from edgeopt.problems.networks.onnx_file import load_model
from edgeopt.problems.networks.onnx_graph import Shape, bodies, reads
from edgeopt.problems.networks.onnx_inputs import Given, graph_inputs
from edgeopt.problems.networks.onnx_operators import KINDS, NOT_PARAMETERS, node_macs, operator
from edgeopt.problems.networks.onnx_tensors import Tensors
from edgeopt.problems.networks.profile import Profile


def from_onnx(
    path: str | Path, *, inputs: Given | None = None, allow_uncounted: bool = False
) -> Profile:
    """Read a network with its branches from an ONNX file; the extra ``onnx`` must be installed.

    Nodes that depend on constants alone are dropped. There is a cut after each convolution, matrix
    product and recurrent layer, in the order of the file. A file does not distinguish projection
    shortcuts from the main path, and thus they have cuts too. Parameters are the constants that a
    node reads, directly or transformed: floating-point ones without scalars and the running
    statistics of batch norms, and matrices of bytes; a shared constant counts for its first reader.
    A node that contains graphs (`If`, `Loop`, `Scan`) is one layer, which reads what they read. The
    branch of an `If` whose condition follows from shapes is read as part of the graph. A tensor has
    the type that the file gives it. As a runtime fuses them, quantization belongs to the layer
    before it and dequantization to the one after it: the quantized tensor crosses a cut.

    Parameters
    ----------
    path : str or Path
        The file; its stem names the network.
    inputs : mapping, optional
        Sizes of inputs by name, batch axis included, e.g. ``{"images": (1, 3, 320, 320)}``: needed
        where the file leaves a size open, except for the first axis, the batch. ``input`` also
        names the only input with axes. The value of an input without axes, such as a sampling
        rate, decides the branches that depend on it. Each of several inputs is a layer without
        work, which reads its part of the whole input.
    allow_uncounted : bool
        Whether operators of unknown work may count as zero work although they read and write more
        than 5 % of the bytes that all layers do.

    Raises
    ------
    InputError
        If the file cannot be read, has a cycle or an unknown shape, or an input is not given as it
        must be; the message names the node or input.

    Warns
    -----
    UserWarning
        Lists the operators that edgeopt does not know, which count as zero work, with their share
        of the layers and bytes; and parameters that no layer reads, which do not count.

    Examples
    --------
    See `load_network`, which reads a file whose name ends in ``.onnx``.
    """
    return read_onnx(path, inputs=inputs, allow_uncounted=allow_uncounted).profile


class OnnxNetwork(NamedTuple):
    """A network, the model (onnx.ModelProto) that it was read from, and the layer of each tensor.

    The input of the network is layer -1, or a layer for each of several inputs. Tensors that depend
    on constants and sizes alone have no layer. Weights stored beside the file are not in the model.
    """

    profile: Profile
    model: Any
    layers: dict[str, int]


def read_onnx(
    path: str | Path, *, inputs: Given | None = None, allow_uncounted: bool = False
) -> OnnxNetwork:
    """Return what `from_onnx` reads; arguments and errors are the same."""
    path = check_file("path", path)
    model = load_model(path, inputs or {})
    graph = model.graph
    sources = [str(value.name) for value in graph_inputs(graph)]
    if not sources:
        raise InputError(f"{path}: inputs", sources, "at least one tensor, initializers aside")
    layers = _Layers(Tensors(str(path), graph, sources), graph, sources)
    for node in graph.node:
        layers.read(node)
    layers.fuse_quantization()
    done = layers.done
    check_uncounted(str(path), done, layers.unknown, allowed=allow_uncounted)
    warn_uncounted(str(path), layers.uncounted())
    size = max(layers.tensors.element_bytes(name) for name in sources)
    profile = Profile(path.stem, layers.input_shape, tuple(done), cut_ends_of(done), size)
    return OnnxNetwork(profile, model, layers.makers)


class _Layers:
    """The layers read so far, the layer that makes each tensor, and the parameters counted."""

    def __init__(self, tensors: Tensors, graph: Any, sources: list[str]) -> None:
        self.tensors = tensors
        self.done: list[Layer] = []
        self.unknown: dict[int, list[str]] = {}
        self._quantized: list[int] = []
        self.makers = dict.fromkeys(sources, -1)
        self._reached = set(sources)
        self._names = Counter(node.name for node in graph.node)
        self._used = {name for node in graph.node for name in reads(node)}
        self._used |= {value.name for value in graph.output}
        self._parameters = _Parameters(tensors, graph)
        self.input_shape = self._read_inputs(sources)

    def _read_inputs(self, sources: list[str]) -> Shape:
        """Return the shape of the input; several inputs are one flat tensor and a layer each."""
        shapes = [self.tensors.per_sample(n, f"{self.tensors.path}: input {n}") for n in sources]
        if len(sources) == 1:
            return shapes[0]
        for name, shape in zip(sources, shapes, strict=True):
            self.makers[name] = len(self.done)
            label = "_".join(f"input:{name}".split())
            size = self.tensors.element_bytes(name)
            self.done.append(Layer(label, "identity", 0, 0, shape, (-1,), size))
        return (sum(map(math.prod, shapes)),)

    def read(self, node: Any) -> None:
        """Append the layers of a node, or note which constants it makes."""
        # The sizes of all tensors are known beforehand, and thus shapes are constants.
        if node.op_type in ("Shape", "Size"):
            return
        if self._reached.isdisjoint(reads(node)):
            self._parameters.derive(node)
            return
        self._reached.update(filter(None, node.output))
        if node.op_type == "DequantizeLinear" and node.input[0] in self.makers:
            self.makers[node.output[0]] = self.makers[node.input[0]]
        else:
            self._append(node)

    def _append(self, node: Any) -> None:
        """Append one layer for each output of `node` in use; the first of them has all the work."""
        label = self._label(node)
        place = f"{self.tensors.path}: node {label}"
        sources = tuple(dict.fromkeys(self.makers[n] for n in reads(node) if n in self.makers))
        unknown: list[str] = []
        macs = node_macs(node, self.tensors, place, unknown) // self.tensors.batch
        kind = KINDS.get(operator(node), "other")
        work = (macs, *self._parameters.count(node))
        for i, name in enumerate(name for name in node.output if name in self._used):
            shape = self.tensors.per_sample(name, place)
            # The work of a node with several outputs counts once.
            count, parameters, stored = (0, 0, 0) if i else work
            self.makers[name] = len(self.done)
            layer = Layer(
                *(f"{label}:{i}" if i else label, kind, count, parameters, shape, sources),
                element_bytes=self.tensors.element_bytes(name),
                parameter_bytes=None if stored == FLOAT32 * parameters else stored,
            )
            if unknown and not i:
                self.unknown[len(self.done)] = unknown
            if node.op_type == "QuantizeLinear":
                self._quantized.append(len(self.done))
            self.done.append(layer)

    def fuse_quantization(self) -> None:
        """Give the type of a quantized tensor to the layers of which only it is made."""
        readers = Counter(source for layer in self.done for source in layer.inputs)
        for i in self._quantized:
            made, size = i, self.done[i].element_bytes
            # up through layers in place to the one that the runtime fuses with the quantization
            while self.done[made].is_in_place and len(self.done[made].inputs) == 1:
                made = self.done[made].inputs[0]
                if made < 0 or readers[made] > 1:
                    break
                self.done[made] = replace(self.done[made], element_bytes=size)

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

    def count(self, node: Any) -> tuple[int, int]:
        """Return the parameters that a node reads and no earlier one has read, and their bytes."""
        total = stored = 0
        # A shared constant must count once.
        for name in sorted(self._read(node) - self._counted):
            self._counted.add(name)
            number = self._tensors.parameters(name)
            total += number
            stored += number * self._tensors.element_bytes(name)
        for body in bodies(node):
            number, size = self._inside(body, self._tensors)
            total, stored = total + number, stored + size
        return total, stored

    def left(self) -> dict[str, int]:
        """Return the sizes of what is neither counted nor known to be no parameter, by name."""
        return {name: self._tensors.parameters(name) for name in sorted(self._all - self._counted)}

    def _read(self, node: Any) -> set[str]:
        """Return the origins of the constants that a node reads as parameters."""
        skipped = NOT_PARAMETERS.get(node.op_type, ())
        self._all -= {node.input[i] for i in skipped if i < len(node.input)}
        names = set(reads(node)) - {node.input[i] for i in skipped if i < len(node.input)}
        return {origin for name in names for origin in self._origins.get(name, ())}

    def _inside(self, body: Any, outer: Tensors) -> tuple[int, int]:
        """Return number and bytes of the parameters among the constants of a body itself."""
        tensors = outer.inside(body)
        made = [node.output[0] for node in body.node if node.op_type == "Constant"]
        names = [each.name for each in body.initializer] + made
        total = sum(tensors.parameters(name) for name in names)
        stored = sum(tensors.parameters(name) * tensors.element_bytes(name) for name in names)
        for inner in (inner for node in body.node for inner in bodies(node)):
            number, size = self._inside(inner, tensors)
            total, stored = total + number, stored + size
        return total, stored
