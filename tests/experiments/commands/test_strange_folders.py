"""Commands that read a folder which has lost files, or holds what is no file, or hostile names."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from edgeopt.experiments.csv_text import unguarded

SWEEP = """
repetitions = 1
budget = { evaluations = 20 }
problems = ["one.csv", "two.csv"]
[solvers.lpt]
[solvers."=met()"]
solver = "met"
[solvers."a\\u001b[31m\\u202eb$x$"]
solver = "fcfs"
"""


@pytest.fixture
def out(tmp_path: Path, edgeopt: Callable) -> Path:
    """Return the folder of a sweep of two files."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("a,b\n1.5,2\n3,1\n")
    (tmp_path / "sweep.toml").write_text(SWEEP)
    assert edgeopt("sweep", "sweep.toml", "--out", "out").code == 0
    return tmp_path / "out"


@pytest.mark.filterwarnings("default")
def test_a_lost_instance_costs_its_figure_only(out: Path, edgeopt: Callable) -> None:
    (out.parent / "one.csv").unlink()
    outcome = edgeopt("plot", "out", "loads", "--format", "svg")
    assert outcome.code == 0
    assert outcome.out.split() == ["out/loads-two.svg"]
    assert re.search(r"edgeopt: warning: no figure loads of .*one\.csv: problem: got", outcome.err)
    (out.parent / "two.csv").unlink()
    assert edgeopt("plot", "out", "loads").code == 2


def test_hostile_names_are_shown(out: Path, edgeopt: Callable) -> None:
    for command in (["compare", "out"], ["sweep", "sweep.toml", "--out", "out"]):
        outcome = edgeopt(*command)
        assert "a\\x1b[31m\\u202eb$x$" in outcome.out
        assert not {"\x1b", "\u202e"} & {*outcome.out, *outcome.err}
    names = pd.read_csv(out / "summary.csv")["solver"]
    assert "'=met()" in set(names)
    assert set(map(unguarded, names)) == {"lpt", "=met()", "a\x1b[31m\u202eb$x$"}


@pytest.mark.parametrize(
    "place", ["sweep.json", "journal/x.jsonl", "cells/part-00001.parquet", "older/part-x.parquet"]
)
def test_a_pipe_in_a_folder_is_not_read(out: Path, edgeopt: Callable, place: str) -> None:
    path = out / place
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    outcome = edgeopt("sweep", "--status", "out")
    if outcome.code != 2:  # what is no journal has no rows
        assert outcome.out.startswith("6 cells: 6 finished, 0 failed, 0 to run")
        return
    assert outcome.err.count("\n") == 1
    assert "got 'out" in outcome.err or "a device or pipe" in outcome.err


def test_only_failed_runs_are_nothing_to_compare(tmp_path: Path, edgeopt: Callable) -> None:
    (tmp_path / "own.py").write_text(
        "def f(problem, rng): raise ValueError\ndef g(p, rng): 1 / 0\n"
    )
    text = 'problems = ["braun:9x3"]\nrepetitions = 2\nbudget = {iterations = 1}\n'
    text += '[solvers.f]\nsolver = "own.py:f"\n[solvers.g]\nsolver = "own.py:g"\n'
    (tmp_path / "sweep.toml").write_text(text)
    assert edgeopt("sweep", "sweep.toml", "--out", "out").code == 1
    outcome = edgeopt("compare", "out")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith("a sweep with a schedule: there is nothing to compare\n")
