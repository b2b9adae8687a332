"""The inputs of an ONNX graph: their sizes from the file, or from the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.networks.layers import check_shape
from edgeopt.problems.networks.onnx_graph import FLOAT_TYPES, axes_of, reads

Given = Mapping[str, tuple[int, ...] | float]
"""Sizes of inputs by name, batch axis included; of an input without axes, its value."""

_UNNAMED = {"", "?"}
"""Names of symbolic axes that say nothing."""


def graph_inputs(graph: Any) -> list[Any]:
    """Return the inputs that a node reads, without the initializers."""
    read = {name for node in graph.node for name in reads(node)}
    read -= {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name in read]


def set_inputs(path: Path, graph: Any, given: Given) -> None:
    """Give the inputs of a graph their sizes; an input without axes becomes a constant.

    A name that several axes share has one size in the whole file. An unknown first axis is the
    batch, 1 unless given.

    Parameters
    ----------
    path : Path
        For messages.
    graph : onnx.GraphProto
        Is changed.
    given : mapping
        See `Given`; ``input`` also names the only input with axes.

    Raises
    ------
    InputError
        If a name or the number of axes is wrong, two axes of one name differ, or a size is
        neither in the file nor given.
    """
    _open_negative(graph)
    values = {str(value.name): value for value in graph_inputs(graph)}
    sizes: dict[str, int] = {}
    for key, shape in given.items():
        value = _find(path, values, key)
        if axes_of(value) or not _is_declared(value):
            _set_sizes(f"{path}: input {value.name}", graph, value, shape, sizes)
        else:
            _set_value(f"{path}: input {value.name}", graph, value, shape)
    values = {str(value.name): value for value in graph_inputs(graph)}
    batches = [axis for value in values.values() for axis in axes_of(value)[:1]]
    # Protobuf gives a size that the file does not have as 0.
    open_batches = [axis for axis in batches if axis.dim_value < 1]
    named = {axis.dim_param for axis in open_batches} - _UNNAMED
    _set_named(graph, dict.fromkeys(named, 1) | sizes)
    for axis in open_batches:
        axis.dim_value = axis.dim_value if axis.dim_value > 0 else 1
    for value in values.values():
        _check_known(path, value)


def _open_negative(graph: Any) -> None:
    """Leave the sizes open that a file gives as -1, as PaddlePaddle does."""
    for value in [*graph.input, *graph.value_info, *graph.output]:
        for axis in axes_of(value):
            if axis.dim_value < 0:
                axis.ClearField("dim_value")


def _find(path: Path, values: dict[str, Any], key: str) -> Any:
    """Return the input of a name."""
    with_axes = [value for value in values.values() if axes_of(value)]
    if key not in values and key == "input" and len(with_axes) == 1:
        return with_axes[0]
    if key not in values:
        declared = ", ".join(f"{name} ({_text(value)})" for name, value in values.items())
        raise InputError(f"{path}: input", key, f"one of {declared}")
    return values[key]


def _is_declared(value: Any) -> bool:
    return bool(value.type.tensor_type.HasField("shape"))


def _set_sizes(
    place: str, graph: Any, value: Any, shape: tuple[int, ...] | float, sizes: dict[str, int]
) -> None:
    """Set the axes of one input, and note the sizes of named axes."""
    if not isinstance(shape, tuple):
        raise InputError(place, shape, f"sizes such as {_text(value)}")
    check_shape(place, shape)
    axes = axes_of(value)
    if _is_declared(value) and len(axes) != len(shape):
        raise InputError(place, shape, f"of {len(axes)} axes, {_text(value)}, batch included")
    for _ in range(len(shape) - len(axes)):
        axes.add()
    for axis, size in zip(axes, shape, strict=True):
        if axis.dim_value not in (0, size) and axis.dim_value > 0:
            _forget_shapes(graph)
        if axis.dim_param not in _UNNAMED and sizes.setdefault(axis.dim_param, size) != size:
            rule = f"{sizes[axis.dim_param]} at axis {axis.dim_param}, as elsewhere"
            raise InputError(place, shape, rule)
        axis.dim_value = size


def _forget_shapes(graph: Any) -> None:
    """Drop the sizes that the file gives for another size of an input."""
    del graph.value_info[:]
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")


def _set_value(place: str, graph: Any, value: Any, number: tuple[int, ...] | float) -> None:
    """Make an input without axes a constant, so that branches that depend on it are decided."""
    helper = import_extra("onnx.helper", "onnx")
    if isinstance(number, tuple) and len(number) != 1:
        raise InputError(place, number, "a number: the input has no axes")
    single = number[0] if isinstance(number, tuple) else number
    kind = value.type.tensor_type.elem_type
    try:
        if kind not in FLOAT_TYPES and single != int(single):
            raise ValueError
        graph.initializer.append(helper.make_tensor(value.name, kind, [], [single]))
    except (TypeError, ValueError, KeyError, OverflowError):
        raise InputError(place, single, "a number of the type of the input") from None


def _set_named(graph: Any, sizes: dict[str, int]) -> None:
    """Set all axes of the names in `sizes`."""
    for value in [*graph.input, *graph.value_info, *graph.output]:
        for axis in axes_of(value):
            if axis.dim_param in sizes:
                axis.dim_value = sizes[axis.dim_param]


def _check_known(path: Path, value: Any) -> None:
    """Raise `InputError` if a size of an input is not known, and say how to give it."""
    place = f"{path}: input {value.name}"
    if not _is_declared(value):
        rule = f"given its sizes, batch included: --input {value.name}=1x3x224x224"
        raise InputError(place, "no shape", rule)
    if not all(axis.dim_value > 0 for axis in axes_of(value)):
        shape = tuple(axis.dim_value or axis.dim_param or "?" for axis in axes_of(value))
        rule = f"given its sizes: --input {value.name}={_text(value)} with numbers only"
        raise InputError(place, shape, rule)


def _text(value: Any) -> str:
    """Return the declared sizes, e.g. ``1x3xheightx?``."""
    sizes = [str(axis.dim_param or max(axis.dim_value, 0) or "?") for axis in axes_of(value)]
    return "x".join(sizes) or "a number"
