"""Shapes of the tensors of an ONNX graph."""

from __future__ import annotations

import math
from typing import Any

from problems.errors import InputError, check_integer
from problems.offloading.onnx_operators import Shape

_FLOAT_TYPES = {1, 10, 11, 16}
"""TensorProto.FLOAT, FLOAT16, DOUBLE and BFLOAT16."""


class OnnxTensors:
    """Shapes of all tensors of an inferred ONNX graph, and which of them are floating-point.

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
        samples = first // self.batch
        return tuple(rest or [samples]) if samples == 1 else (samples, *rest)

    def parameters(self, name: str) -> int:
        """Return the elements of a constant that can be learnt: floating-point, not a scalar."""
        if name not in self._floats or not self.shapes[name]:
            return 0
        self.require(name, f"{self.path}: constant")
        return math.prod(self.shapes[name])

    def _put(self, name: str, axes: Any, element_type: int) -> None:
        self.shapes[name] = axes
        if element_type in _FLOAT_TYPES:
            self._floats.add(name)
