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
from edgeopt.experiments.sweep.summary import read_runs, summarize_sweep

pytestmark = pytest.mark.long


def test_a_sweep_and_its_plots(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert (outcome.code, outcome.err) == (0, "")
    assert "written: out/cells, out/summary.csv" in outcome.out
    for name in ("mct", "atsa", "many-ants", "paper:20x3:seed=0", "times.csv"):
        assert name in outcome.out
    cells = pd.read_parquet(tmp_path / "out" / "cells")
    assert len(cells) == 18
    summary = summarize_sweep(read_runs(tmp_path / "out"))
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "out" / "summary.csv"), summary, check_dtype=False
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


def test_a_sweep_grows_and_shrinks(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    edgeopt("sweep", "sweep.toml", "--out", "out")
    first = read_cells(tmp_path / "out")
    text = sweep_file.read_text()
    sweep_file.write_text(
        text.replace("repetitions = 3", "repetitions = 4").replace("[solvers.mct]", "[solvers.lpt]")
    )
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert outcome.code == 0
    assert outcome.err == "6 rows of other cells: kept in out/older, not counted\n"
    grown = read_cells(tmp_path / "out")
    assert grown["solver"].drop_duplicates().tolist() == ["lpt", "atsa", "many-ants"]
    assert len(grown) == 24
    times = dict(zip(grown["key"], grown["cell_seconds"], strict=True))
    kept = first[first["solver"] != "mct"]
    assert [times[key] for key in kept["key"]] == kept["cell_seconds"].tolist()  # not run again
    sweep_file.write_text(text)
    pruned = edgeopt("sweep", "sweep.toml", "--out", "out", "--prune")
    assert (pruned.code, pruned.err) == (0, "")
    assert not (tmp_path / "out" / "older").exists()
    pd.testing.assert_frame_equal(read_cells(tmp_path / "out"), first, check_exact=True)


@pytest.mark.usefixtures("undrawn")
def test_an_unfinished_sweep_is_shown_as_far_as_it_is(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    note = "12 of 18 cells are missing: not run yet\n"
    options = ("--filter", "solver=mct", "--filter", "solver=atsa", "--filter", "repetition=[!1]")
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out", *options, "--filter", "problem=*")
    assert (outcome.code, outcome.err) == (0, note.replace("12", "10"))
    assert len(pd.read_parquet(tmp_path / "out" / "cells")) == 8
    assert edgeopt("sweep", "--status", "out").out.startswith(
        "18 cells: 8 finished, 0 failed, 10 to run\ntime left: about "
    )
    for command in (["plot"], ["report"], ["budgets", "--at", "60", "--against", "mct"]):
        shown = edgeopt(
            command[0], "out", *command[1:], *["--axis", "evaluations"] * (len(command) > 1)
        )
        assert (shown.code, shown.err) == (0, note.replace("12", "10")), command


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--filter", "mct"], "must be COLUMN=PATTERN"),
        (["--filter", "ants=3"], "must be one of problem, solver, repetition"),
        (["--filter", "solver=x*"], "a pattern that matches one of mct, atsa, many-ants"),
        (["--filter", "solver=mct", "--filter", "repetition=3"], "matches one of 0, 1, 2"),
        (["--shard", "0/3"], "must be I/N with I from 1 to N"),
        (["--shard", "a"], "must be I/N with I from 1 to N"),
    ],
)
def test_a_selection_that_is_none_is_refused(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path, options: list[str], message: str
):
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
    assert not (tmp_path / "out").exists()


