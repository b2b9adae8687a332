"""A live run of real processes on loopback: every task is answered once, and nothing stays."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

for package in ("zmq", "onnx", "onnxruntime"):
    pytest.importorskip(package, reason="extra live")

from processes import command_of, marked_processes

from edgeopt.experiments.live import run_live
from edgeopt.optim.framework.measures import MEASURES

SCENARIOS = Path(__file__).parents[3] / "experiments" / "scenarios"

HEAD = f"""
network = "{SCENARIOS / "small.csv"}"
system = "{SCENARIOS / "small-site.toml"}"
nodes = 2
tasks = 15
warm_up = 0.0
repetitions = 1
[settings]
uplink_counts = false
[edge]
uplink = "shared"
[link]
step_s = 0.2
round_trips_s = [0.01, 0.1]
[live]
slow_down = [10.0]
silence_s = 3.0
[streams.poisson]
rate_hz = 15.0
"""


pytestmark = [pytest.mark.long, pytest.mark.faults]

TOKEN = f"token of {os.getpid()}"


def left_processes():
    """Processes that are roles of the runs of this file."""
    commands = [command_of(pid) for pid in marked_processes("EDGEOPT_TOKEN", TOKEN)]
    return [command for command in commands if "--role" in command]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder, rows, lines and messages of a run of three schemes, one with changes of the pool."""
    folder = tmp_path_factory.mktemp("live")
    file = folder / "scenario.toml"
    file.write_text(
        HEAD
        + """
[schemes.cloud-only]
[schemes.dormant]
cut = 7
threshold = "fixed"
fixed_s = 0.05
[schemes.edge-only]
dispatch = { rule = "round-robin", changes = [
    { time_s = 0.2, node = 1, kind = "fail" }, { time_s = 0.5, node = 1, kind = "join" } ] }
"""
    )
    told = []
    table = run_live(file, folder / "out", token=TOKEN, tell=told.append)
    with (folder / "out" / "tasks.csv").open(encoding="utf-8") as lines:
        return folder / "out", table, list(csv.DictReader(lines)), told


def of(lines, scheme):
    """The lines of a scheme by task, which are different."""
    mine = {int(line["task"]): line for line in lines if line["scheme"] == scheme}
    assert len(mine) == sum(line["scheme"] == scheme for line in lines)
    return [mine[task] for task in range(15)]


def test_every_task_is_answered_once_and_no_process_stays(finished):
    _, table, lines, _ = finished
    assert left_processes() == []
    for scheme in ("cloud-only", "dormant", "edge-only"):
        assert all(float(line["delay_s"]) > 0 for line in of(lines, scheme))
    assert {line["dispatches"] for line in of(lines, "cloud-only")} == {"1"}
    assert table["failed"].tolist() == [0] * 6


def test_tasks_of_a_killed_node_are_computed_by_the_other(finished):
    _, _, lines, told = finished
    # Every second task goes to the node whose death is not noticed yet.
    again = [line for line in of(lines, "edge-only") if int(line["dispatches"]) > 1]
    assert "edge 1 lost" in told
    assert again
    assert {line["node"] for line in again} <= {"0", "1"}


def test_tasks_end_at_the_exit_while_the_measured_round_trip_is_long(finished):
    _, _, lines, _ = finished
    for line in of(lines, "dormant"):
        sleeps = float(line["round_trip_s"]) > 0.05
        parts = (line["edge_parts"], line["cloud_parts"], line["exit"])
        assert parts == (("0-7", "", "exit-7") if sleeps else ("0-7", "7-8", ""))
        assert (float(line["upload_bytes"]) == 0) == sleeps


def test_measured_and_simulated_have_the_same_columns(finished):
    folder, table, _, _ = finished
    assert table["side"].tolist() == ["measured"] * 3 + ["simulated"] * 3
    assert set(MEASURES) <= set(table.columns)
    assert np.isfinite(table[list(MEASURES)].to_numpy(float)).all()
    cloud = table[table["scheme"] == "cloud-only"]
    assert cloud["upload_bytes"].nunique() == 1
    assert {"summary.csv", "off.csv", "tasks.csv", "delays.png", "delays.pdf"} <= {
        path.name for path in folder.iterdir()
    }


def test_times_of_a_task_are_in_order(finished):
    _, _, lines, _ = finished
    order = ["arrival_s", "dispatch_s", "edge_end_s", "upload_start_s", "upload_end_s"]
    for line in of(lines, "cloud-only"):
        times = [float(line[name]) for name in [*order, "cloud_end_s"]]
        assert times == sorted(times)
        assert float(line["delay_s"]) >= times[-1] - times[0]
        # 196,608 byte and the header at 40 Mbit/s
        took_s = float(line["upload_end_s"]) - float(line["upload_start_s"])
        assert took_s == pytest.approx(0.0393728)
