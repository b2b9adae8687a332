"""The graph of an ONNX file: what each node reads, and an order of computation.

A node reads its inputs and, if it contains graphs (`If`, `Loop`, `Scan`), every outer tensor that
a node in one of them reads.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError

Shape = tuple[int, ...]

FLOAT_TYPES = {1, 10, 11, 16}
"""TensorProto.FLOAT, FLOAT16, DOUBLE and BFLOAT16."""


def bodies(node: Any) -> list[Any]:
    """Return the graphs that a node contains."""
    graphs = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return graphs + [graph for attribute in node.attribute for graph in attribute.graphs]


def reads(node: Any) -> tuple[str, ...]:
    """Return the tensors that a node reads, each once, those captured by its graphs included."""
    names = [name for name in node.input if name]
    for body in bodies(node):
        own = {value.name for value in body.input} | {each.name for each in body.initializer}
        own |= {name for inner in body.node for name in inner.output}
        inside = [name for inner in body.node for name in reads(inner)]
        inside += [value.name for value in body.output]
        names += [name for name in inside if name not in own]
    return tuple(dict.fromkeys(names))


def axes_of(value: Any) -> Any:
    """Return the axes of a tensor that a graph declares, to read or to change."""
    return value.type.tensor_type.shape.dim


def is_operator(node: Any, *names: str) -> bool:
    """Whether a node is one of these operators of ONNX itself."""
    return node.op_type in names and node.domain in ("", "ai.onnx")


def all_nodes(nodes: Any) -> Iterator[Any]:
    """Yield nodes and those of the graphs that they contain."""
    for node in nodes:
        yield node
        for body in bodies(node):
            yield from all_nodes(body.node)


def sort_nodes(path: Path, graph: Any) -> None:
    """Bring the nodes into an order of computation, that of the file where possible."""
    for node in graph.node:
        for body in bodies(node):
            sort_nodes(path, body)
    nodes = list(graph.node)
    maker = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    needs = {
        i: {maker[name] for name in reads(node) if name in maker} for i, node in enumerate(nodes)
    }
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " -> ".join(nodes[i].name or nodes[i].output[0] for i in reversed(error.args[1]))
        raise InputError(f"{path}: graph", cycle, "free of cycles") from None
    ready, order = list(sorter.get_ready()), []
    heapq.heapify(ready)
    while ready:
        order.append(heapq.heappop(ready))
        sorter.done(order[-1])
        for i in sorter.get_ready():
            heapq.heappush(ready, i)
    if order != sorted(order):
        set_nodes(graph, [nodes[i] for i in order])


def set_nodes(graph: Any, nodes: list[Any]) -> None:
    """Replace the nodes of a graph."""
    # Protobuf frees the nodes that it deletes: copy them first.
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
