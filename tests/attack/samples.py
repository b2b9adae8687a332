"""Folders of runs of every kind, each finished and as a kill has left it.

``KIND/done`` is finished, ``KIND/killed`` is not: its rows are in journals. Both are run with
``KIND/run.toml``.
"""

import contextlib
import importlib.util
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from fuzz.outcome import Outcome, run_command
from learning_files import SYSTEM

SWEEP = """
problems = ["paper:6x2:seed=0", "times.csv"]
repetitions = 3
seed = 1
budget = { evaluations = 40 }
[solvers.mct]
[solvers.atsa]
ants = 2
"""
SIMULATION = """
network = "resnet34:input=32:classes=10"
system = "table1"
nodes = [2, 3]
tasks = 30
repetitions = 2
seed = 5
[streams.poisson]
[streams.bursty]
rates_hz = [30.0, 90.0]
dwell_s = [1.0, 1.0]
[schemes.cloud-only]
[schemes.split]
scheme = "collaborative"
cut = 20
"""
LEARNING = """
data = "digits"
network = "resnet-digits"
system = "system.toml"
repetitions = 2
seed = 1
[training]
periods = 3
window = 2
batch = 4
[schemes.collaborative]
cut = 5
"""
TUNING = """
trials = 6
seed = 3
solver = { solver = "aco", ants = 3 }
budget = { evaluations = 30 }
training = { problems = ["paper:6x2:seed=100", "paper:6x2:seed=101"], repetitions = 2 }
held_out = { problems = ["paper:6x2:seed=0", "paper:6x2:seed=1"], repetitions = 2 }
"""
TIMES = "3,1\n2,4\n5,5\n1,2\n"
FILES = {
    "sweep": {"run.toml": SWEEP, "times.csv": TIMES},
    "simulation": {"run.toml": SIMULATION},
    "learning": {"run.toml": LEARNING, "system.toml": SYSTEM},
    "tuning": {"run.toml": TUNING},
}
COMMANDS = {"sweep": "sweep", "simulation": "simulate", "learning": "learn", "tuning": "tune"}
"""The command of each kind of run."""

_DRAWING = (
    "edgeopt.experiments.tuning.results.draw_figures",
    "edgeopt.experiments.simulation.figures.plot_simulation",
    *["edgeopt.experiments.learning.figures.plot_learning"]
    * bool(importlib.util.find_spec("torch")),
)
_KEPT = {"sweep": 5, "simulation": 6, "tuning": 3}  # rows or trials, after which a run is killed
_PERIODS = 5  # of learning, of which a run has three


class Killed(BaseException):
    """Ends a run as a kill does."""


def make_sample(kind: str, folder: Path) -> None:
    """Write the files of a kind of run into a folder, and run them; torch may be missing."""
    folder.mkdir(parents=True)
    for name, text in FILES[kind].items():
        (folder / name).write_text(text)
    if kind == "learning" and importlib.util.find_spec("torch") is None:
        return
    with working_in(folder), quick(), _even_clock():
        outcome = run_kind(kind, folder, Path("done"), seconds=300)
        assert outcome.code == 0, outcome
        with _killed(kind), contextlib.suppress(Killed):
            _run_here(kind, folder / "run.toml", folder / "killed")
    assert (folder / "killed").is_dir()


def run_kind(kind: str, sample: Path, out: Path, *options: str, seconds: int = 15) -> Outcome:
    """Run the file of a sample into a folder, or finish what is there."""
    arguments = [COMMANDS[kind], str(sample / "run.toml"), "--out", str(out), *options]
    return run_command(arguments, seconds=seconds)


def _run_here(kind: str, file: Path, out: Path) -> None:
    """Run a file and raise `Killed` when some of it is done."""

    def report(*counts: Any) -> None:
        if counts[-2] == _KEPT.get(kind):
            raise Killed

    if kind == "tuning":
        from edgeopt.experiments.tuning.config import read_tuning
        from edgeopt.experiments.tuning.run import run_tuning

        run_tuning(read_tuning(file), out, report=report)
        return
    from edgeopt.experiments.runs.run import run_sweep

    run_sweep(_read(kind, file), out, report=report)


def _read(kind: str, file: Path) -> Any:
    """Return the configuration in a file of runs."""
    if kind == "sweep":
        from edgeopt.experiments.sweep.config import read_config

        return read_config(file)
    if kind == "simulation":
        from edgeopt.experiments.simulation.config import read_simulation

        return read_simulation(file)
    from edgeopt.experiments.learning.config import read_learning

    return read_learning(file)


@contextlib.contextmanager
def _killed(kind: str) -> Iterator[None]:
    """Leave journals as they are at the end of a run; stop a training between two periods."""
    with contextlib.ExitStack() as stack:
        if kind != "tuning":
            stack.enter_context(mock.patch("edgeopt.experiments.runs.run.compact"))
        if kind == "learning":
            from edgeopt.experiments.learning import run

            saves, save = [0], run.save_run

            def save_and_stop(*arguments: Any) -> None:
                save(*arguments)
                saves[0] += 1
                if saves[0] == _PERIODS:
                    raise Killed

            stack.enter_context(mock.patch.object(run, "save_run", save_and_stop))
        yield


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Neither draw figures of runs nor wait for the disk."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("os.fsync"))
        for name in _DRAWING:
            stack.enter_context(mock.patch(name, return_value=[]))
        yield


@contextlib.contextmanager
def _even_clock() -> Iterator[None]:
    """Have times that are equal whenever the samples are made, so that files are."""
    ticks = itertools.count()
    with mock.patch("time.perf_counter", side_effect=(tick / 1024 for tick in ticks)):
        yield


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Make a folder the working folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def copy_case(sample: Path, state: str, case: Path) -> None:
    """Copy a folder of runs, ``done`` or ``killed``."""
    shutil.copytree(sample / state, case, symlinks=True)


def has_torch() -> bool:
    """Whether learning can be run."""
    return importlib.util.find_spec("torch") is not None
