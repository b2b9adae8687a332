"""The command line in this process, and a sweep that takes no time."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from edgeopt.experiments.cli import main


class Outcome(NamedTuple):
    """What a command leaves: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


SWEEP = """
problems = ["paper:20x3:seed=0", "times.csv"]
repetitions = 3
seed = 1
budget = { evaluations = 60 }

[solvers.mct]
[solvers.atsa]
[solvers.many-ants]
solver = "atsa"
ants = 30
"""


@pytest.fixture
def edgeopt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Outcome]:
    """Return the command `edgeopt`, run in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    # compiling may take longer than the time after which a command has a line of progress
    monkeypatch.setattr("edgeopt.experiments.runs.progress._LINE_SECONDS", 3600.0)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["edgeopt", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        return Outcome(int(stop.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have figures made but not drawn, which takes most of the time."""

    def save(figure: object, file: BinaryIO, **_: object) -> None:
        file.write(b"not drawn")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", save)


@pytest.fixture
def sweep_file(tmp_path: Path) -> Path:
    """Return a sweep of 18 cells over a generated problem and a file."""
    (tmp_path / "times.csv").write_text("3,1\n2,4\n5,5\n1,2\n")
    path = tmp_path / "sweep.toml"
    path.write_text(SWEEP)
    return path
