"""Parts are made once, go on where they were, and one that cannot be made stops no other."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from edgeopt.experiments.paper import outcome
from edgeopt.experiments.paper.claims import Claim
from edgeopt.experiments.paper.outcome import Outcome
from edgeopt.experiments.paper.regenerate import records_in
from edgeopt.experiments.paper.regenerate import regenerate as make
from edgeopt.experiments.paper.simulated import run_cells
from edgeopt.experiments.runs.checks import CHECK
from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.problems.errors import InputError

REGENERATE = import_module("edgeopt.experiments.paper.regenerate")  # the face names its function


class Parts:
    """Stand-ins for the parts, which count how often they are made."""

    def __init__(self, monkeypatch) -> None:
        self.made: list[tuple[str, bool, int]] = []
        self.code = "code"
        self.broken: set[str] = set()
        monkeypatch.setattr(REGENERATE, "run_of", lambda part: partial(self.run, part))
        monkeypatch.setattr(REGENERATE, "read_claims", lambda part: ())
        monkeypatch.setattr("edgeopt.experiments.paper.page.read_claims", lambda part: (CLAIM,))
        monkeypatch.setattr(outcome, "code_version", lambda *packages: self.code)

    def run(self, part: str, out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
        assert out.is_dir()
        assert work.is_dir()
        if part in self.broken:
            raise InputError("file", part, "there")
        self.made.append((part, quick, jobs))
        return Outcome({"x": Measured(1.0)})


CLAIM = Claim("c", "", "", undecided="nothing")


@pytest.fixture
def parts(monkeypatch) -> Parts:
    return Parts(monkeypatch)


def test_a_part_is_made_once(parts: Parts, tmp_path: Path):
    said: list[str] = []
    assert make(["fig5", "fig6"], tmp_path, jobs=3, say=said.append) == {}
    assert make(["fig5", "fig6"], tmp_path, jobs=1, say=said.append) == {}
    assert parts.made == [("fig5", False, 3), ("fig6", False, 3)]
    assert said[-2:] == ["fig5: up to date", "fig6: up to date"]


def test_other_code_or_size_makes_it_again(parts: Parts, tmp_path: Path):
    make(["fig5"], tmp_path, say=str)
    make(["fig5"], tmp_path, quick=True, say=str)
    parts.code = "other"
    make(["fig5"], tmp_path, quick=True, say=str)
    assert len(parts.made) == 3


def test_the_page_tells_of_all_parts_that_are_there(parts: Parts, tmp_path: Path):
    make(["fig6"], tmp_path, say=str)
    make(["table1"], tmp_path, say=str)
    assert [outcome.part for outcome in records_in(tmp_path)] == ["table1", "fig6"]
    assert "2 claims" in (tmp_path / "README.md").read_text()


def test_a_part_that_cannot_be_made_stops_no_other(parts: Parts, tmp_path: Path):
    parts.broken = {"fig5"}
    failures = make(["fig5", "fig6"], tmp_path, say=str)
    assert failures == {"fig5": "file: got 'fig5', must be there"}
    assert parts.made == [("fig6", False, 1)]
    assert (tmp_path / "README.md").is_file()


def test_a_folder_that_cannot_be_made(parts: Parts, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="out: "):
        make(["fig5"], tmp_path / "file", say=str)


CONFIG = {
    "scenario": {"network": "resnet34", "system": "table1", "tasks": 50, "settings": {}},
    "nodes": [10], "repetitions": 6, "seed": 1,
    "streams": {"poisson": {}}, "schemes": {"cloud-only": {}, "edge-only": {}},
}  # fmt: skip


def cells() -> list:
    config = SimulationConfig(**{**CONFIG, "nodes": tuple(CONFIG["nodes"])})
    return list(config.cells())


def test_cells_are_run_once_whatever_asks_for_them(tmp_path: Path):
    some = run_cells(cells()[:4], tmp_path, jobs=1)
    every = run_cells(cells(), tmp_path, jobs=1)
    assert {key: every[key] for key in some} == some
    assert every.keys() == {cell.key for cell in cells()}
    assert run_cells(cells(), tmp_path, jobs=1) == every  # times of running too: nothing is new


KILLED = f"""
import time
from functools import partial
from pathlib import Path
import edgeopt.experiments.paper.simulated as cells
from edgeopt.experiments.simulation.config import SimulationConfig
config = SimulationConfig(**{ {**CONFIG, "nodes": (10,)}!r})
run = cells.run_cell
def slow(cell):
    time.sleep(0.2)
    return run(cell)
cells.run_cell = slow
cells.run_cells(list(config.cells()), Path("work"), 1)
"""


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path):
    (tmp_path / "work").mkdir()
    process = subprocess.Popen([sys.executable, "-c", KILLED], cwd=tmp_path)
    try:
        rows = wait_for_rows(tmp_path / "work", 3)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(rows) < len(cells())
    every = run_cells(cells(), tmp_path / "work", jobs=1)
    assert every.keys() == {cell.key for cell in cells()}
    assert all(every[row["key"]] == row for row in rows)


def wait_for_rows(folder: Path, count: int) -> list[dict]:
    """Return the rows that are on disk once there are `count`."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        lines = [line for path in folder.rglob("*.jsonl") for line in path.read_text().splitlines()]
        if len(lines) > count:
            rows = [json.loads(line) for line in lines[:count]]
            return [{name: row[name] for name in row if name != CHECK} for row in rows]
        time.sleep(0.05)
    raise AssertionError("no rows")
