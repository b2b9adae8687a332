"""`edgeopt tune` as a user runs it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from edgeopt.experiments.tuning.config import read_tuning

pytestmark = pytest.mark.long

PAIR = 'problems = ["paper:12x3:seed=0", "paper:12x3:seed=1"]'


def test_from_a_file_to_a_solver(edgeopt: Callable, tune_file: Path, tmp_path: Path) -> None:
    done = edgeopt("tune", str(tune_file), "--out", "out")
    assert done.code == 0, done.err
    assert "aco: default against tuned" in done.out
    assert "held-out problems" in done.out
    used = edgeopt("schedule", "paper:12x3:seed=5", "--solver", "out/best.toml", "--json")
    assert used.code == 0, used.err


@pytest.mark.usefixtures("no_figures")
def test_a_changed_file_goes_on_or_says_why_not(edgeopt: Callable, tune_file: Path) -> None:
    text = tune_file.read_text().partition("held_out")[0]

    def tune(old: str, new: str) -> Any:
        assert old in text
        tune_file.write_text(text.replace(old, new))
        return edgeopt("tune", str(tune_file), "--out", "out")

    assert tune("trials = 6", "trials = 3").code == 0
    assert "changed after trial 2" in tune("repetitions = 3", "repetitions = 2").out
    for old, new, field in (
        ("seed = 3", "seed = 4", "seed"),
        ("evaluations = 60", "evaluations = 61", "budget"),
        ("seed = 3", 'seed = 3\nobjective = "makespan"', "objective"),
    ):
        refused = tune(old, new)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert refused.err.startswith(f"edgeopt: {field}: ")
        assert "needs another --out" in refused.err


@pytest.mark.usefixtures("no_figures")
def test_what_cma_es_cannot_do_is_said(edgeopt: Callable, tune_file: Path, own_solver: str) -> None:
    text = tune_file.read_text().replace('"aco"', f'"{own_solver}"')
    tune_file.write_text(f'sampler = "cma-es"\n{text}')
    done = edgeopt("tune", str(tune_file), "--out", "out")
    assert done.code == 0, done.err
    assert "drawn at random: wild" in done.err


@pytest.mark.faults
@pytest.mark.usefixtures("no_figures")
def test_killed_and_resumed_is_as_never_killed(
    edgeopt: Callable, tune_file: Path, tmp_path: Path
) -> None:
    tune_file.write_text(tune_file.read_text().replace("trials = 6", "trials = 20"))
    command = [
        sys.executable,
        "-m",
        "edgeopt.experiments.cli",
        "tune",
        str(tune_file),
        "--out",
        "killed",
    ]
    journal = tmp_path / "killed" / "journal.log"
    for size in (4_000, 12_000):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path)
        while process.poll() is None and (not journal.exists() or journal.stat().st_size < size):
            time.sleep(0.005)
        process.kill()
        assert process.wait() != 0
    assert edgeopt("tune", str(tune_file), "--out", "killed").code == 0
    assert edgeopt("tune", str(tune_file), "--out", "whole").code == 0
    for name in ("trials.csv", "comparison.csv", "best.toml"):
        one, other = (tmp_path / folder / name for folder in ("killed", "whole"))
        assert one.read_bytes() == other.read_bytes()
    assert len(pd.read_csv(tmp_path / "whole" / "trials.csv")) == 20


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("trials = 6", ""),
        ("trials = 6", "trials = 0"),
        ("trials = 6", "trials = 6\nspeed = 1"),
        ("trials = 6", 'trials = 6\nsampler = "bayes"'),
        ("trials = 6", 'trials = 6\nsampler = "grid"\nlevels = 20'),
        ("trials = 6", "trials = 6\nracing = 0.9"),
        ("trials = 6", 'trials = 6\nparameters = ["gamma"]'),
        ("trials = 6", 'trials = 6\nparameters = "rho"'),
        ("trials = 6", "trials = 6\nsearch = { rho = { low = 0, high = 2 } }"),
        ("trials = 6", "trials = 6\nsearch = 3"),
        ("trials = 6", "trials = ["),
        ("seed = 3", "seed = -1"),
        ('"aco"', '"fcfs"'),
        ('"aco"', '"nothing"'),
        ('"aco"', '"aco", rho = 3'),
        ('{ solver = "aco" }', '"aco"'),
        ('{ solver = "aco" }', "{ ants = 3 }"),
        ("evaluations = 60", "iterations = 60"),
        ("evaluations = 60", "evaluations = 0"),
        ("evaluations = 60", "evaluations = 60, seconds = 1"),
        (PAIR, 'problems = ["paper:12x3:seed=0"]'),
        (PAIR, 'problems = ["paper:12x3:seed=0", "paper:12x3:seed=100"]'),
        (PAIR, 'problems = ["paper:12x3:seed=0", "paper:12x3"]'),
        (PAIR, 'problems = ["paper:12x3:seed=0", "nowhere.txt"]'),
        (PAIR, "problems = 3"),
        ("repetitions = 2", "repetitions = 0"),
        ("repetitions = 2", "repeat = 2"),
    ],
)
def test_bad_files(edgeopt: Callable, tune_file: Path, old: str, new: str) -> None:
    text = tune_file.read_text()
    assert old in text
    tune_file.write_text(text.replace(old, new))
    done = edgeopt("tune", str(tune_file), "--out", "out")
    assert done.code == 2
    assert done.err.startswith("edgeopt: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    assert not Path("out").exists()


def test_bad_places(edgeopt: Callable, tune_file: Path) -> None:
    Path("taken").mkdir()
    Path("taken/notes.txt").write_text("mine")
    for arguments in (
        ["nowhere.toml", "--out", "out"],
        [str(tune_file), "--out", "taken"],
        [str(tune_file), "--out", "taken/notes.txt"],
        [str(tune_file), "--out", "out", "--storage", "nonsense"],
        [str(tune_file), "--out", "out", "--storage", "sqlite:////nowhere/x.db"],
    ):
        done = edgeopt("tune", *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert not Path("out").exists()


def test_the_projects_own_tunings_are_legal(shared: Path) -> None:
    files = sorted((Path(__file__).parents[3] / "experiments" / "tunings").glob("*.toml"))
    single = [file for file in files if file.stem != "rivals"]  # of several families
    assert len(single) == 9
    for file in single:
        assert len(read_tuning(file).held_out.specs) == 12
