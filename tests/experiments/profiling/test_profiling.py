"""Times of layers on this machine: what they are added up from, and how they are written."""

import json
import sys
import warnings
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from edgeopt.experiments.commands.profile import profile_command
from edgeopt.experiments.profiling.estimated import estimate_network
from edgeopt.experiments.profiling.profile import MeasuredNetwork, profile_network, save_times
from edgeopt.experiments.profiling.runs import measure
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_csv import from_csv, to_csv
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.load import load_network

ALEXNET = load_network("alexnet")


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(profile_command)
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


@contextmanager
def quiet():
    """Times of microseconds need not add up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


class Counted:
    """Run i takes i seconds, its two layers i and 2 i."""

    def __init__(self) -> None:
        self.whole, self.layers = 0, []

    def run_whole(self) -> float:
        self.whole += 1
        assert len(self.layers) == self.whole - 1  # in turn
        return float(self.whole)

    def run_layers(self) -> None:
        self.layers.append([float(self.whole), 2.0 * self.whole])

    def layer_seconds(self) -> np.ndarray:
        return np.array(self.layers)


def test_medians_and_middle_halves_without_the_warm_up():
    found = measure(Counted(), warm_up=10, repetitions=5)  # runs 11 to 15
    assert found.seconds.tolist() == [13.0, 26.0]
    assert found.spread.tolist() == [2.0, 4.0]
    assert (found.whole_s, found.whole_spread_s, found.ratio) == (13.0, 2.0, 3.0)


# PyTorch.


def test_a_module_is_timed_layer_by_layer(tmp_path):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 2)
    )
    module.train()
    threads = torch.get_num_threads()
    with quiet():
        found = profile_network(module, input_shape=(3, 8, 8), device="x", repetitions=3)
    assert module.training
    assert torch.get_num_threads() == threads
    assert [layer.kind for layer in found.profile.layers] == ["conv", "identity", "fc"]
    assert (found.times.seconds > 0).all()
    assert found.whole_s > 0
    found.save(tmp_path / "net.csv")
    back = from_csv(tmp_path / "net.csv")
    assert back.measured["x"].seconds.tolist() == found.times.seconds.tolist()
    assert back.measured["x"].spread.tolist() == found.times.spread.tolist()


def test_a_module_of_a_file_and_what_is_no_module(tmp_path):
    pytest.importorskip("torch")
    code = "from torch import nn\nnet = nn.Linear(2, 2)\ndef make():\n    return net\nother = 3\n"
    (tmp_path / "mine.py").write_text(code)
    for name in ("net", "make"):
        with quiet():
            text = run(f"{tmp_path}/mine.py:{name}", "--input-shape", "2", "--device", "x")
        assert "Linear on x (torch, 1 thread, 30 runs)" in text
        assert "Sum of 1 layers" in text
    with pytest.raises(InputError, match=r"mine\.py: other: got 3, must be a torch.nn.Module"):
        run(f"{tmp_path}/mine.py:other", "--input-shape", "2")
    (tmp_path / "bad.py").write_text("1 / 0")
    with pytest.raises(InputError, match=r"^network: got .*bad\.py', must be a file that runs"):
        run(f"{tmp_path}/bad.py:net", "--input-shape", "2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet34",), "network: got 'resnet34', must be FILE.onnx, or FILE.py:NAME"),
        (("x.onnx", "--runtime", "torch"), "runtime: got 'torch', must be torch for a module"),
        (("x.onnx", "--runtime", "tflite"), "runtime: got 'tflite', must be one of torch, onnx"),
        (("x.onnx",), "network: got 'x.onnx', must be an existing file"),
        (("x.onnx", "--repetitions", "0"), "repetitions: got 0"),
        (("x.onnx", "--threads", "-1"), "threads: got -1"),
        (("x.onnx", "--device", "a b"), "device: got 'a b', must be a name without blanks"),
        (("x.onnx", "--input-shape", "3"), "input_shape: got .*must be left out"),
        (("x.py:a", "--input-shape", "0.5"), "--input-shape: got '0.5', must be of the form"),
        (("alexnet", "--like", "x.csv"), "--device: got None, must be given with --like"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        run(*arguments)


# ONNX Runtime, in whose place a module tells what it did.


@pytest.fixture
def model(tmp_path):
    """A convolution with batch norm and ReLU, a pooling, and a second convolution."""
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weight = numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), "w")
    one = numpy_helper.from_array(np.ones(3, np.float32), "one")
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="first"),
        helper.make_node("BatchNormalization", ["c", *["one"] * 4], ["b"], name="norm"),
        helper.make_node("Relu", ["b"], ["r"], name="relu"),
        helper.make_node("MaxPool", ["r"], ["p"], name="", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p", "w"], ["y"], name="second"),
    ]
    value = helper.make_tensor_value_info
    sizes = {"x": 8, "y": 4}
    ends = [value(name, 1, ["batch", 3, size, size]) for name, size in sizes.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weight, one])
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    return path


@pytest.fixture
def runtime(monkeypatch, tmp_path):
    """ONNX Runtime as far as it is used; its kernels are (name, operator, start, length in us)."""
    kernels: list[tuple[str, str, int, int]] = []

    class Session:
        runs = 0

        def __init__(self, path, options, providers):
            assert providers == ["CPUExecutionProvider"]
            assert options.intra_op_num_threads == 2

        def get_inputs(self):
            return [SimpleNamespace(name="x", shape=["batch", 3, 8, 8], type="tensor(float)")]

        def run(self, outputs, feeds):
            assert feeds["x"].shape == (1, 3, 8, 8)
            self.runs += 1

        def end_profiling(self):
            events = [{"cat": "Session", "name": "initialization", "ts": 0, "dur": 5}]
            for start in range(100, 100 + 1000 * self.runs, 1000):
                events.append({"cat": "Session", "name": "model_run", "ts": start, "dur": 900})
                events += [
                    {"cat": "Node", "name": f"{name}_kernel_time", "ts": start + at, "dur": us,
                     "args": {"op_name": operator}}
                    for name, operator, at, us in kernels
                ]  # fmt: skip
            path = tmp_path / "profile.json"
            path.write_text(json.dumps(events[::-1]))
            return str(path)

    module = SimpleNamespace(InferenceSession=Session, SessionOptions=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "onnxruntime", module)
    return kernels


@pytest.mark.parametrize("name", ["first", "r", "r_nchwc"])
def test_fused_kernels_have_the_time_of_their_main_layer(model, runtime, name):
    """By name of the node or, in another layout, of the tensor; an unknown one goes with it."""
    operator = "FusedConv" if name == "first" else "Conv"
    runtime += [(name, operator, 1, 100), ("", "ReorderOutput", 110, 7), ("p", "MaxPool", 120, 20),
                ("second", "Conv", 150, 40)]  # fmt: skip
    with pytest.warns(UserWarning, match="net: the layers take .* of the time of the network"):
        found = profile_network(str(model), threads=2, device="x", repetitions=4, warm_up=1)
    assert [layer.name for layer in found.profile.layers] == [
        "first", "norm", "relu", "MaxPool:p", "second",
    ]  # fmt: skip
    np.testing.assert_allclose(found.times.seconds * 1e6, [107, 0, 0, 20, 40])
    assert found.merged == 2
    assert found.times.spread.tolist() == [0.0] * 5


def test_kernels_inside_of_others_count_once(model, runtime):
    runtime += [("first", "Conv", 1, 100), ("second", "Conv", 30, 20), ("second", "Conv", 101, 9)]
    with pytest.warns(UserWarning, match="the layers take"):
        found = profile_network(str(model), "onnxruntime", threads=2, repetitions=3)
    np.testing.assert_allclose(found.times.seconds * 1e6, [100, 0, 0, 0, 9])


def test_without_the_runtime_one_line_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"must be installed: pip install 'edgeopt\[runtime\]'"):
        profile_network(str(model))


# Files.


def measured(**seconds: float) -> MeasuredNetwork:
    """AlexNet with equal times of all layers."""
    times = {name: LayerTimes([value] * 12) for name, value in seconds.items()}
    profile = replace(ALEXNET, measured=times)
    return MeasuredNetwork(profile, next(iter(seconds)), "torch", 1, 3, 1.0, 0.0, 0)


def test_devices_are_added_to_a_file_and_replaced(tmp_path):
    path = tmp_path / "net.csv"
    for found in (measured(a=1.0), measured(b=2.0), measured(a=3.0)):
        found.save(path)
    back = from_csv(path).measured
    assert {name: times.seconds[0] for name, times in back.items()} == {"a": 3.0, "b": 2.0}
    with pytest.raises(InputError, match="a network of 12 other layers"):
        save_times(load_network("alexnet:input=128"), path)
    assert from_csv(path).measured.keys() == {"a", "b"}


def test_whether_the_sum_agrees():
    found = measured(a=0.09)
    assert found.ratio == pytest.approx(1.08)
    assert found.agrees
    assert not replace(found, whole_s=0.9).agrees


# Estimates.


def test_a_network_takes_its_times_from_others(tmp_path):
    """Times that are a line of the work: AlexNet's give those of VGG-16."""
    vgg = load_network("vgg16")
    seconds = [1e-4 + 1e-11 * layer.macs for layer in ALEXNET.layers]
    to_csv(replace(ALEXNET, measured={"pi": LayerTimes(seconds)}), tmp_path / "alexnet.csv")
    text = run("vgg16", "--like", f"{tmp_path}/alexnet.csv", "--device", "pi", "--out",
               f"{tmp_path}/vgg.csv")  # fmt: skip
    assert "vgg16: 22 of 22 layers were not measured on pi and are estimated" in text
    assert text.splitlines()[2].split()[2].startswith("~")
    back = from_csv(tmp_path / "vgg.csv").measured["pi"]
    assert back.is_estimated.all()
    expected = [1e-4 + 1e-11 * layer.macs for layer in vgg.layers]
    np.testing.assert_allclose(back.seconds, expected, rtol=0.05)


def test_what_was_measured_is_kept():
    other = replace(ALEXNET, measured={"pi": LayerTimes(np.linspace(1.0, 2.0, 12))})
    own = LayerTimes([7.0] * 12, estimated=[i > 3 for i in range(12)])
    times = estimate_network(replace(ALEXNET, measured={"pi": own}), "pi", [other]).measured["pi"]
    assert times.seconds[:4].tolist() == [7.0] * 4
    assert times.is_estimated.tolist() == own.is_estimated.tolist()
    with pytest.raises(InputError, match="column of alexnet: got 'tx2', must be one of pi"):
        estimate_network(ALEXNET, "tx2", [other])
    with pytest.raises(InputError, match=r"measured: got .*, must be at least one network"):
        estimate_network(ALEXNET, "pi", [])
