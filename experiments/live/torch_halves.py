"""Parts of a PyTorch module, exported and run by torch.export."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.live.half import Arrays, Half, Roles, TensorType, roles_of
from edgeopt.experiments.profiling.torch_runs import torch_threads
from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.files import write_atomically
from edgeopt.problems.networks.from_torch import NodeLayers

SUFFIX = ".pt2"

_NOTES = "edgeopt.json"
"""Name, within a file, of the roles of its outputs and the names of its tensors."""


class ModuleGraph:
    """The exported graph of a module, from which parts are taken; see `PartGraph`.

    Parameters
    ----------
    read : NodeLayers
        What was read from the module.

    Raises
    ------
    InputError
        If it was not exported, but traced.
    """

    suffix = SUFFIX

    def __init__(self, read: NodeLayers) -> None:
        if read.graph.program is None:
            rule = "one that torch.export can export, to be written as files"
            raise InputError("module", read.profile.name, rule)
        self._torch = import_extra("torch", "torch")
        self._fx = import_extra("torch.fx", "torch")
        self._module = read.graph.program.module()
        self._nodes = [*self._module.graph.nodes]
        names = [node.name for node in read.graph.inputs]
        inputs = {node.target: node for node in self._nodes if node.op == "placeholder"}
        self.sources = [inputs[name] for name in names]
        self.results = self._find_results()
        self._end = len(read.profile.layers)
        self._places = {inputs[name]: read.layers.get(name, -1) for name in names}
        # names may differ between the two graphs, the order does not
        pairs = zip(_calls(read.graph.program.graph.nodes), _calls(self._nodes), strict=False)
        for old, node in pairs:
            if old.name in read.layers:
                self._places[node] = read.layers[old.name]
        for node in self._nodes:
            # the tensors of a tuple are made where the tuple is
            if _is_item(node) and node.args[0] in self._places:
                self._places[node] = self._places[node.args[0]]

    def _find_results(self) -> list[Any]:
        """Return the tensors that the module returns, in order."""
        found: list[Any] = []
        self._fx.node.map_arg(self._nodes[-1].args, found.append)
        return [node for node in found if hasattr(node.meta.get("val"), "dtype")]

    def place(self, node: Any) -> int:
        """Return the layer of a node; constants come after all layers."""
        return int(self._places.get(node, self._end))

    def type_of(self, node: Any) -> TensorType:
        """Return the type of the tensor of a node."""
        return _type_of(node)

    def crossing(self, end: int, wanted: list[Any]) -> list[Any]:
        """Return the nodes before layer `end` of which the wanted ones are computed."""
        _, found = self._walk(
            wanted, lambda node: self.place(node) < end and hasattr(node.meta["val"], "dtype")
        )
        return [node for node in self._nodes if node in found]

    def _walk(
        self, wanted: list[Any], is_given: Callable[[Any], bool]
    ) -> tuple[set[Any], set[Any]]:
        """Return the nodes that compute the wanted ones, and the nodes given to them."""
        nodes, given, todo = set[Any](), set[Any](), [*wanted]
        while todo:
            node = todo.pop()
            if is_given(node):
                given.add(node)
            elif node not in nodes:
                nodes.add(node)
                todo += node.all_input_nodes
        return nodes, given

    def write(self, path: Path, given: list[Any], wanted: list[Any], roles: Roles) -> Path:
        """Write the part that computes nodes from given ones."""
        torch, part = self._torch, self._fx.Graph()
        made = {node: part.placeholder(node.name) for node in given}
        chosen, _ = self._walk(wanted, made.__contains__)
        for node in self._nodes:
            if node in chosen:
                made[node] = part.node_copy(node, made.__getitem__)
        clone, results = torch.ops.aten.clone.default, []
        for i, node in enumerate(wanted):
            # what the part only passes on, or returns twice, is copied
            is_own = node in chosen and node.op != "get_attr" and node not in wanted[:i]
            results.append(made[node] if is_own else part.call_function(clone, (made[node],)))
        part.output(tuple(results))
        module = self._fx.GraphModule(self._module, part)
        return _save(path, module, [*map(_type_of, given)], [*map(_type_of, wanted)], roles)


def _calls(nodes: Iterable[Any]) -> list[Any]:
    return [node for node in nodes if node.op == "call_function"]


def _is_item(node: Any) -> bool:
    return getattr(node.target, "__name__", "") == "getitem"


def _type_of(node: Any) -> TensorType:
    """Return the type of the tensor of a node."""
    value = node.meta["val"]
    name = node.target if node.op == "placeholder" else node.name
    return TensorType(name, str(value.dtype).removeprefix("torch."), tuple(value.shape))


def _save(
    path: Path, module: Any, given: list[TensorType], wanted: list[TensorType], roles: Roles
) -> Path:
    """Export and write a module of tensors, with the roles of its outputs."""
    torch = import_extra("torch", "torch")
    examples = tuple(torch.zeros(kind.shape, dtype=getattr(torch, kind.dtype)) for kind in given)
    notes = {"roles": roles.text(), "inputs": given, "outputs": wanted}
    content = io.BytesIO()
    with _quiet():
        try:
            program = torch.export.export(module.eval(), examples, strict=False)
            torch.export.save(program, content, extra_files={_NOTES: json.dumps(notes)})
        except Exception as error:  # the user's operators may raise anything
            rule = f"one whose halves torch.export can save ({' '.join(str(error).split())})"
            raise InputError("module", path.stem, rule) from None
    write_atomically(path, content.getvalue())
    return path


@contextmanager
def _quiet() -> Iterator[None]:
    """Do without the warnings of the export."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# Running.


