"""Bad input: one line on standard error, exit code 2, nothing written."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

POOL = "paper:9x3"
FILES = {
    "word.csv": "1,2\n3,soon\n",
    "nowhere.csv": "1,2\ninf,\n",
    "negative.csv": "1,2\n3,-4\n",
    "zero.csv": "0,0\n0,0\n",
    "ragged.csv": "1,2\n3\n",
    "empty.txt": "",
    "none.txt": "0 4\n",
    "truncated.0": "512 16 0\n1\n2\n",
    "truncated.txt": "2 2 1\n2\n0 1 1 2\n",
    "syntax.py": "def f(:\n",
    "raises.py": "raise RuntimeError('no')\n",
    "own.py": "class Needs:\n    def __init__(self, x): ...\nnumber = 3\n"
    "def leaves(problem, rng):\n    open('trace', 'w').close()\n    return [0] * problem.tasks\n"
    "def short(problem, rng): return [0]\ndef far(problem, rng): return [99] * problem.tasks\n",
    "taken/notes.txt": "mine",
    "broken.toml": "problems = [",
    "good.toml": 'problems = ["paper:9x3"]\nrepetitions = 1\nbudget = {iterations = 1}\n'
    "[solvers.mct]\n",
}
SCHEDULE = [
    [],
    ["nowhere.txt"],
    ["folder-that-is-missing/x.npz"],
    ["taken"],
    *([name] for name in FILES if name.endswith((".csv", ".txt", ".0"))),
    ["binary.npy"],
    ["full.npz"],
    ["braun:u_x_hihi:9x3"],
    ["paper:0x3"],
    ["paper:9x3:slack=0.5"],
    ["braun:99999999999x99999999999"],
    ["x" * 400],
    [POOL, "--solver", "gurobi"],
    [POOL, "--solver", "missing.py:f"],
    [POOL, "--solver", "own.py:missing"],
    [POOL, "--solver", "own.py:Needs"],
    [POOL, "--solver", "own.py:number"],
    [POOL, "--solver", "own.py:short"],
    [POOL, "--solver", "own.py:far"],
    [POOL, "--solver", "syntax.py:f"],
    [POOL, "--solver", "raises.py:f"],
    [POOL, "--set", "beth=3"],
    [POOL, "--set", "beta=many"],
    [POOL, "--set", "rho=1.5"],
    [POOL, "--set", "rho=nan"],
    [POOL, "--set", "ants=0"],
    [POOL, "--set", "beta"],
    [POOL, "--solver", "mct", "--set", "beta=3"],
    [POOL, "--iterations", "0"],
    [POOL, "--iterations", "1.5"],
    [POOL, "--evaluations", "-3"],
    [POOL, "--seconds", "0"],
    [POOL, "--seconds", "nan"],
    [POOL, "--seconds", "soon"],
    [POOL, "--target-gap", "-1"],
    [POOL, "--seed", "-1"],
    [POOL, "--seed", "x"],
    *(
        [POOL, "--solver", "own.py:leaves", "--out", path]
        for path in ("missing/nodes.txt", "own.py/nodes.txt", "taken", "")
    ),
    [POOL, "--bogus"],
    [POOL, "another"],
]
SWEEP = [
    [],
    ["good.toml"],
    ["missing.toml", "--out", "new"],
    ["broken.toml", "--out", "new"],
    ["taken", "--out", "new"],
    ["good.toml", "--out", "taken"],
    ["good.toml", "--out", "own.py"],
    ["good.toml", "--out", "own.py/below"],
    ["good.toml", "--out", "new", "--jobs", "0"],
    ["good.toml", "--out", "new", "--jobs", "two"],
    ["unknown-problem.toml", "--out", "new"],
    ["bad-file.toml", "--out", "new"],
]
PLOT = [[], ["missing"], ["taken"], ["own.py"]]
COMMANDS = [
    *(["schedule", *rest] for rest in SCHEDULE),
    *(["sweep", *rest] for rest in SWEEP),
    *(["plot", *rest] for rest in PLOT),
    ["optimise"],
    ["--bogus"],
]


def tree(folder: Path) -> dict[Path, bytes | None]:
    """Return all files with their content, and the folders."""
    paths = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of bad files."""
    (tmp_path / "taken").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name, spec in (("unknown-problem", "papr:9x3"), ("bad-file", "word.csv")):
        text = FILES["good.toml"].replace("paper:9x3", spec)
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "binary.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': (((")
    memory = {"task_memory": [3.0, 3.0, 3.0], "node_capacity": [5.0, 5.0]}
    np.savez(tmp_path / "full.npz", et=np.ones((3, 2)), **memory)
    return tmp_path


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments)[:50])
def test_one_line_and_nothing_written(edgeopt: Callable, folder: Path, arguments: list[str]):
    before = tree(folder)
    outcome = edgeopt(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("edgeopt: ")
    assert outcome.err.index("\n") == len(outcome.err) - 1
    assert "Traceback" not in outcome.err
    assert tree(folder) == before


def test_the_line_names_field_value_and_rule(edgeopt: Callable, folder: Path):
    assert edgeopt("schedule", POOL, "--set", "rho=1.5").err.startswith("edgeopt: rho: got 1.5, ")
    assert "full.npz" not in edgeopt("schedule", "full.npz").err
    assert "such that some assignment fits" in edgeopt("schedule", "full.npz").err
    assert "line 2: got 'soon', must be a number" in edgeopt("schedule", "word.csv").err


def test_the_installed_command(folder: Path):
    command = [sys.executable, "-m", "edgeopt.experiments.cli", "schedule", "word.csv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "edgeopt: word.csv line 2: got 'soon', must be a number\n"


def test_a_reader_that_goes_away_is_told_nothing():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "edgeopt.experiments.cli", "solvers"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")
