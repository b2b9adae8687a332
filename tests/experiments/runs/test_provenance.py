"""Versions of the code that rows are made with."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import edgeopt.experiments
import edgeopt.optim
import edgeopt.problems
from edgeopt.experiments.runs import provenance as module
from edgeopt.experiments.runs.provenance import code_of, code_version, full_provenance
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.heuristics.list_rules import mct

COMPILED = shutil.ignore_patterns("__pycache__")


def folder_of(package: ModuleType) -> str:
    """Return the name of a package's folder, e.g. ``optim`` of `edgeopt.optim`."""
    return package.__name__.rpartition(".")[2]


def version_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the code version as if the sources were in `folder`."""
    for package in (edgeopt.problems, edgeopt.optim):
        monkeypatch.setattr(package, "__path__", [str(folder / folder_of(package))])
    code_version.cache_clear()
    try:
        return code_version()
    finally:
        code_version.cache_clear()


def test_the_version_is_that_of_the_sources_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here = code_version()
    for package in (edgeopt.problems, edgeopt.optim):
        shutil.copytree(package.__path__[0], tmp_path / folder_of(package), ignore=COMPILED)
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


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with copies of all sources, which are hashed instead of the sources."""
    for package in (edgeopt.problems, edgeopt.optim, edgeopt.experiments):
        copy = tmp_path / folder_of(package)
        shutil.copytree(package.__path__[0], copy, ignore=COMPILED)
        monkeypatch.setattr(package, "__path__", [str(copy)])
    yield tmp_path
    forget()


def forget() -> None:
    """Have the sources read again."""
    module._code_of.cache_clear()
    module._tree.cache_clear()


def are_changed_by(parts: list[object], path: Path, text: str = "changed = 1\n") -> list[bool]:
    """Whether an additional line in a file changes the code of each part."""
    forget()
    before, source = [code_of(part) for part in parts], path.read_text()
    path.write_text(source + text)
    forget()
    after = [code_of(part) for part in parts]
    path.write_text(source)
    return [one != other for one, other in zip(before, after, strict=True)]


def is_changed_by(part: object, path: Path, text: str = "changed = 1\n") -> bool:
    """Whether an additional line in a file changes the code of a part."""
    return are_changed_by([part], path, text) == [True]


def test_what_a_solver_imports_is_its_code(copied: Path):
    files = {
        "optim/scheduling/colony/atsa.py": True,
        "optim/scheduling/colony/pheromone.py": True,  # by way of the colony
        "problems/scheduling/problem.py": True,  # by way of its package
        "optim/scheduling/pso.py": False,
        "optim/scheduling/catalog.py": False,
        "optim/scheduling/__init__.py": False,
        "experiments/runs/pool.py": False,
    }
    for file, changed in files.items():
        found = are_changed_by([ATSA.printed(), mct], copied / file)
        assert found == [changed, changed and "problem" in file], file


def test_imports_in_functions_count_and_those_for_types_do_not(copied: Path):
    solver, other = (
        copied / "optim/scheduling/heuristics/list_rules.py",
        copied / "optim/scheduling/pso.py",
    )
    source = solver.read_text()
    solver.write_text(f"{source}\ndef late():\n    from edgeopt.optim.scheduling import PSO\n")
    assert is_changed_by(make_solver("met"), other)
    solver.write_text(
        f"{source}\nif TYPE_CHECKING:\n    from edgeopt.optim.scheduling import PSO\n"
    )
    assert not is_changed_by(make_solver("met"), other)


def test_catalog_and_engine_are_not_followed(copied: Path):
    solver = copied / "optim/scheduling/heuristics/list_rules.py"
    text = (
        "\nfrom edgeopt.optim.scheduling import make_solver"
        "\nfrom edgeopt.experiments.runs.run import run_sweep\n"
    )
    solver.write_text(solver.read_text() + text)
    met = make_solver("met")
    assert is_changed_by(met, copied / "optim/scheduling/catalog.py")
    assert not is_changed_by(met, copied / "optim/scheduling/pso.py")
    assert not is_changed_by(met, copied / "experiments/runs/run.py")


@pytest.mark.parametrize("package", ["edgeopt", "edgeopt.optim.scheduling"])
def test_a_users_solver_is_followed(copied: Path, package: str):
    own = copied / "own.py"
    own.write_text(f"from {package} import PSO\n\ndef f(problem, rng):\n    return [0]\n")
    solver = make_solver(f"{own}:f")
    assert is_changed_by(solver, copied / "optim/scheduling/pso.py")
    assert not is_changed_by(solver, copied / "optim/scheduling/colony/atsa.py")
    assert not is_changed_by(solver, own)  # what has been read is what runs
    before = code_of(solver)
    own.write_text(f"{own.read_text()}changed = 1\n")
    assert code_of(make_solver(f"{own}:f")) != before


def test_the_programs_of_peers_are_their_code(copied: Path):
    peers = copied / "experiments/peers"
    for solver, file in (
        ("child_peers.py:Highs", "child/highs_milp.py"),  # runs in a process of its own
        ("child_peers.py:CpSat", "child/run.py"),
        ("pymoo_ga.py:Ga", "population.py"),  # has the objective
    ):
        assert is_changed_by(make_solver(f"{peers / solver}"), peers / file), solver


def test_comments_docstrings_and_formatting_are_no_change(copied: Path):
    own = copied / "optim/scheduling/heuristics/list_rules.py"
    met = make_solver("met")
    assert not is_changed_by(met, own, "\n# a comment\n")
    before, source = code_of(met), own.read_text()
    own.write_text(ast.unparse(ast.parse(source)).replace('"""Return', '"""Give back'))
    forget()
    assert code_of(met) == before
    own.write_text(f"{source}\n'no docstring'\n")
    forget()
    assert code_of(met) != before


def test_another_process_finds_the_same_version():
    command = """
from edgeopt.experiments.runs.provenance import code_of, code_version
from edgeopt.optim.scheduling import ATSA
print(code_version(), code_of(ATSA))
"""
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert done.stdout.split() == [code_version(), code_of(ATSA)]


def test_provenance_says_the_commit_where_there_is_git(monkeypatch: pytest.MonkeyPatch):
    answers = {"rev-parse": "abc", "status": " M file"}
    monkeypatch.setattr(module, "_git", lambda *arguments: answers[arguments[0]])
    assert full_provenance().items() >= {("commit", "abc"), ("dirty", "yes")}
    answers["status"] = ""
    assert full_provenance()["dirty"] == "no"
    monkeypatch.setattr(module, "_git", lambda *arguments: None)
    assert not {"commit", "dirty"} & full_provenance().keys()
    assert full_provenance()["code"] == code_version()
