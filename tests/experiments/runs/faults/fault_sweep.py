"""Sweeps made for faults: a solver of one's own that misbehaves where its file says so."""

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from pandas.testing import assert_frame_equal

TIMES = ["seconds", "trace_seconds", "cell_seconds"]
COMMAND = [sys.executable, "-m", "edgeopt.experiments.cli", "sweep", "own.toml", "--out"]
NOISY = """
import time

def own(problem, rng):
    if problem.tasks > 2:  # the warm-up has two
        time.sleep({pause})
    return rng.integers(0, problem.nodes, problem.tasks)
"""


def write_sweep(folder: Path, code: str, *, repetitions: int = 4, more: str = "") -> Path:
    """Write `own.toml`, of which half the cells are of the function `own` in `code`."""
    (folder / "own.py").write_text(code)
    path = folder / "own.toml"
    path.write_text(
        f'problems = ["braun:u_c_hihi:8x3"]\nrepetitions = {repetitions}\n{more}\n'
        'budget = {evaluations = 20}\n[solvers.mct]\n[solvers.own]\nsolver = "own.py:own"\n'
    )
    return path


def start(folder: Path, out: str, *options: str) -> subprocess.Popen[str]:
    """Start `edgeopt sweep` in a process of its own."""
    return subprocess.Popen(
        [*COMMAND, out, *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_on_disk(out: Path) -> int:
    """Return how many rows the journals hold."""
    return sum(path.read_bytes().count(b"\n") for path in out.glob("journal/*.jsonl"))


def wait_for_lines(process: subprocess.Popen[str], out: Path, lines: int) -> None:
    """Wait until there are so many rows in journals, or the sweep is over."""
    deadline = time.monotonic() + 60
    while lines_on_disk(out) < lines and process.poll() is None:
        assert time.monotonic() < deadline, "no rows within a minute"
        time.sleep(0.002)


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Compare tables bit by bit, but for the times that were measured."""
    assert_frame_equal(first.drop(columns=TIMES), second.drop(columns=TIMES), check_exact=True)
