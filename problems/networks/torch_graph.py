"""The graph of a PyTorch module, exported or else traced, with the value of each node."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from edgeopt.problems.errors import InputError, import_extra
from edgeopt.problems.networks.torch_operators import KINDS, WITH_WORK, operator_name

Example = Sequence[Any] | Mapping[str, Any]
"""Inputs of a module, by place or by name."""


@dataclass(frozen=True, eq=False)
class TorchGraph:
    """What a module computes.

    Parameters
    ----------
    module : torch.nn.Module
        The module whose parameters are read.
    nodes : tuple
        Of torch.fx, in order of execution.
    values : dict
        The value of each node; tensors have a shape and a type but no data.
    inputs : tuple
        Those of the nodes that are tensors given to the module.
    parameters : dict
        The parameter that a node stands for.
    program : torch.export.ExportedProgram or None
        What was exported; None if the module was traced.
    """

    module: Any
    nodes: tuple[Any, ...]
    values: dict[Any, Any]
    inputs: tuple[Any, ...]
    parameters: dict[Any, Any]
    program: Any = None


def trace_module(module: Any, shape: tuple[int, ...] | None, example: Example | None) -> TorchGraph:
    """Return the graph of a copy of `module` in evaluation mode; nothing is computed.

    Parameters
    ----------
    module : torch.nn.Module
        Does not change.
    shape : tuple of int or None
        Of the only input, without the batch axis.
    example : sequence or mapping of tensors, or None
        The inputs instead, batch axis included.

    Raises
    ------
    InputError
        If the module can neither be exported nor traced, or does not accept the input.
    """
    torch = import_extra("torch", "torch")
    given = _bound(torch, module, shape, example)
    # results, such as a pruned weight, cannot be copied as they are; the module makes them anew
    held = (value for each in module.modules() for value in vars(each).values())
    made = (value for value in held if isinstance(value, torch.Tensor) and not value.is_leaf)
    try:
        copied = copy.deepcopy(module, {id(value): value.detach() for value in made}).eval()
    except Exception as error:  # the user's code runs here and may raise anything
        rule = f"one that can be copied ({_line(error)})"
        raise InputError("module", type(module).__name__, rule) from error
    try:
        with _plain(torch):
            return _exported(torch, copied, given)
    except Exception as error:  # as above; symbolic tracing finds out whether the input is wrong
        return _traced(torch, module, copied, given, shape, _line(error))


def _bound(
    torch: Any, module: Any, shape: tuple[int, ...] | None, example: Example | None
) -> inspect.BoundArguments:
    """Return the arguments given to a module; raise `InputError` if they do not fit."""
    if example is None:
        floats = (each for each in module.parameters() if each.is_floating_point())
        like = next(floats, torch.empty(0))
        example = (torch.zeros(1, *(shape or ()), dtype=like.dtype, device=like.device),)
    _check_example(torch, example)
    placed, named = ((), example) if isinstance(example, Mapping) else (tuple(example), {})
    signature = inspect.signature(module.forward)
    try:
        return signature.bind(*placed, **named)
    except TypeError as error:
        rule = f"one that takes the inputs given ({error}); it reads {[*signature.parameters]}"
        raise InputError("module", type(module).__name__, rule) from error


def _check_example(torch: Any, example: Example) -> None:
    """Raise `InputError` unless these are the inputs of one sample."""
    if isinstance(example, torch.Tensor):
        raise InputError("example", "a tensor", "a sequence or mapping of tensors: (tensor,)")
    values = [*example.values()] if isinstance(example, Mapping) else [*example]
    for value in values:
        if _is_tensor(value) and not isinstance(value, torch.Tensor):
            raise InputError("example", type(value).__name__, "tensors of PyTorch")
    shapes = [tuple(value.shape) for value in values if _is_tensor(value) and value.dim() > 1]
    # time may come before the batch
    if shapes and not any(1 in each[: 2 if len(each) == _SEQUENCE else 1] for each in shapes):
        raise InputError("example", shapes, "of one sample: a batch axis of 1 comes first")


_SEQUENCE = 3  # axes: batch and time, in either order, and features


@contextmanager
def _plain(torch: Any) -> Iterator[None]:
    """Silence the warnings of the export, and do without operators that hide whole layers."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


# Export: arguments may be optional, and control flow may depend on sizes.


def _exported(torch: Any, module: Any, given: inspect.BoundArguments) -> TorchGraph:
    """Return the exported graph; raise any error if the module cannot be exported."""
    program = torch.export.export(module, given.args, given.kwargs, strict=False)
    _inline(torch, program.graph_module)
    if any(_writes_to_view(node) for node in program.graph.nodes):
        program = program.run_decompositions({})  # each write then makes a new tensor
    nodes = _without_unused(program.graph.nodes)
    values = {node: node.meta.get("val") for node in nodes}
    _check_sizes(values)
    signature = program.graph_signature
    parameters = dict(module.named_parameters(remove_duplicate=False))
    holders = {name: parameters[path] for name, path in signature.inputs_to_parameters.items()}
    own = set(signature.user_inputs)
    inputs = (node for node in nodes if node.op == "placeholder" and node.name in own)
    return TorchGraph(
        module,
        nodes,
        values,
        tuple(node for node in inputs if _is_tensor(values[node])),
        {node: holders[node.name] for node in nodes if node.name in holders},
        program,
    )


