"""Runs of a PyTorch module, operator by operator, on the graph that its profile comes from."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgeopt.experiments.profiling.runs import Clock
from edgeopt.problems.errors import FloatArray, import_extra
from edgeopt.problems.networks.from_torch import NodeLayers


class TorchRunner:
    """A module in evaluation mode, without gradients, on the CPU; see `Runner`.

    Parameters
    ----------
    module : torch.nn.Module
        Does not change.
    read : NodeLayers
        Its profile, and the layer of each node of the graph.
    arguments : tuple or mapping
        What the module is given.
    clock : callable
        Returns the time, s.
    """

    def __init__(
        self,
        module: Any,
        read: NodeLayers,
        arguments: tuple[Any, ...] | Mapping[str, Any],
        clock: Clock,
    ) -> None:
        self._torch = import_extra("torch", "torch")
        fx = import_extra("torch.fx", "torch")
        self._module = copy.deepcopy(module).eval()
        named = isinstance(arguments, Mapping)
        self._args = () if named else tuple(arguments)
        self._kwargs = dict(arguments) if named else {}
        program = read.graph.program
        graph = fx.symbolic_trace(self._module) if program is None else program.module()
        self._timed, self._clock = _timed(fx, graph, read.layers, clock), clock
        self._size = len(read.profile.layers)
        self._runs: list[FloatArray] = []

    def run_whole(self) -> float:
        """Run the module itself."""
        with self._torch.inference_mode():
            start = self._clock()
            self._module(*self._args, **self._kwargs)
            return self._clock() - start

    def run_layers(self) -> None:
        """Run the graph, and note the times."""
        self._timed.seconds = np.zeros(self._size)
        with self._torch.inference_mode():
            # keywords have the order of the module's arguments
            self._timed.run(*self._args, *self._kwargs.values())
        self._runs.append(self._timed.seconds)

    def layer_seconds(self) -> FloatArray:
        """Return the times noted."""
        return np.array(self._runs)


def _timed(fx: Any, graph: Any, layers: Mapping[str, int], clock: Clock) -> Any:
    """Return an interpreter of `graph` that adds the time of each node to that of its layer.

    A node that is no layer, such as one whose result is not used, belongs to the layer before.
    """

    class Timed(fx.Interpreter):  # type: ignore[misc]
        seconds: FloatArray
        place = 0

        def run_node(self, node: Any) -> Any:
            self.place = layers.get(node.name, self.place)
            return super().run_node(node)

        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            start = clock()
            value = target(*args, **kwargs)
            self.seconds[self.place] += clock() - start
            return value

        def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
            return self.call_function(self.fetch_attr(target), args, kwargs)

        def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
            return self.call_function(getattr(args[0], target), args[1:], kwargs)

        def run(self, *args: Any) -> Any:
            self.place = 0
            return super().run(*args)

    return Timed(graph)


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Have PyTorch use a number of threads."""
    torch = import_extra("torch", "torch")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
