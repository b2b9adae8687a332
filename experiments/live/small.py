"""A small network for runs that take a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from edgeopt.problems.errors import import_extra
from edgeopt.problems.files import write_atomically

_INPUT = (1, 3, 128, 128)

_CLASSES = 10

_CONVOLUTIONS = ((16, 2), (32, 1), (32, 1), (32, 1), (48, 2), (48, 1), (64, 2))
"""Channels and stride of each, of 3 x 3."""

_RESIDUAL = {3: 1}
"""Convolutions to which the result of an earlier one is added."""


def small_network(path: str | Path, *, rng: Generator | int = 1) -> Path:
    """Write a small residual network: 7 convolutions and a matrix product, 26 million MACs.

    An inference takes some milliseconds on a core. The weights are random, and thus the network
    does not classify.

    Parameters
    ----------
    path : str or Path
        The file, of ONNX.
    rng : Generator or int
        Source of the weights, or its seed.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> from edgeopt import load_network
    >>> from edgeopt.experiments.live import small_network
    >>> load_network(str(small_network("small.onnx"))).depth
    8
    """
    onnx = import_extra("onnx", "onnx")
    helper, rng = onnx.helper, np.random.default_rng(rng)
    nodes: list[Any] = []
    weights: list[Any] = []
    channels, maps = _INPUT[1], ["input"]

    def constant(name: str, *shape: int) -> str:
        values = rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[1:])), shape).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(values, name))
        return name

    for i, (made, stride) in enumerate(_CONVOLUTIONS):
        weight, last = constant(f"weight{i}", made, channels, 3, 3), f"conv{i}"
        sizes = {"pads": [1] * 4, "strides": [stride] * 2, "kernel_shape": [3, 3]}
        nodes.append(helper.make_node("Conv", [maps[-1], weight], [last], f"conv{i}", **sizes))
        if i in _RESIDUAL:
            other = maps[_RESIDUAL[i] + 1]
            nodes.append(helper.make_node("Add", [last, other], [f"add{i}"], f"add{i}"))
            last = f"add{i}"
        nodes.append(helper.make_node("Relu", [last], [f"relu{i}"], f"relu{i}"))
        maps.append(f"relu{i}")
        channels = made
    nodes += [
        helper.make_node("GlobalAveragePool", [maps[-1]], ["pool"], "pool"),
        helper.make_node("Flatten", ["pool"], ["flatten"], "flatten"),
        helper.make_node(
            "Gemm", ["flatten", constant("weight", _CLASSES, channels)], ["scores"], "fc", transB=1
        ),
    ]
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", floats, _INPUT)],
        [helper.make_tensor_value_info("scores", floats, (1, _CLASSES))],
        weights,
    )
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="edgeopt")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, model.SerializeToString())
    return path
