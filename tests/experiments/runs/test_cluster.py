"""A sweep on a Dask cluster of two processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from edgeopt.experiments.runs.cluster import check_address
from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.runs.store import scan_store
from edgeopt.experiments.sweep.config import SweepConfig, read_config
from edgeopt.problems.errors import InputError

pytestmark = [pytest.mark.faults, pytest.mark.long]

TIMES = ["seconds", "trace_seconds", "cell_seconds"]
CLUSTER = """
import sys, time
from distributed import LocalCluster

if __name__ == "__main__":
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
OWN = """
import time
from pathlib import Path

def noisy(problem, rng):
    if problem.tasks > 2:  # the warm-up has two
        with (Path(__file__).parent / "calls").open("a") as calls:
            calls.write("x")
        time.sleep(0.05)
    return rng.integers(0, problem.nodes, problem.tasks)
"""
SWEEP = """
problems = ["braun:u_c_hihi:8x3"]
repetitions = 15
budget = { evaluations = 60 }
[solvers.atsa]
[solvers.own]
solver = "own.py:noisy"
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a scheduler with two workers, in processes of their own."""
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.communicate(timeout=30)


@pytest.fixture
def config(tmp_path: Path) -> SweepConfig:
    """Return a sweep of 30 cells."""
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    return read_config(tmp_path / "sweep.toml")


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Compare tables bit by bit, but for the times that were measured."""
    assert_frame_equal(first.drop(columns=TIMES), second.drop(columns=TIMES), check_exact=True)


def worker_pids(address: str) -> list[int]:
    """Return the process ids of the cluster's workers."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def scheduler_pid(address: str) -> int:
    """Return the process id of the scheduler."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return int(client.run_on_scheduler(os.getpid))


def test_a_cluster_gives_the_bits_of_one_process(cluster: str, config: SweepConfig, tmp_path: Path):
    cells = run_sweep(config, tmp_path / "far", cluster=cluster)
    assert len(cells) == 30
    assert_same(cells, run_sweep(config, tmp_path / "near"))


def test_a_worker_that_is_killed_costs_its_cell_a_second_run(
    cluster: str, config: SweepConfig, tmp_path: Path
):
    victim = worker_pids(cluster)[0]
    struck = []

    def strike(done: int, total: int) -> None:
        if done == 10 and not struck:
            struck.append(victim)
            os.kill(victim, signal.SIGKILL)

    cells = run_sweep(config, tmp_path / "far", cluster=cluster, report=strike)
    assert struck
    calls = len((tmp_path / "calls").read_text())
    assert 15 <= calls <= 18  # the cell that ran, and results that were still on their way
    assert_same(cells, run_sweep(config, tmp_path / "near"))


def test_what_a_cluster_cannot_do_is_refused(config: SweepConfig, tmp_path: Path):
    for address in ("", "localhost", "tcp://", "http://host:1", "tcp://host:x"):
        with pytest.raises(InputError, match=r"^--cluster: got"):
            check_address(address)
    check_address("tcp://host:8786")


def test_a_scheduler_that_is_not_there_is_said(
    config: SweepConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    monkeypatch.setattr("edgeopt.experiments.runs.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match="must be a Dask scheduler"):
        run_sweep(config, tmp_path / "out", cluster="tcp://127.0.0.1:1")


HARMFUL = """
import os, time

def leaves(problem, rng):
    if problem.tasks > 2:
        os._exit(7)
    return rng.integers(0, problem.nodes, problem.tasks)

def hangs(problem, rng):
    time.sleep(300 if problem.tasks > 2 else 0)

def fine(problem, rng):
    return rng.integers(0, problem.nodes, problem.tasks)
"""


def test_a_solver_harms_itself_only(cluster: str, tmp_path: Path):
    (tmp_path / "own.py").write_text(HARMFUL)
    solvers = {
        name: {"solver": f"{tmp_path}/own.py:{name}"} for name in ("leaves", "hangs", "fine")
    }
    budget, more = {"evaluations": 20}, {"mct": {"solver": "mct"}}
    config = SweepConfig(("braun:u_c_hihi:8x3",), 2, 1, budget, solvers | more, time_limit=1.5)
    workers = worker_pids(cluster)
    cells = run_sweep(config, tmp_path / "out", cluster=cluster).set_index("solver")
    assert cells["status"].groupby(level=0).first().to_dict() == {
        **dict.fromkeys(("leaves", "hangs"), "failed"),
        **dict.fromkeys(("fine", "mct"), "finished"),
    }
    assert cells.loc["leaves", "error"].str.contains("exit code 7").all()
    assert cells.loc["hangs", "error"].eq("time limit of 1.5 s").all()
    assert worker_pids(cluster) == workers


def test_a_scheduler_that_dies_is_said_and_costs_nothing(
    cluster: str, config: SweepConfig, tmp_path: Path
):
    def strike(done: int, total: int) -> None:
        if done == 10:
            os.kill(scheduler_pid(cluster), signal.SIGKILL)

    with pytest.raises(InputError, match="a scheduler that runs to the end"):
        run_sweep(config, tmp_path / "out", cluster=cluster, report=strike)
    assert len(scan_store(tmp_path / "out")) >= 10
