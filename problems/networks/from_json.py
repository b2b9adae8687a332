"""Layer graphs with measured times in JSON files, in the form of msr-fiddle/dnn-partitioning.

The form of the inputs of Tarnawski et al., "Efficient algorithms for device placement of DNN graph
operators", NeurIPS 2020: nodes with a time on a CPU and on an accelerator in milliseconds, and the
memory that they take; edges with the bytes that cross them.
"""

from __future__ import annotations

import heapq
import json
import math
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.problems.errors import InputError, check_integer, check_number
from edgeopt.problems.files import check_file, read_content
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.layers import FLOAT32, LARGEST_COUNT, Layer, check_shape
from edgeopt.problems.networks.profile import Profile

_TIMES = {"cpu": "cpuLatency", "accelerator": "fpgaLatency"}


def from_json(path: str | Path, input_shape: Sequence[int]) -> Profile:
    """Read a layer graph, whose times become the columns ``cpu`` and ``accelerator``.

    There is a cut after every layer; the work is not known, and thus 0. A sample is what the times
    were measured for, often a batch. Nodes that take no time and read none but such nodes are
    constants, whose size counts as parameters of their first reader; of another node it is that of
    its output and of its parameters.

    Parameters
    ----------
    path : str or Path
        The file; its stem names the network.
    input_shape : sequence of int
        Shape of the network's input, batch included, which the file does not have; elements are
        those of float32.

    Raises
    ------
    InputError
        If the file breaks its form, has backward nodes, a cycle or no layer, or an edge has no
        size.

    Warns
    -----
    UserWarning
        If the accelerator does not support all layers; then only the column ``cpu`` is there.

    Examples
    --------
    See `load_network`, which reads a file whose name ends in ``.json``.
    """
    path = check_file("path", path)
    shape = tuple(input_shape)
    check_shape("input_shape", shape)
    nodes, edges = _tables(path)
    readers = _readers(path, nodes, edges)
    order = _order(path, nodes, readers)
    graph = _Graph(path, nodes, edges)
    for key in order:
        graph.append(key)
    if not graph.done:
        raise InputError(f"{path}: nodes", len(nodes), "at least one that takes time")
    measured = {name: LayerTimes(np.array(seconds)) for name, seconds in graph.seconds.items()}
    if not all(node.get("supportedOnFpga", True) for node in nodes.values()):
        del measured["accelerator"]
        warnings.warn(f"{path}: the accelerator does not support all layers", stacklevel=2)
    ends = tuple(range(1, len(graph.done) + 1))
    return Profile(path.stem, shape, tuple(graph.done), ends, FLOAT32, measured)


def _tables(path: Path) -> tuple[dict[int, dict[str, Any]], list[dict[str, Any]]]:
    """Return the nodes by number, and the edges."""
    try:
        table = json.loads(read_content(path))
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), str(error), "JSON") from None
    parts = []
    for key in ("nodes", "edges"):
        rows = table.get(key) if isinstance(table, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"{path}: {key}", rows, "a list of objects")
        parts.append(rows)
    nodes: dict[int, dict[str, Any]] = {}
    for node in parts[0]:
        number = check_integer(f"{path}: node id", node.get("id"))
        if number in nodes:
            raise InputError(f"{path}: node id", number, "unique")
        if node.get("isBackwardNode"):
            raise InputError(f"{path}: node {number}", "a backward node", "one of an inference")
        nodes[number] = node
    return nodes, parts[1]


def _readers(
    path: Path, nodes: dict[int, dict[str, Any]], edges: list[dict[str, Any]]
) -> dict[int, list[int]]:
    """Return the nodes that read each node."""
    found: dict[int, list[int]] = {key: [] for key in nodes}
    for edge in edges:
        for end in ("sourceId", "destId"):
            if edge.get(end) not in nodes:
                raise InputError(f"{path}: edge {end}", edge.get(end), "the id of a node")
        found[edge["sourceId"]].append(edge["destId"])
    return found


def _order(
    path: Path, nodes: dict[int, dict[str, Any]], readers: dict[int, list[int]]
) -> list[int]:
    """Return the nodes in topological order, of several possible ones the lowest number first."""
    waits = dict.fromkeys(nodes, 0)
    for some in readers.values():
        for reader in some:
            waits[reader] += 1
    ready = [key for key, count in waits.items() if not count]
    heapq.heapify(ready)
    order = []
    while ready:
        order.append(heapq.heappop(ready))
        for reader in readers[order[-1]]:
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(nodes):
        raise InputError(f"{path}: edges", "a cycle", "without one")
    return order


class _Graph:
    """The layers read so far, the times of each, and the constants that no layer has read."""

    def __init__(
        self, path: Path, nodes: dict[int, dict[str, Any]], edges: list[dict[str, Any]]
    ) -> None:
        self.done: list[Layer] = []
        self.seconds: dict[str, list[float]] = {name: [] for name in _TIMES}
        self._path, self._nodes = path, nodes
        self._places: dict[int, int] = {}
        self._constants: dict[int, float] = {}
        self._sources: dict[int, list[int]] = {key: [] for key in nodes}
        self._output: dict[int, float] = {}
        self._names: set[str] = {"input"}
        for edge in edges:
            source = edge["sourceId"]
            self._sources[edge["destId"]].append(source)
            size = self._number(f"edge from {source}: size", edge.get("size"))
            self._output[source] = max(size, self._output.get(source, 0.0))

    def append(self, key: int) -> None:
        """Append the layer of a node, or note a constant."""
        node, place = self._nodes[key], f"node {key}"
        times = {name: self._number(f"{place}: {f}", node.get(f)) for name, f in _TIMES.items()}
        size = self._number(f"{place}: size", node.get("size"))
        sources = dict.fromkeys(self._sources[key])
        if not any(times.values()) and all(one in self._constants for one in sources):
            self._constants[key] = size + self._take(sources)
            return
        parameters = max(size - self._output.get(key, size), 0.0) + self._take(sources)
        read = tuple(self._places[one] for one in sources if one in self._places) or (-1,)
        self._places[key] = len(self.done)
        for name, value in times.items():
            self.seconds[name].append(value / 1e3)
        output = max(math.ceil(self._output.get(key, 0.0)), 1)
        whole = FLOAT32 if output % FLOAT32 == 0 else 1
        stored = math.ceil(parameters)
        counts = (0, stored // FLOAT32, (output // whole,), read)
        own = None if stored % FLOAT32 == 0 else stored
        self.done.append(Layer(self._name(key), "other", *counts, whole, own))

    def _take(self, sources: Iterable[int]) -> float:
        """Return the size of the constants among the sources that no other node has read."""
        taken = 0.0
        for one in sources:
            if one in self._constants:
                taken += self._constants[one]
                self._constants[one] = 0.0
        return taken

    def _name(self, key: int) -> str:
        """Return a unique name without blanks."""
        name = "_".join(str(self._nodes[key].get("name", "")).split())
        if not name or name in self._names:
            name = f"{name or 'node'}:{key}"
        self._names.add(name)
        return name

    def _number(self, place: str, value: Any) -> float:
        """Return a number of the file."""
        return check_number(f"{self._path}: {place}", value, at_least=0, at_most=LARGEST_COUNT)
