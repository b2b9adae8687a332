"""`kill -9` of the sweep and of its workers: nothing is lost, nothing counted twice."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fault_sweep import NOISY, assert_same, start, wait_for_lines, write_sweep
from hostile_solvers import MARK
from processes import children_of, kill, marked_processes, wait_for_none

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import read_cells, scan_store
from edgeopt.experiments.sweep.config import read_config

pytestmark = [pytest.mark.faults, pytest.mark.long]


def test_the_sweep_is_killed_again_and_again(tmp_path: Path, strikes: int):
    path = write_sweep(tmp_path, NOISY.format(pause=0.01), repetitions=15 * strikes)
    pick, out = random.Random(1), tmp_path / "out"
    kept: dict[str, float] = {}
    for strike in range(strikes):
        process = start(tmp_path, "out", "--jobs", "12"[strike % 2])
        wait_for_lines(process, out, len(kept) + pick.randrange(1, 20))
        time.sleep(pick.uniform(0.0, 0.03))
        process.kill()
        process.communicate()
        rows = {key: row["cell_seconds"] for key, row in scan_store(out).items()}
        assert rows.items() >= kept.items()
        kept = rows
    resumed = run_sweep(read_config(path), out)
    assert_same(resumed, run_sweep(read_config(path), tmp_path / "whole"))
    seconds = dict(zip(resumed["key"], resumed["cell_seconds"], strict=True))
    assert seconds.items() >= kept.items()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_workers_are_killed_again_and_again(tmp_path: Path, strikes: int):
    path = write_sweep(tmp_path, NOISY.format(pause=0.01), repetitions=20 * strikes)
    process, pick = start(tmp_path, "out", "--jobs", "2"), random.Random(0)
    lines, struck = 0, 0
    while struck < strikes and process.poll() is None:
        lines += pick.randrange(10, 30)
        wait_for_lines(process, tmp_path / "out", lines)
        time.sleep(pick.uniform(0.0, 0.05))
        workers = children_of(process.pid, "runs.worker")
        struck += bool(workers) and kill(pick.choice(workers))
    _, error = process.communicate(timeout=120)
    said = [line for line in error.splitlines() if not line.startswith("cells: ")]  # progress
    assert all("failed:" in line or "died 2 times" in line for line in said)
    assert struck == strikes
    failed = read_cells(tmp_path / "out").query("status == 'failed'")  # struck twice by chance
    assert len(failed) <= strikes // 2
    assert failed["error"].str.contains("died 2 times, exit code -9").all()
    cells = run_sweep(read_config(path), tmp_path / "out", retry_failed=True)
    assert_same(cells, run_sweep(read_config(path), tmp_path / "whole"))


ENDLESS = """
import os, time

def own(problem, rng):
    if problem.tasks > 2:
        if os.fork() == 0:
            os.setsid()
            os.fork()
        time.sleep(300)
    return [0] * problem.tasks
"""

INTERRUPTED = "edgeopt: interrupted; what is finished is kept"


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_all_processes_die_with_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
):
    monkeypatch.setenv(MARK, str(tmp_path))
    write_sweep(tmp_path, ENDLESS)
    process = start(tmp_path, "out", "--jobs", "2")
    deadline = time.monotonic() + 60
    while len(marked_processes(MARK, str(tmp_path))) < 1 + 2 * 5 and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate()
    wait_for_none(MARK, str(tmp_path))
    if number == signal.SIGTERM:
        said = [line for line in error.splitlines() if not line.startswith("cells: ")]  # progress
        assert (process.returncode, said) == (130, [INTERRUPTED])
        assert set(read_cells(tmp_path / "out")["solver"]) == {"mct"}


SCRIPT = """
import multiprocessing
from pathlib import Path
from edgeopt.experiments.sweep.config import read_config
from edgeopt.experiments.runs.run import run_sweep

{before}
run_sweep(read_config(Path("own.toml")), "out", jobs=2)  # no if __name__ == "__main__"
"""


def run_script(folder: Path, before: str) -> subprocess.CompletedProcess[str]:
    write_sweep(folder, NOISY.format(pause=0))
    (folder / "script.py").write_text(SCRIPT.format(before=before))
    command = [sys.executable, "script.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_a_script_needs_no_guard(tmp_path: Path):
    done = run_script(tmp_path, "print('once')")
    assert (done.returncode, done.stdout) == (0, "once\n")
    assert {row["status"] for row in scan_store(tmp_path / "out").values()} == {"finished"}


def test_workers_that_cannot_start_end_the_sweep_and_fail_no_cell(tmp_path: Path):
    done = run_script(tmp_path, "multiprocessing.set_executable('/bin/false')")
    assert done.returncode == 1
    assert "worker processes do not start" in done.stderr
    assert scan_store(tmp_path / "out") == {}
