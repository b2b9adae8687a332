"""Several processes on one PostgreSQL server."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import optuna
import pytest
from tuning_runs import run_study

from edgeopt.experiments.tuning.config import TuneConfig, read_tuning
from edgeopt.experiments.tuning.run import run_tuning
from edgeopt.experiments.tuning.storage import open_database, open_journal, open_study, study_name
from edgeopt.problems.errors import InputError

pytestmark = [pytest.mark.faults, pytest.mark.long]

psycopg = pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
PLACES = ["/usr/local/bin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
TUNING = """
trials = 12
seed = 5
sampler = "random"
racing = 0
solver = { solver = "slow.py:Slow" }
budget = { evaluations = 40 }
training = { problems = ["paper:12x3:seed=100", "paper:12x3:seed=101"] }
held_out = { problems = ["paper:12x3:seed=0", "paper:12x3:seed=1"] }
"""
SLOW = """
import time
from dataclasses import dataclass
from pathlib import Path
from edgeopt.problems.parameters import parameter
from edgeopt.optim.scheduling import ACO

@dataclass(frozen=True)
class Slow:
    rho: float = parameter(0.5, "evaporation", at_least=0, at_most=1, search=(0.1, 0.9))

    def init(self, problem, rng):
        return ACO(ants=4, rho=self.rho).init(problem, rng)

    def step(self, problem, state):
        time.sleep(0.0 if Path(__file__).with_name("fast").exists() else 0.01)
        return ACO(ants=4, rho=self.rho).step(problem, state)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run PostgreSQL on a free port in a folder of its own, and return its URL."""
    binary = shutil.which("postgres", path=os.pathsep.join([*PLACES, os.environ.get("PATH", "")]))
    if binary is None:
        pytest.skip("PostgreSQL is not installed")
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("running as root, and there is no user postgres")
        who = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        if who:
            shutil.chown(folder, "postgres")
        programs, data = Path(binary).resolve().parent, Path(folder) / "data"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        create = [programs / "initdb", "-D", data, "-U", "edge", "-A", "trust", "--no-sync"]
        subprocess.run(create, check=True, cwd=folder, **quiet, **who)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        start = [programs / "postgres", "-D", data, "-p", str(port), *options]
        process = subprocess.Popen(start, cwd=folder, **quiet, **who)
        try:
            url = f"postgresql://edge:geheim@127.0.0.1:{port}/postgres"
            _wait_for(url)
            yield url.replace("postgresql:", "postgresql+psycopg:")
        finally:
            process.send_signal(signal.SIGINT)  # ends the server without waiting for clients
            process.wait(30)


def _wait_for(url: str) -> None:
    """Wait until the server answers."""
    for _ in range(200):
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    pytest.fail("PostgreSQL did not start")


@pytest.fixture
def tuning(tmp_path: Path) -> Path:
    """Return a tuning file that takes a while."""
    (tmp_path / "slow.py").write_text(SLOW)
    path = tmp_path / "slow.toml"
    path.write_text(TUNING)
    return path


def alone(config: TuneConfig, path: Path) -> list[tuple[object, ...]]:
    """Return the trials that one process runs in its own journal."""
    study = open_study(config, open_journal(path))
    run_study(config, study, "me", alone=True)
    return content(study.trials)


def content(trials: list[optuna.trial.FrozenTrial]) -> list[tuple[object, ...]]:
    """Return what trials are and what they have found."""
    return [(t.number, t.state, t.params, t.values, t.intermediate_values) for t in trials]


def running(storage: optuna.storages.BaseStorage, name: str) -> set[str]:
    """Return the workers that have a trial under way."""
    if name not in optuna.get_all_study_names(storage):
        return set()
    trials = optuna.load_study(study_name=name, storage=storage).trials
    return {t.user_attrs.get("worker", "") for t in trials if not t.state.is_finished()} - {""}


@pytest.mark.usefixtures("no_figures")
def test_two_processes_one_of_them_killed(
    server: str, tuning: Path, tmp_path: Path, edgeopt: Callable
) -> None:
    config = read_tuning(tuning)
    name = study_name(config.identity)
    words = ["tune", str(tuning), "--storage", server, "--out"]

    def wait_for(workers: int) -> None:
        deadline = time.monotonic() + 60
        with open_database(server) as storage:
            while len(running(storage, name)) < workers and time.monotonic() < deadline:
                time.sleep(0.05)

    def kill() -> None:
        wait_for(2)
        first.kill()
        (tmp_path / "fast").touch()

    command = [sys.executable, "-m", "edgeopt.experiments.cli", *words, str(tmp_path / "first")]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(1)
    killing = Thread(target=kill)
    killing.start()
    second = edgeopt(*words, str(tmp_path / "second"))
    killing.join()
    first.wait()
    assert second.code == 0, second.err
    assert "1 trials are running in other processes" in second.out
    assert not (tmp_path / "second" / "best.toml").exists()
    outcome = run_tuning(config, tmp_path / "first", storage=server)
    assert outcome.running == 0
    with open_database(server) as storage:
        trials = optuna.load_study(study_name=name, storage=storage).trials
    assert content(trials) == alone(config, tmp_path / "journal.log")
    assert len({t.user_attrs["worker"] for t in trials}) == 2
    assert run_tuning(config, tmp_path / "second", storage=server).page == outcome.page
    for path in (tmp_path / "first").rglob("*.json"):
        assert "geheim" not in path.read_text()


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("sampler", ["tpe", "cma-es", "grid"])
def test_one_process_finds_the_same_there(
    sampler: str, server: str, make_config: Callable[..., TuneConfig], tmp_path: Path
) -> None:
    config = make_config(sampler=sampler, parameters=("ants", "rho"), levels=3, trials=12)
    with open_database(server) as storage:
        study = open_study(config, storage)
        run_study(config, study, "me", alone=False)
        found = content(study.trials)
    assert found == alone(config, tmp_path / "journal.log")


@pytest.mark.usefixtures("no_figures")
def test_a_server_that_goes_away(
    server: str, make_config: Callable[..., TuneConfig], tmp_path: Path
) -> None:
    def cut_off(what: str, done: int, total: int) -> None:
        if done == 2:
            with psycopg.connect(server.replace("+psycopg", "")) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
                )

    config = make_config(seed=77)
    with pytest.raises(InputError, match=r"--storage.*\*\*\*.*can be reached") as error:
        run_tuning(config, tmp_path / "out", storage=server, report=cut_off)
    assert "geheim" not in str(error.value)
    assert run_tuning(config, tmp_path / "out", storage=server).running == 0
    with open_database(server) as storage:
        study = open_study(config, storage)
        assert content(study.trials) == alone(config, tmp_path / "journal.log")
