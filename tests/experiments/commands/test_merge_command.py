"""`edgeopt merge`, and shards that run as processes of their own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from pandas.testing import assert_frame_equal

from edgeopt.experiments.runs.store import read_cells

COMMAND = [sys.executable, "-m", "edgeopt.experiments.cli", "sweep", "sweep.toml"]
TIMES = ["seconds", "trace_seconds", "cell_seconds"]


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Compare tables bit by bit, but for the times that were measured."""
    assert_frame_equal(first.drop(columns=TIMES), second.drop(columns=TIMES), check_exact=True)


def test_shards_that_run_as_processes_are_merged(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    """Two shards have a folder of their own, and two write to one at the same time."""
    outs = ["own-1", "own-2", "shared", "shared"]
    processes = [
        subprocess.Popen([*COMMAND, "--out", out, "--shard", f"{number}/4"], cwd=tmp_path)
        for number, out in enumerate(outs, 1)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert len(pd.read_parquet(tmp_path / "shared" / "cells")) == 8
    first = edgeopt("merge", "own-1", "shared", "--out", "most")
    assert (first.code, first.err) == (0, "5 of 18 cells are missing: not run yet\n")
    outcome = edgeopt("merge", *dict.fromkeys(outs), "--out", "all")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "written: all, from 3 folders: 18 cells, 18 finished, 0 failed\n"
    edgeopt("sweep", "sweep.toml", "--out", "whole")
    assert_same(read_cells(tmp_path / "all"), read_cells(tmp_path / "whole"))
    assert_same(pd.read_parquet(tmp_path / "all" / "cells"), read_cells(tmp_path / "whole"))
    assert edgeopt("plot", "all").code == 0


def test_folders_move_and_are_merged_without_their_files(
    edgeopt: Callable, sweep_file: Path, tmp_path: Path
):
    """Two people with files of the same content elsewhere, which are gone by then."""
    text = sweep_file.read_text()
    for person, old, new in (("ann", "many-ants", "ann"), ("ben", "mct", "lpt")):
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
    cells = read_cells(tmp_path / "both")
    assert cells.groupby("problem", sort=False)["solver"].nunique().tolist() == [5, 5]
    assert cells["solver"].drop_duplicates().tolist() == ["mct", "atsa", "ann", "lpt", "many-ants"]
    assert len(cells) == 30
    assert edgeopt("compare", "both").code == 0


def test_a_merge_that_cannot_be_is_one_line(edgeopt: Callable, sweep_file: Path):
    for arguments in (["here", "--out", "there"], ["--out", "there"]):
        outcome = edgeopt("merge", *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("edgeopt: ")
        assert outcome.err.count("\n") == 1