def test_what_a_folder_leaves_out_is_said(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    (tmp_path / "notes.csv").write_text("1,2\n3,x\n")
    sweep_file.write_text(sweep_file.read_text().replace('"times.csv"', '"*.csv"'))
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert outcome.code == 0
    assert outcome.out.startswith("left out: notes.csv (line 2: got 'x', must be a number")


@pytest.mark.usefixtures("undrawn")
def test_failed_cells_are_said(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    (tmp_path / "own.py").write_text("def f(problem, rng): raise ValueError('boom')\n")
    sweep_file.write_text(sweep_file.read_text() + '[solvers.own]\nsolver = "own.py:f"\n')
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    status = edgeopt("sweep", "--status", "out")
    assert outcome.code == status.code == 1
    lines = outcome.err.splitlines()
    assert lines == status.out.splitlines()[1:]
    assert lines[0] == "6 cells failed:"
    assert lines[1] == "  problem=paper:20x3:seed=0, solver=own, repetition=0: ValueError: boom"
    assert lines[-1] == "  and 1 more"
    assert len(lines) == 7
    assert edgeopt("plot", "out").code == 0


SLOW = """
import os
from pathlib import Path
from beside import wait
def slow(problem, rng):
    wait(0 if problem.tasks == 2 or Path(__file__).with_name("fast").exists() else 0.2)
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
    (tmp_path / "beside.py").write_text("from time import sleep as wait\n")
    (tmp_path / "own.toml").write_text(
        'problems = ["braun:8x3"]\nrepetitions = 20\nbudget = { iterations = 1 }\n'
        '[solvers.own]\nsolver = "own.py:slow"\n'
    )
    command = [sys.executable, "-m", "edgeopt.experiments.cli", "sweep", "own.toml"]
    return [*command, "--out", "out", "--jobs", "2"]


def without_progress(text: str) -> list[str]:
    """Return the lines of standard error, but for those of a busy machine's progress."""
    return [line for line in text.splitlines() if not line.startswith("cells: ")]


@pytest.mark.faults
def test_an_interrupt_is_one_line_and_keeps_what_is_finished(slow_sweep: list[str], tmp_path: Path):
    process = subprocess.Popen(slow_sweep, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/journal/*")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert without_progress(error) == ["edgeopt: interrupted; what is finished is kept"]
    assert not list(tmp_path.glob("out/journal/*.jsonl"))
    assert 1 <= len(pd.read_parquet(tmp_path / "out" / "cells")) < 20
    (tmp_path / "fast").touch()
    cells = run_sweep(read_config(tmp_path / "own.toml"), tmp_path / "out")
    assert cells["status"].tolist() == ["finished"] * 20


@pytest.mark.faults
def test_an_interrupt_of_all_processes_is_one_line(slow_sweep: list[str], tmp_path: Path):
    process = subprocess.Popen(
        slow_sweep, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not list(tmp_path.glob("out/sweep.json")):
        time.sleep(0.01)
    time.sleep(0.3)  # while workers start
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert without_progress(error) == ["edgeopt: interrupted; what is finished is kept"]


@pytest.mark.faults
def test_a_worker_that_dies_costs_its_cell_alone(slow_sweep: list[str], tmp_path: Path):
    config = tmp_path / "own.toml"
    text = (
        config.read_text().replace("slow", "deadly").replace("repetitions = 20", "repetitions = 1")
    )
    config.write_text(text + "[solvers.mct]\n")
    done = subprocess.run(slow_sweep, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    error = "its worker process died 2 times, exit code 3"
    assert without_progress(done.stderr) == [
        "1 cell failed:",
        f"  problem=braun:8x3, solver=own, repetition=0: {error}",
    ]
    cells = read_cells(tmp_path / "out").set_index("solver")
    assert cells.loc["mct", "status"] == "finished"
    assert cells.loc["own", "error"] == error


def test_status_and_dry_run(edgeopt: Callable, sweep_file: Path, tmp_path: Path):
    assert edgeopt("sweep", "sweep.toml", "--dry-run").out == (
        "18 cells: 0 finished, 0 failed, 18 to run\n"
        "time left: no estimate until one cell is finished\n"
    )
    assert not (tmp_path / "out").exists()
    edgeopt("sweep", "sweep.toml", "--out", "out")
    finished = "18 cells: 18 finished, 0 failed, 0 to run\n"
    assert edgeopt("sweep", "--status", "out").out == finished
    assert edgeopt("sweep", "sweep.toml", "--out", "out", "--dry-run").out == finished
    (tmp_path / "times.csv").write_text("3,1\n2,4\n5,5\n1,3\n")
    assert edgeopt("sweep", "--status", "out").out == finished  # the folder, not the files
    again = ("sweep", "sweep.toml", "--out", "out", "--dry-run", "--jobs", "2")
    lines = edgeopt(*again).out.splitlines()
    assert lines[:2] == [
        "18 cells: 9 finished, 0 failed, 9 to run",
        "9 rows of other cells: kept, not counted",
    ]
    assert lines[2].startswith("time left: about 0:00:0")
    outcome = edgeopt("sweep", "sweep.toml", "--out", "out")
    assert outcome.err == "9 rows of other cells: kept in out/older, not counted\n"
    assert len(read_cells(tmp_path / "out")) == 18


def test_a_dry_run_does_not_run_code_of_others(edgeopt: Callable, tmp_path: Path):
    def own(node: int) -> str:
        mark = "open('ran', 'a').close()"
        return f"{mark}\ndef f(problem, rng, at=0): return [{node} + at] * problem.tasks\n"

    (tmp_path / "own.py").write_text(own(0))
    (tmp_path / "tuned.toml").write_text('solver = "own.py:f"\nat = 1\n')
    text = """problems = ["braun:8x3"]\nrepetitions = 2\nbudget = { iterations = 1 }
        [solvers]\nown = { solver = "own.py:f", at = 1 }\ntuned = { solver = "tuned.toml" }
        mct = {}\n"""
    config = tmp_path / "sweep.toml"
    config.write_text(text)
    plan = ("sweep", "sweep.toml", "--out", "out", "--dry-run")
    outcome = edgeopt(*plan)
    assert outcome.out.startswith("6 cells: 0 finished, 0 failed, 6 to run")
    note = "code of own, tuned is not run here: counted by name, a list of values as one solver\n"
    assert outcome.err == note
    assert not (tmp_path / "ran").exists()
    edgeopt(*plan[:-1])
    (tmp_path / "ran").unlink()
    assert edgeopt(*plan).out.startswith("6 cells: 6 finished, 0 failed, 0 to run")
    config.write_text(text.replace("at = 1", "at = 2"))
    assert edgeopt(*plan).out.startswith("6 cells: 4 finished, 0 failed, 2 to run")
    (tmp_path / "own.py").write_text(own(1))
    outcome = edgeopt(*plan, "--filter", "solver=tuned")
    assert outcome.out.startswith("2 cells: 0 finished, 0 failed, 2 to run")
    assert "2 of these differ in code alone" in outcome.out
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("arguments", [[], ["sweep.toml"], ["--status", "nowhere"]])
def test_what_is_missing_is_said(edgeopt: Callable, sweep_file: Path, arguments: list[str]):
    outcome = edgeopt("sweep", *arguments)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "must be" in outcome.err
