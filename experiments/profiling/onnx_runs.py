"""Runs of an ONNX file in ONNX Runtime, whose profiler gives the time of each kernel."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.profiling.runs import Clock
from edgeopt.problems.errors import FloatArray, InputError, import_extra
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.onnx_inputs import Given

_KERNEL = "_kernel_time"

# What ONNX Runtime appends to the name of a node, or of its output, when it replaces the node.
_REPLACED = re.compile(r"(_(nchwc|nhwc|quant|transformed))+$")

ELEMENT_TYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(int16)": np.int16,
    "tensor(int8)": np.int8, "tensor(uint8)": np.uint8, "tensor(uint16)": np.uint16,
    "tensor(uint32)": np.uint32, "tensor(uint64)": np.uint64, "tensor(bool)": np.bool_,
}  # fmt: skip
"""Types of NumPy by the name that ONNX Runtime gives them."""


class OnnxRunner:
    """A file in two sessions of ONNX Runtime on the CPU, one of which is profiled; see `Runner`.

    Both optimise as ONNX Runtime does by default. A kernel of several fused nodes belongs to the
    layer of the node that it is named after, or to one of its own kind before that; what has no
    name, such as a change of the memory layout, to the kernel before.

    Parameters
    ----------
    path : Path
        The file.
    layers : sequence of Layer
        Those of `from_onnx`.
    inputs : mapping
        As for `from_onnx`.
    threads : int
        Threads of a kernel.
    clock : callable
        Returns the time, s; the profiler has its own.

    Raises
    ------
    InputError
        If ONNX Runtime is not installed, or cannot load or run the file.
    """

    def __init__(
        self, path: Path, layers: Sequence[Layer], inputs: Given, threads: int, clock: Clock
    ) -> None:
        runtime = import_extra("onnxruntime", "runtime")
        self._folder = tempfile.TemporaryDirectory()
        self._clock = clock
        self._size, self._places = len(layers), _Places(path, layers)
        try:
            self._plain = make_session(runtime, path, threads, None)
            self._profiled = make_session(runtime, path, threads, self._folder.name)
            self._feeds = {one.name: make_feed(one, inputs) for one in self._plain.get_inputs()}
            self._plain.run(None, self._feeds)
        except InputError:
            raise
        except Exception as error:  # of the runtime, which has many
            rule = f"a file that ONNX Runtime can run ({' '.join(str(error).split())})"
            raise InputError("network", str(path), rule) from None
        self.merged = 0

    def run_whole(self) -> float:
        """Run the session that is not profiled."""
        start = self._clock()
        self._plain.run(None, self._feeds)
        return self._clock() - start

    def run_layers(self) -> None:
        """Run the profiled session."""
        self._profiled.run(None, self._feeds)

    def layer_seconds(self) -> FloatArray:
        """Return the times of all profiled runs; `merged` counts layers without a kernel."""
        events = json.loads(Path(self._profiled.end_profiling()).read_text(encoding="utf-8"))
        self._folder.cleanup()
        events = sorted((e for e in events if "ts" in e), key=lambda e: (e["ts"], -e["dur"]))
        runs: list[FloatArray] = []
        place, end, seen = 0, -1, set[int]()
        for event in events:
            if event["name"] == "model_run":
                runs.append(np.zeros(self._size))
                place = 0
            elif runs and event["name"].endswith(_KERNEL) and event["ts"] >= end:
                # kernels inside of an If or Loop are a part of it
                end = event["ts"] + event["dur"]
                name = event["name"].removesuffix(_KERNEL)
                place = self._places.find(name, event["args"].get("op_name", ""), place)
                seen.add(place)
                runs[-1][place] += event["dur"] / 1e6
        self.merged = self._size - len(seen)
        return np.array(runs)


def make_session(runtime: Any, path: Path, threads: int, folder: str | None) -> Any:
    """Return a session, profiled if there is a folder for the profile."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    if folder is not None:
        options.enable_profiling = True
        options.profile_file_prefix = f"{folder}/run"
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def make_feed(declared: Any, inputs: Mapping[str, tuple[int, ...] | float]) -> Any:
    """Return a random tensor of floats, or zeros of another type, for an input."""
    kind = ELEMENT_TYPES.get(declared.type)
    if kind is None:
        raise InputError(f"input {declared.name}", declared.type, "a tensor of numbers")
    given = inputs.get(declared.name, inputs.get("input") if declared.shape else None)
    if isinstance(given, tuple):
        shape = given
    else:
        shape = tuple(size if isinstance(size, int) and size > 0 else 1 for size in declared.shape)
    if isinstance(given, int | float) and not declared.shape:
        return np.array(given, dtype=kind)
    if np.issubdtype(kind, np.floating):
        return np.random.default_rng(0).random(shape).astype(kind)
    return np.zeros(shape, dtype=kind)


class _Places:
    """The layer of each node of a file, and of each tensor that a node makes."""

    def __init__(self, path: Path, layers: Sequence[Layer]) -> None:
        onnx = import_extra("onnx", "onnx")
        self._layers = {layer.name: i for i, layer in enumerate(layers)}
        graph = onnx.load(str(path), load_external_data=False).graph
        self._nodes = {node.name: node for node in graph.node if node.name}
        self._makers = {name: node for node in graph.node for name in node.output if name}

    def find(self, name: str, operator: str, before: int) -> int:
        """Return the layer of a kernel, `before` where it is not known."""
        bare = _REPLACED.sub("", name)
        # In the layout nchwc, kernels are named after the tensor that they make.
        tables = (self._makers, self._nodes) if bare != name else (self._nodes, self._makers)
        found = [table[each] for each in (name, bare) for table in tables if each in table]
        if not found:
            return before
        node = self._like(found[0], operator.removeprefix("Fused")) or found[0]
        place = self._place(node)
        return before if place is None else place

    def _like(self, node: Any, operator: str) -> Any:
        """Return the node itself or the nearest one before it that has `operator`."""
        todo, seen = [node], set[int]()
        while todo:
            one = todo.pop(0)
            if one.op_type == operator:
                return one
            for tensor in one.input:
                maker = self._makers.get(tensor)
                if maker is not None and id(maker) not in seen and len(seen) < _FUSED:
                    seen.add(id(maker))
                    todo.append(maker)
        return None

    def _place(self, node: Any) -> int | None:
        """Return the layer of a node, None if it has none of its own."""
        label = "_".join(node.name.split())
        output = "_".join(f"{node.op_type}:{next(filter(None, node.output), '')}".split())
        for each in (label, f"{label}:0", output, f"{output}:0"):
            if each and each in self._layers:
                return self._layers[each]
        return None


_FUSED = 8  # nodes looked at for the one that a kernel of several stands for