def load_torch(path: Path, threads: int) -> Half:
    """Load a file that torch.export wrote, see `load_half`."""
    torch = import_extra("torch", "torch")
    extra = {_NOTES: ""}
    try:
        with _quiet():
            module = torch.export.load(str(path), extra_files=extra).module()
        notes = json.loads(extra[_NOTES])
        inputs, outputs = (
            tuple(TensorType(name, dtype, tuple(shape)) for name, dtype, shape in notes[key])
            for key in ("inputs", "outputs")
        )
    except Exception as error:  # of PyTorch, which has many
        rule = f"a file of split_network ({' '.join(str(error).split())})"
        raise InputError("file", str(path), rule) from None
    roles = roles_of(notes["roles"], len(outputs))

    def run(arrays: Arrays) -> Arrays:
        # operators may write to their input
        tensors = [torch.from_numpy(np.array(each)) for each in arrays]
        with torch_threads(threads), torch.inference_mode():
            return [each.numpy() for each in module(*tensors)]

    return Half(inputs, outputs, roles.crossing, roles.results, run)


def run_torch(module: Any, arrays: Arrays, example: Any) -> Arrays:
    """Run a module on arrays in place of the tensors of an example, if there is one."""
    torch = import_extra("torch", "torch")
    pytree = import_extra("torch.utils._pytree", "torch")
    tensors = iter([torch.from_numpy(np.array(each)) for each in arrays])
    given = tuple(tensors) if example is None else example
    if example is not None:
        given = pytree.tree_map(
            lambda x: next(tensors) if isinstance(x, torch.Tensor) else x, given
        )
    is_training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            found = module(**given) if isinstance(given, Mapping) else module(*given)
    finally:
        module.train(is_training)
    return [each.numpy() for each in pytree.tree_leaves(found) if isinstance(each, torch.Tensor)]


# Exits.


def write_torch_exit(
    path: Path,
    inputs: tuple[TensorType, ...],
    result: TensorType,
    weights: tuple[np.ndarray, np.ndarray],
    shapes: list[tuple[int, int, int]],
) -> Path:
    """Write an exit; the arguments are those of `write_onnx_exit`."""
    torch = import_extra("torch", "torch")

    class Exit(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias = (torch.nn.Parameter(torch.from_numpy(w)) for w in weights)

        def forward(self, *maps: Any) -> Any:
            floats = [each.float().reshape(shape) for each, shape in zip(maps, shapes, strict=True)]
            scores = torch.cat([each.mean(2) for each in floats], 1) @ self.weight + self.bias
            return (scores.reshape(result.shape).to(getattr(torch, result.dtype)),)

    return _save(path, Exit(), [*inputs], [result._replace(name="exit")], Roles(0, (0,)))
