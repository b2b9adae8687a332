"""`edgeopt merge`, and shards that run as processes of their own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from edgeopt.experiments.runs.store import read_cells

# solvers that need no compiling, as each process would wait for it
SOLVERS = """
[solvers.mct]
[solvers.lpt]
[solvers.fcfs]
"""
COMMAND = [sys.executable, "-m", "edgeopt.experiments.cli", "sweep", "sweep.toml"]
TIMES = ["seconds", "trace_seconds", "cell_seconds"]


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Compare tables bit by bit, but for the times that were measured."""
    assert_frame_equal(first.drop(columns=TIMES), second.drop(columns=TIMES), check_exact=True)


@pytest.mark.faults
def test_shards_that_run_as_processes_are_merged(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    """One shard has a folder of its own, and two write to one at the same time."""
    sweep_file.write_text(sweep_file.read_text().partition("[solvers")[0] + SOLVERS)
    assert edgeopt("sweep", "sweep.toml", "--out", "own", "--shard", "1/3").code == 0
    processes = [
        subprocess.Popen(
            [*COMMAND, "--out", "shared", "--shard", f"{number}/3"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in (2, 3)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * 2
    assert len(pd.read_parquet(tmp_path / "shared" / "cells")) == 12
    first = edgeopt("merge", "shared", "--out", "most")
    assert (first.code, first.err) == (0, "6 of 18 cells are missing: not run yet\n")
    outcome = edgeopt("merge", "own", "shared", "--out", "all")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "written: all, from 2 folders: 18 cells, 18 finished, 0 failed\n"
    edgeopt("sweep", "sweep.toml", "--out", "whole")
    assert_same(read_cells(tmp_path / "all"), read_cells(tmp_path / "whole"))
    assert_same(pd.read_parquet(tmp_path / "all" / "cells"), read_cells(tmp_path / "whole"))


def test_folders_move_and_are_merged_without_their_files(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    """Two people with files of the same content elsewhere, which are gone by then."""
    text = sweep_file.read_text().partition("[solvers")[0] + SOLVERS
    for person, old, new in (("ann", "fcfs", "min-min"), ("ben", "mct", "max-min")):
        (tmp_path / person).mkdir()
        for name in ("times.csv", "sweep.toml"):
            (tmp_path / person / name).write_bytes((tmp_path / name).read_bytes())
        mine = text.replace(f"[solvers.{old}]", f"[solvers.{new}]")
        (tmp_path / person / "sweep.toml").write_text(mine)
        outcome = edgeopt("sweep", f"{person}/sweep.toml", "--out", f"{person}/out")
        assert outcome.code == 0, outcome.err
        (tmp_path / person / "out").rename(tmp_path / f"{person}-sent")
        (tmp_path / person / "times.csv").unlink()
    outcome = edgeopt("merge", "ann-sent", "ben-sent", "--out", "both")
    assert outcome.code == 0
    assert outcome.err == (
        f"ben-sent: problem {tmp_path}/ben/times.csv is {tmp_path}/ann/times.csv\n"
    )
    cells = read_cells(tmp_path / "both")
    assert cells.groupby("problem", sort=False)["solver"].nunique().tolist() == [5, 5]
    names = ["mct", "lpt", "min-min", "max-min", "fcfs"]
    assert cells["solver"].drop_duplicates().tolist() == names
    assert len(cells) == 30
    assert edgeopt("compare", "both").code == 0


def test_repetitions_of_another_seed_can_be_replayed(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    edgeopt("sweep", "sweep.toml", "--out", "one", "--filter", "solver=mct")
    sweep_file.write_text(sweep_file.read_text().replace("seed = 1", "seed = 2"))
    edgeopt("sweep", "sweep.toml", "--out", "two", "--filter", "solver=mct")
    outcome = edgeopt("merge", "one", "two", "--out", "both")
    assert outcome.err.startswith(
        "two: its seed is another one; repetitions 0 to 2 are counted as 3 to 5\n"
    )
    cells = read_cells(tmp_path / "both")
    assert cells["repetition"].tolist() == [0, 1, 2, 3, 4, 5] * 2
    replayed = edgeopt("schedule", "--replay", "both", cells["key"].iloc[-1])
    assert (replayed.code, "agree to the bit" in replayed.out) == (0, True)


def test_a_merge_that_cannot_be_is_one_line(edgeopt: Callable, sweep_file: Path):
    for arguments in (["here", "--out", "there"], ["--out", "there"]):
        outcome = edgeopt("merge", *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("edgeopt: ")
        assert outcome.err.count("\n") == 1
