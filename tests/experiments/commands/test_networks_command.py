"""`edgeopt networks` and `edgeopt devices`, and the table of all cuts of `edgeopt offload`."""

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edgeopt.experiments.commands.networks import devices_command, networks_command
from edgeopt.experiments.commands.offload import offload_command
from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_csv import to_csv
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.load import NETWORKS, load_network
from edgeopt.problems.systems.load import device_names, parse_system


def run(command, *arguments: str) -> str:
    """Run a command and return what it prints; errors come out as they are."""
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


def test_every_network_has_its_work_and_a_source():
    text = run(networks_command)
    assert all(f"{name}: input" in text for name in NETWORKS)
    assert "alexnet: input 3x224x224, 8 cuts, 714.2 million MACs" in text
    assert "CVPR 2016" in " ".join(text.split())


def test_one_network_as_text_and_table(tmp_path: Path):
    path = tmp_path / "mine.csv"
    text = run(networks_command, "alexnet", "--csv", str(path))
    assert text.splitlines()[0].startswith("alexnet: input 3x224x224, 8 cuts")
    names = [line.split()[1] for line in text.splitlines()[2:]]
    assert names == [*load_network("alexnet").cut_names]
    assert load_network(str(path)).layers == load_network("alexnet").layers


def test_measured_times_and_estimates_are_shown(tmp_path: Path):
    network = load_network("alexnet")
    marks = [layer.name == "pool2" for layer in network.layers]
    times = LayerTimes([2e-3] * len(marks), estimated=marks)
    to_csv(replace(network, measured={"pi": times}), tmp_path / "net.csv")
    lines = run(networks_command, str(tmp_path / "net.csv")).splitlines()
    at = lines.index("Measured time since the last cut in ms (~: estimated, at least in part):")
    assert [line.split() for line in lines[at + 2 : at + 5]] == [
        ["1", "conv1", "2"], ["2", "conv2", "4"], ["3", "conv3", "~4"],
    ]  # fmt: skip
    words = "1 of 12 layers were not measured on pi and are estimated, 8% of the time"
    assert lines[-1] == f"pi: 24 ms; {words}"
    arguments = ("--network", str(tmp_path / "net.csv"), "--set", "pool.times=pi")
    assert f"Note: {words}." in run(offload_command, *arguments)


def test_every_device_has_a_source_and_can_be_pasted():
    text = run(devices_command)
    for name in device_names():
        assert f"\n{name}: " in text
        table = tomllib.loads(run(devices_command, name))
        rest = {
            "cloud": {"device": "nvidia_t4"},
            "link": {"network": "lte"},
            "uplink": {"network": "wifi"},
            "tasks": {"arrival_hz": 1.0, "deadline_s": 1.0},
        }
        system = parse_system(table | rest)
        assert system.pool.devices[0].name == name
        assert system.cloud.flops == 8.1e12
    with pytest.raises(InputError, match="device: got 'abacus'"):
        run(devices_command, "abacus")


ALEXNET = ("--network", "alexnet", "--system", "pi_lte", "--objective", "delay")


def test_the_table_of_all_cuts_in_three_forms(tmp_path: Path):
    path = tmp_path / "cuts.csv"
    report = json.loads(run(offload_command, *ALEXNET, "--table", "--json", "--csv", str(path)))
    text = run(offload_command, *ALEXNET, "--table")
    assert [row["cut"] for row in report["cuts"]] == list(range(9))
    assert report["cuts"][report["cut"]]["delay_s"] == report["delay_s"]
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["name"] for row in rows] == [row["name"] for row in report["cuts"]]
    for row, one in zip(rows, report["cuts"], strict=True):
        assert float(row["delay_s"]) == pytest.approx(one["delay_s"] or float("inf"), rel=1e-5)
    assert "input: all in the cloud" in text
    assert "fc8: all on the edge" in text


def test_a_given_cut_is_evaluated():
    report = json.loads(run(offload_command, *ALEXNET, "--cut", "3", "--json", "--table"))
    assert (report["cut"], report["method"]) == (3, "given")
    assert report["delay_s"] == report["cuts"][3]["delay_s"]
    assert report["optimal_cut"] == 8
    assert "The optimum is cut 8" in run(offload_command, *ALEXNET, "--cut", "3")
    assert "cut 0 of 8 (input: all in the cloud)" in run(offload_command, *ALEXNET, "--cut", "0")


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("cut", ("--cut", "9")),
        ("cut", ("--cut", "-1")),
        ("method", ("--cut", "1", "--method", "kkt")),
    ],
)
def test_a_cut_that_does_not_exist_is_refused(field: str, options: tuple):
    with pytest.raises(InputError) as caught:
        run(offload_command, *ALEXNET, *options)
    assert caught.value.field == field
