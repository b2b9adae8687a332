"""Which code a row was made with."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgeopt.optim
import edgeopt.problems
from edgeopt.experiments.runs import provenance as module
from edgeopt.experiments.runs.provenance import code_version, full_provenance


def version_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the code version as if the sources stood in `folder`."""
    for package in (edgeopt.problems, edgeopt.optim):
        name = package.__name__
        monkeypatch.setattr(package, "__path__", [str(folder / name)])
    code_version.cache_clear()
    try:
        return code_version()
    finally:
        code_version.cache_clear()


def test_the_version_is_that_of_the_sources_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here = code_version()
    for package in (edgeopt.problems, edgeopt.optim):
        shutil.copytree(package.__path__[0], tmp_path / package.__name__)
    assert version_of(tmp_path, monkeypatch) == here
    (tmp_path / "optim" / "notes.txt").write_text("no source")
    assert version_of(tmp_path, monkeypatch) == here
    for name in ("optim/scheduling/solve.py", "problems/errors.py"):
        path = tmp_path / name
        source = path.read_text()
        path.write_text(source + "# changed\n")
        assert version_of(tmp_path, monkeypatch) != here
        path.write_text(source)
    (tmp_path / "optim" / "new.py").touch()
    assert version_of(tmp_path, monkeypatch) != here


def test_another_process_finds_the_same_version():
    command = "from edgeopt.experiments.runs.provenance import code_version as c; print(c())"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert done.stdout.strip() == code_version()


def test_provenance_says_the_commit_where_there_is_git(monkeypatch: pytest.MonkeyPatch):
    answers = {"rev-parse": "abc", "status": " M file"}
    monkeypatch.setattr(module, "_git", lambda *arguments: answers[arguments[0]])
    assert full_provenance().items() >= {("commit", "abc"), ("dirty", "yes")}
    answers["status"] = ""
    assert full_provenance()["dirty"] == "no"
    monkeypatch.setattr(module, "_git", lambda *arguments: None)
    assert not {"commit", "dirty"} & full_provenance().keys()
    assert full_provenance()["code"] == code_version()
