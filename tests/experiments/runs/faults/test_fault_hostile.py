"""One sweep of all solvers that do harm: each costs its own cell, and no process is left."""

import os
import sys
import time
import uuid
from pathlib import Path

import hostile_solvers
import pandas as pd
import pytest
from hostile_solvers import EXPECTED, MARK, sweep_text
from processes import command_of, marked_processes, parent_of

from edgeopt.experiments.runs.cell import FAILED
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.sweep.config import read_config

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
    pytest.mark.long,
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return the rows of the sweep by solver, and in `attrs` the processes that were left."""
    folder, place, value = tmp_path_factory.mktemp("hostile"), Path.cwd(), uuid.uuid4().hex
    source = Path(hostile_solvers.__file__)
    (folder / source.name).write_bytes(source.read_bytes())
    (folder / "own.toml").write_text(sweep_text())
    os.environ[MARK] = value
    try:
        rows = run_sweep(read_config(folder / "own.toml"), folder / "out", jobs=3)
    finally:
        del os.environ[MARK]
    assert Path.cwd() == place
    rows.attrs["left"] = _left(value)
    return rows.set_index("solver")


def _left(value: str) -> list[int]:
    """Return the processes that are there after a moment, without the workers that are kept."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        left = [pid for pid in marked_processes(MARK, value) if not _is_kept(pid)]
        if not left:
            break
        time.sleep(0.05)
    return left


def _is_kept(pid: int) -> bool:
    """Whether a process is a worker that waits for the next sweep."""
    return parent_of(pid) == os.getpid() and "runs.worker" in " ".join(command_of(pid))


@pytest.mark.parametrize(("name", "reason"), EXPECTED, ids=dict(EXPECTED))
def test_each_solver_harms_itself_only(cells: pd.DataFrame, name: str, reason: str | None):
    row = cells.loc[name]
    if reason is not None:
        assert (row["status"] == FAILED) == bool(reason), row["error"]
    assert (row["status"] == FAILED) == isinstance(row["error"], str)
    assert not reason or reason in row["error"]


def test_our_own_solver_and_the_processes(cells: pd.DataFrame):
    assert cells.loc["mct", "status"] == "finished"
    assert len(cells) == len(EXPECTED) + 1
    assert cells.attrs["left"] == []
