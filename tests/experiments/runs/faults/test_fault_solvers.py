"""Solvers that misbehave: each costs its own cells, and those alone."""

import sys
import time
from pathlib import Path

import pytest
from fault_sweep import write_sweep
from processes import is_running

from edgeopt.experiments.runs.files import journal_rows, journals
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.sweep.config import read_config

pytestmark = [pytest.mark.faults, pytest.mark.long]

FAULTS = {
    "raises": ("raise ValueError('boom')", "ValueError: boom"),
    "exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "nan": ("return [float('nan')] * problem.tasks", "must be"),
    "too-short": ("return [0]", "must be"),
    "no-such-node": ("return [problem.nodes] * problem.tasks", "must be"),
    "nothing": ("return None", "must be"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_row(tmp_path: Path, name: str):
    body, message = FAULTS[name]
    path = write_sweep(tmp_path, f"def own(problem, rng):\n    {body}\n", repetitions=2)
    cells = run_sweep(read_config(path), tmp_path / "out").set_index("solver")
    assert cells.loc["mct", "status"].eq("finished").all()
    assert cells.loc["own", "status"].eq("failed").all()
    assert cells.loc["own", "error"].str.contains(message).all()
    assert cells.loc["own", "makespan"].isna().all()


def test_an_infeasible_assignment_is_found_by_the_checker(tmp_path: Path):
    path = write_sweep(tmp_path, "def own(problem, rng): return [0] * problem.tasks\n")
    path.write_text(path.read_text().replace("braun:u_c_hihi:8x3", "paper:40x5:seed=0"))
    cells = run_sweep(read_config(path), tmp_path / "out").set_index("solver")
    assert cells.loc["own", "error"].str.contains("exceeds the memory capacity of a node").all()
    assert cells.loc["mct", "status"].eq("finished").all()


PYTHON_LOOP = """
def own(problem, rng):
    while problem.tasks > 2:
        pass
    return [0] * problem.tasks
"""
COMPILED_LOOP = """
import numba

@numba.njit
def spin(tasks):
    count = 0
    while tasks > 2:
        count += 1
        if count < 0:
            break
    return count

def own(problem, rng):
    spin(problem.tasks)
    return [0] * problem.tasks
"""


@pytest.mark.parametrize("code", [PYTHON_LOOP, COMPILED_LOOP], ids=["python", "compiled"])
def test_a_cell_beyond_its_time_limit_is_ended(tmp_path: Path, code: str):
    path = write_sweep(tmp_path, code, repetitions=1, more="time_limit = 0.3")
    cells = run_sweep(read_config(path), tmp_path / "out").set_index("solver")
    assert cells.loc["mct", "status"] == "finished"
    assert cells.loc["own", "error"] == "time limit of 0.3 s"
    assert 0.3 <= cells.loc["own", "cell_seconds"] <= 5.0


def test_a_loop_in_the_warm_up_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("edgeopt.experiments.runs.pool.FOREIGN_WARM_UP_SECONDS", 0.5)
    code = "def own(problem, rng):\n    while True: pass\n"
    path = write_sweep(tmp_path, code, repetitions=3, more="time_limit = 0.5")
    cells = run_sweep(read_config(path), tmp_path / "out").set_index("solver")
    assert cells.loc["mct", "status"].eq("finished").all()
    assert cells.loc["own", "error"].str.contains("time limit of 0.5 s: its warm-up").all()
    assert cells.loc["own", "cell_seconds"].sum() < 6.0  # it is tried once


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cell_that_kills_its_worker_fails_once_and_for_all(tmp_path: Path, jobs: int):
    code = "import os\ndef own(problem, rng): os._exit(5)\n"
    path = write_sweep(tmp_path, code, repetitions=1)
    out = tmp_path / "out"
    cells = run_sweep(read_config(path), out, jobs=jobs).set_index("solver")
    assert cells["status"].to_dict() == {"mct": "finished", "own": "failed"}
    assert cells.loc["own", "error"] == "its worker process died 2 times, exit code 5"
    part = next((out / "cells").iterdir()).read_bytes()
    run_sweep(read_config(path), out, jobs=2)
    assert next((out / "cells").iterdir()).read_bytes() == part
    assert [row for journal in journals(out) for row in journal_rows(journal)] == []


FORKS = """
import os, time
from pathlib import Path

def own(problem, rng):
    if problem.tasks > 2:
        child = os.fork()
        if child == 0:
            time.sleep(300)
        with Path("children").open("a") as file:
            print(child, file=file)
        {then}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
@pytest.mark.parametrize(
    ("then", "error"),
    [
        ("os._exit(5)", "its worker process died 2 times, exit code 5"),
        ("time.sleep(300)", "time limit of 1 s"),
    ],
    ids=["dies", "hangs"],
)
def test_processes_of_a_solver_neither_hide_its_end_nor_survive_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str, error: str
):
    monkeypatch.chdir(tmp_path)  # they hold the pipe of the worker open
    limit = "time_limit = 1.0" if "limit" in error else ""
    path = write_sweep(tmp_path, FORKS.format(then=then), repetitions=1, more=limit)
    cells = run_sweep(read_config(path), tmp_path / "out", jobs=2).set_index("solver")
    assert cells.loc["own", "error"] == error
    children = [int(line) for line in (tmp_path / "children").read_text().split()]
    assert children
    deadline = time.monotonic() + 10
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_running, children))
