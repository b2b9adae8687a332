"""`edgeopt sweep` and `edgeopt plot` as a user runs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import read_cells
from edgeopt.experiments.sweep.config import read_config
from edgeopt.experiments.sweep.summary import summarize_sweep


def test_a_sweep_and_its_plots(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert (outcome.code, outcome.err) == (0, "")
    assert "written: out/cells, out/summary.csv" in outcome.out
    for name in ("mct", "atsa", "many-ants", "paper:20x3:seed=0", "times.csv"):
        assert name in outcome.out
    cells = pd.read_parquet(tmp_path / "out" / "cells")
    assert len(cells) == 18
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "out" / "summary.csv"), summarize_sweep(cells), check_dtype=False
    )
    plots = edgeopt("plot", "out")
    assert plots.code == 0
    files = plots.out.split()
    assert len(files) == 6
    assert all((tmp_path / file).stat().st_size > 1000 for file in files)


def test_the_same_command_again_says_the_same(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    first = edgeopt("sweep", "sweep.toml", "--out", "out")
    part = tmp_path / "out" / "cells" / "part-00000.parquet"
    table = part.read_bytes()
    assert edgeopt("sweep", "sweep.toml", "--out", "out", "--retry-failed") == first
    assert part.read_bytes() == table


def test_the_folder_of_another_sweep_is_left_alone(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    edgeopt("sweep", "sweep.toml", "--out", "out")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "other.toml").write_text(
        sweep_file.read_text().replace("repetitions = 3", "repetitions = 4")
    )
    outcome = edgeopt("sweep", "other.toml", "--out", "out")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "edgeopt: --out: got 'out', must be a new folder: this one holds another sweep\n"
    )
    (tmp_path / "other.toml").unlink()
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_failed_cells_are_said(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    (tmp_path / "own.py").write_text("def f(problem, rng): raise ValueError('boom')\n")
    sweep_file.write_text(sweep_file.read_text() + '[solvers.own]\nsolver = "own.py:f"\n')
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert outcome.code == 1
    assert "6 cells failed; their tracebacks are in out/cells" in outcome.out
    assert edgeopt("plot", "out").code == 0


SLOW = """
import os, time
def slow(problem, rng):
    time.sleep(0.2 if problem.tasks > 2 else 0)
    return [0] * problem.tasks
def deadly(problem, rng):
    if problem.tasks > 2:
        os._exit(3)
    return [0] * problem.tasks
"""


@pytest.fixture
def slow_sweep(tmp_path: Path) -> list[str]:
    """Return the command of a sweep of 4 s."""
    (tmp_path / "own.py").write_text(SLOW)
    (tmp_path / "own.toml").write_text(
        'problems = ["braun:8x3"]\nrepetitions = 20\nbudget = { iterations = 1 }\n'
        '[solvers.own]\nsolver = "own.py:slow"\n'
    )
    command = [sys.executable, "-m", "edgeopt.experiments.cli", "sweep", "own.toml"]
    return [*command, "--out", "out", "--jobs", "2"]


def test_an_interrupt_is_one_line_and_keeps_what_is_finished(slow_sweep: list[str], tmp_path: Path):
    process = subprocess.Popen(slow_sweep, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/journal/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.strip() == "edgeopt: interrupted; what is finished is kept"
    assert list(tmp_path.glob("out/journal/*.jsonl"))
    cells = run_sweep(read_config(tmp_path / "own.toml"), tmp_path / "out")
    assert cells["status"].tolist() == ["finished"] * 20


@pytest.mark.parametrize("delay", [0.3, 1.0, 1.5, 2.0])
def test_an_interrupt_of_all_processes_is_one_line(
    slow_sweep: list[str], tmp_path: Path, delay: float
):
    process = subprocess.Popen(
        slow_sweep, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not list(tmp_path.glob("out/sweep.json")):
        time.sleep(0.01)
    time.sleep(delay)  # while workers start, compile or run
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.strip() == "edgeopt: interrupted; what is finished is kept"


def test_a_worker_that_dies_costs_its_cell_alone(slow_sweep: list[str], tmp_path: Path):
    config = tmp_path / "own.toml"
    text = (
        config.read_text().replace("slow", "deadly").replace("repetitions = 20", "repetitions = 1")
    )
    config.write_text(text + "[solvers.mct]\n")
    done = subprocess.run(slow_sweep, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 cells failed" in done.stdout
    cells = read_cells(tmp_path / "out").set_index("solver")
    assert cells.loc["mct", "status"] == "finished"
    assert cells.loc["own", "error"] == "its worker process died 2 times, exit code 3"


def test_status_and_dry_run(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    assert edgeopt("sweep", "sweep.toml", "--dry-run").out == (
        "18 cells: 0 finished, 0 failed, 18 to run\n"
        "time left: unknown before the first cell is finished\n"
    )
    assert not (tmp_path / "out").exists()
    edgeopt("sweep", "sweep.toml", "--out", "out")
    finished = "18 cells: 18 finished, 0 failed, 0 to run\n"
    assert edgeopt("sweep", "--status", "out").out == finished
    assert edgeopt("sweep", "sweep.toml", "--out", "out", "--dry-run").out == finished
    (tmp_path / "times.csv").write_text("3,1\n2,4\n5,5\n1,3\n")
    lines = edgeopt("sweep", "--status", "out", "--jobs", "2").out.splitlines()
    assert lines[:2] == [
        "18 cells: 9 finished, 0 failed, 9 to run",
        "9 rows of other code or content are kept, not counted",
    ]
    assert lines[2].startswith("time left: about 0:00:0")
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert "9 rows of other code or content: kept in out/older, not counted" in outcome.out
    assert len(read_cells(tmp_path / "out")) == 18


@pytest.mark.parametrize("arguments", [[], ["sweep.toml"], ["--status", "nowhere"]])
def test_what_is_missing_is_said(edgeopt: Callable, sweep_file: Path, arguments: list[str]):
    outcome = edgeopt("sweep", *arguments)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "must be" in outcome.err
