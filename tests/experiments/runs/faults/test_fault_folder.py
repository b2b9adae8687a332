"""Faults around the folder: two sweeps at once, a full disk, the clock, files that run code."""

import json
import os
import pickle
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fault_sweep import NOISY, assert_same, start, write_sweep

import edgeopt.experiments
import edgeopt.problems
from edgeopt.experiments.runs.files import part_path
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import CELLS, CONFIG, read_cells, read_description, scan_store
from edgeopt.experiments.sweep.config import read_config
from edgeopt.problems.errors import InputError

pytestmark = [pytest.mark.faults, pytest.mark.long]


def test_two_sweeps_at_once_leave_one_table(tmp_path: Path):
    path = write_sweep(tmp_path, NOISY.format(pause=0.02), repetitions=20)
    processes = [start(tmp_path, "out") for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    cells = read_cells(tmp_path / "out")
    assert cells["key"].is_unique
    assert_same(cells, run_sweep(read_config(path), tmp_path / "whole"))
    assert_same(cells, run_sweep(read_config(path), tmp_path / "out"))


def test_a_second_sweep_that_ends_first_takes_nothing_from_the_other(tmp_path: Path):
    path = write_sweep(tmp_path, NOISY.format(pause=0.02), repetitions=20)
    config, out = read_config(path), tmp_path / "out"
    inner = None

    def meanwhile(done: int, total: int) -> None:
        nonlocal inner
        if done == 5:
            inner = run_sweep(config, out)

    outer = run_sweep(config, out, report=meanwhile)
    assert_same(outer, inner)
    assert len(scan_store(out)) == len(outer) == 40


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of its own with 32 kB, or skip where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no command mount")
    if done.returncode:
        pytest.skip(f"may not mount a file system: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk_is_one_line_and_loses_nothing(
    tmp_path: Path, small_disk: Path, edgeopt: Callable, jobs: str
):
    path = write_sweep(tmp_path, NOISY.format(pause=0), repetitions=50)
    out = small_disk / "out"
    outcome = edgeopt("sweep", str(path), "--out", str(out), "--jobs", jobs)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "No space left on device" in outcome.err
    kept = {key: row["cell_seconds"] for key, row in scan_store(out).items()}
    assert 10 < len(kept) < 100
    resize = ["mount", "-o", "remount,size=8m", str(small_disk)]
    subprocess.run(resize, check=True)
    resumed = run_sweep(read_config(path), out)
    seconds = dict(zip(resumed["key"], resumed["cell_seconds"], strict=True))
    assert seconds.items() >= kept.items()
    assert_same(resumed, run_sweep(read_config(path), tmp_path / "whole"))


def test_the_clock_may_go_backwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = read_config(write_sweep(tmp_path, NOISY.format(pause=0)))
    whole = run_sweep(config, tmp_path / "whole")
    now = [time.time()]

    def earlier() -> float:
        now[0] -= 3600.0
        return now[0]

    monkeypatch.setattr(time, "time", earlier)
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * earlier()))
    seen = 0

    def interrupt(done: int, total: int) -> None:
        nonlocal seen
        seen = done
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(config, tmp_path / "out", report=interrupt)
    cells = run_sweep(config, tmp_path / "out")
    assert_same(cells, whole)
    assert cells["cell_seconds"].ge(0).all()


class Bomb:
    """What runs code where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch exploded",)


def test_files_of_a_sweep_cannot_run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    config = read_config(write_sweep(tmp_path, NOISY.format(pause=0)))
    out = tmp_path / "out"
    run_sweep(config, out)
    bomb = pickle.dumps(Bomb())
    part_path(out / CELLS, 0).write_bytes(bomb)
    for read in (scan_store, read_cells):
        with pytest.warns(UserWarning, match="damaged"):
            assert len(read(out)) == 0
    part_path(out / CELLS, 0).unlink()
    (out / "journal" / "bomb.jsonl").write_bytes(bomb)
    assert scan_store(out) == {}
    (out / CONFIG).write_bytes(bomb)
    with pytest.raises(InputError):
        read_description(out)
    (tmp_path / "bomb.npy").write_bytes(b"\x93NUMPY" + bomb)
    (tmp_path / "own.toml").write_text(
        'problems = ["bomb.npy"]\nrepetitions = 1\nbudget = {iterations = 1}\n[solvers.mct]\n'
    )
    with pytest.raises(InputError):
        run_sweep(read_config(tmp_path / "own.toml"), tmp_path / "new")
    assert not (tmp_path / "exploded").exists()


def test_no_source_unpickles_anything():
    sources = [
        path.read_text()
        for package in (edgeopt.experiments, edgeopt.problems)
        for path in Path(package.__path__[0]).rglob("*.py")
    ]
    assert len(sources) > 50
    unsafe = re.compile(r"\b(pickle|cloudpickle|joblib)\.load|allow_pickle=True|read_pickle")
    assert not [source for source in sources if unsafe.search(source)]


def test_a_torn_line_costs_one_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_sweep(tmp_path, NOISY.format(pause=0), repetitions=20)
    out = tmp_path / "out"

    def kill(done: int, total: int) -> None:
        if done == 30:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("edgeopt.experiments.runs.run.compact", lambda *_: None)  # as if killed
        with pytest.raises(KeyboardInterrupt):
            run_sweep(read_config(path), out, report=kill)
    # of our own solvers; a worker has another one
    journal = max((out / "journal").iterdir(), key=lambda path: b'"mct"' in path.read_bytes())
    rows = len(scan_store(out))
    journal.write_bytes(journal.read_bytes().rstrip(b"\n")[:-20])
    assert len(scan_store(out)) == rows - 1
    assert_same(run_sweep(read_config(path), out), run_sweep(read_config(path), tmp_path / "whole"))
    assert json.loads((out / CONFIG).read_text())["config"]["repetitions"] == 20
