"""Shapes and element types of the tensors of an ONNX graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.onnx_constants import COMPUTED
from edgeopt.problems.networks.onnx_graph import FLOAT_TYPES, Shape

_HALVES, _DOUBLES = {4, 5, 10, 16}, {7, 11, 13}
"""16 and 64 bits: (U)INT16, FLOAT16, BFLOAT16; INT64, DOUBLE, UINT64."""

_WORDS = {0, 1, 6, 8, 12, 14, 15}
"""32 bits: unknown, FLOAT, INT32, STRING, UINT32, and the complex types; the others have 8."""

_BYTE_TYPES = {2, 3}
"""TensorProto.UINT8 and INT8: weights after quantization."""


class Tensors:
    """Shapes of all tensors of an ONNX graph, and which of them can hold parameters.

    Parameters
    ----------
    path : str
        Name of the file, for messages.
    graph : onnx.GraphProto
        With inferred shapes.
    sources : sequence of str
        Names of the graph's inputs; their first axis is the batch if it is the same in all.

    Raises
    ------
    InputError
        If the shape of an input is not known.
    """

    def __init__(self, path: str, graph: Any, sources: Sequence[str]) -> None:
        self.path = path
        self.shapes: dict[str, Shape] = {}
        self._types: dict[str, int] = {}
        self._read(graph)
        shapes = [self.require(name, f"{path}: input {name}") for name in sources]
        # A single axis is that of the features.
        batches = {shape[0] if len(shape) > 1 else 1 for shape in shapes}
        self.batch = batches.pop() if len(batches) == 1 else 1

    def inside(self, body: Any) -> Tensors:
        """Return the tensors that the nodes of a body see."""
        inner = object.__new__(Tensors)
        inner.path, inner.batch = self.path, self.batch
        inner.shapes, inner._types = dict(self.shapes), dict(self._types)
        inner._read(body)
        return inner

    def is_known(self, name: str) -> bool:
        """Whether all sizes of a tensor are known."""
        shape = self.shapes.get(name)
        return shape is not None and all(isinstance(size, int) and size > 0 for size in shape)

    def element_bytes(self, name: str) -> int:
        """Return the bytes of an element of a tensor."""
        kind = self._types.get(name, 0)
        if kind in _WORDS:
            return 4
        return 2 if kind in _HALVES else 8 if kind in _DOUBLES else 1

    def require(self, name: str, place: str) -> Shape:
        """Return the shape, or raise `InputError` at `place` unless all sizes are known."""
        shape = self.shapes.get(name)
        if shape is None or not self.is_known(name):
            rule = (
                "a shape of known sizes >= 1; some need the value of an input, --input NAME=NUMBER"
            )
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
        is_weight = kind in FLOAT_TYPES or (kind in _BYTE_TYPES and len(shape or ()) > 1)
        if not is_weight or not shape or 0 in shape:
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
            kind = 0 if tensor.doc_string == COMPUTED else tensor.data_type
            self._put(tensor.name, tuple(tensor.dims), kind)

    def _put(self, name: str, axes: Any, element_type: int) -> None:
        self.shapes[name] = axes
        self._types[name] = element_type