def _inline(torch: Any, module: Any) -> None:
    """Put the nodes of contexts, such as `torch.no_grad`, into the graph around them."""
    graph = module.graph
    for node in [*graph.nodes]:
        if not isinstance(node.target, torch._ops.HigherOrderOperator):
            continue
        place = next((i for i, arg in enumerate(node.args) if _is_body(arg)), None)
        if place is None or not str(node.target).startswith("wrap_with_"):
            raise NotImplementedError(f"{node.target} runs a graph of its own")
        body = module.get_submodule(node.args[place].target)
        _inline(torch, body)
        inner = (each for each in body.graph.nodes if each.op == "placeholder")
        with graph.inserting_before(node):
            results = graph.graph_copy(
                body.graph, dict(zip(inner, node.args[place + 1 :], strict=True))
            )
        for user in [*node.users]:
            user.replace_all_uses_with(results[user.args[1]])
            graph.erase_node(user)
        graph.erase_node(node)


def _is_body(argument: Any) -> bool:
    return getattr(argument, "op", "") == "get_attr"


def _writes_to_view(node: Any) -> bool:
    """Whether a node changes a tensor that later nodes read under another name."""
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable and not node.users


def _without_unused(nodes: Iterable[Any]) -> tuple[Any, ...]:
    """Return the nodes without those that have no work and whose results nothing reads."""
    # such as the averaged weights of an attention, or the last state of a recurrent layer
    used: set[Any] = set()
    for node in reversed([*nodes]):
        has_work = KINDS.get(operator_name(node.target), "conv") in WITH_WORK
        if node.op != "call_function" or has_work or not used.isdisjoint(node.users):
            used.add(node)
    return tuple(node for node in nodes if node in used)


def _check_sizes(values: dict[Any, Any]) -> None:
    """Raise an error if a size depends on the data."""
    for node, value in values.items():
        if _is_tensor(value) and not all(isinstance(size, int) for size in value.shape):
            raise ValueError(f"the shape of {node.name} depends on the data")


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape")


# Symbolic tracing.


def _traced(
    torch: Any,
    original: Any,
    module: Any,
    given: inspect.BoundArguments,
    shape: tuple[int, ...] | None,
    reason: str,
) -> TorchGraph:
    """Return the graph of a copied module by torch.fx; `reason` is why it is not exported."""
    fx = import_extra("torch.fx", "torch")
    omitted = {
        key: each.default
        for key, each in given.signature.parameters.items()
        if key not in given.arguments and each.default is not each.empty
    }
    try:
        traced = fx.symbolic_trace(module, concrete_args=omitted or None).to("meta")
    except Exception as error:  # the user's code runs here and may raise anything
        rule = f"traceable by torch.export ({reason}) or torch.fx ({_line(error)})"
        raise InputError("module", type(original).__name__, rule) from error
    nodes = tuple(traced.graph.nodes)
    values = _run(traced, given, shape, reason)
    inputs = (n for n in nodes if n.op == "placeholder" and n.target in given.arguments)
    named = dict(original.named_parameters(remove_duplicate=False))
    return TorchGraph(
        original,
        nodes,
        values,
        tuple(node for node in inputs if _is_tensor(values[node])),
        {node: named[node.target] for node in nodes if node.target in named},
    )


def _run(
    traced: Any, given: inspect.BoundArguments, shape: tuple[int, ...] | None, reason: str
) -> dict[Any, Any]:
    """Return the value of each node."""
    # torch.fx records operators without shapes: run the graph once to see them.
    fx = import_extra("torch.fx", "torch")
    values = {}
    meta = {
        key: each.to("meta") if _is_tensor(each) else each for key, each in given.arguments.items()
    }

    class Recorder(fx.Interpreter):  # type: ignore[name-defined, misc]
        def run_node(self, node: Any) -> Any:
            values[node] = super().run_node(node)
            return values[node]

        def placeholder(self, target: Any, args: Any, kwargs: Any) -> Any:
            return meta[target] if target in meta else super().placeholder(target, args, kwargs)

    try:
        Recorder(traced).run()
    except Exception as error:  # as above
        shapes = [tuple(each.shape) for each in meta.values() if _is_tensor(each)]
        field, got = ("example", shapes) if shape is None else ("input_shape", shape)
        rule = f"one that the module accepts ({_line(error)}; torch.export: {reason})"
        raise InputError(field, got, rule) from error
    return values


def _line(error: Exception) -> str:
    """Return what went wrong in one line, without the advice and traces of PyTorch."""
    return " ".join(str(error).partition("\n")[0].split()) or type(error).__name__
