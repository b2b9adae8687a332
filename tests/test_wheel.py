"""What an installation holds, and that it works beside modules of a user's own."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = {"experiments/face": "", "optim": "optim", "problems": "problems"}
FOLDERS |= {"experiments": "experiments"}  # after its folder `face`, which is the package itself
SOURCES = ("problems", "optim", "experiments", "pyproject.toml", "README.md", "LICENSE")
DATA = {".csv", ".css", ".gz", ".html", ".js", ".pyi", ".toml", ".typed"}
SOLVER = """\
def slowest(problem, rng):
    return problem.matrix.argmax(axis=1)
"""
SCRIPT = """\
import edgeopt_solver
import experiments
import optim
import problems

from edgeopt import Problem, find_solver, load_network, solve
from edgeopt.experiments import SweepConfig
from edgeopt.optim.scheduling import lpt

assert [module.OWNER for module in (experiments, problems, optim)] == ["user"] * 3
problem = Problem([[3.0, 5.0], [2.0, 1.0]])
found = [solve(problem, one).makespan for one in (lpt, edgeopt_solver.slowest)]
assert solve(problem, find_solver("edgeopt_solver.py:slowest")).makespan == found[1]
print(found, load_network("resnet34").depth, SweepConfig.__module__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of a copy of the sources, built with what is installed."""
    for tool in BUILD["build-system"]["requires"]:
        name, least = tool.split(">=")
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed")
        if int(version.partition(".")[0]) < int(least):
            pytest.skip(f"{name} {version} is too old: {least} or newer builds the wheel")
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir")
    pip(sys.executable, "wheel", *options, str(out), str(copy))
    (built,) = out.glob("*.whl")
    return built


def pip(python: str | Path, *arguments: str) -> None:
    """Run pip for an interpreter."""
    command = [sys.executable, "-m", "pip", "--python", str(python), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def expected() -> set[str]:
    """Return the files of the three folders that an installation needs, as paths in the wheel."""
    found: dict[Path, str] = {}
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", *DATA} and "__pycache__" not in path.parts:
                inner = path.relative_to(ROOT / folder).as_posix()
                found.setdefault(path, "/".join(filter(None, ("edgeopt", package, inner))))
    return set(found.values())


def test_the_wheel_holds_one_package_and_all_of_it(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    (info,) = {name.split("/")[0] for name in names if not name.startswith("edgeopt/")}
    assert info.startswith("edgeopt-")
    assert info.endswith(".dist-info")
    needed = expected()
    assert len(needed) > 300
    assert {"edgeopt/__init__.py", "edgeopt/py.typed", "edgeopt/optim/py.typed"} <= needed
    for place in ("problems/scheduling/nn_meter", "experiments/report/template/uplot"):
        needed.add(f"edgeopt/{place}/LICENSE.txt")
    assert needed - names == set()
    held = {name for name in names if Path(name).suffix in {".py", *DATA}}
    assert held - needed == set()


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh environment with the wheel, which sees the libraries of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip(python, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    (site,) = folder.glob("lib/python*/site-packages")
    libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site / "libraries.pth").write_text("\n".join(libraries))
    return folder


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """Return a folder whose modules have the names of the project's folders."""
    for package in ("experiments", "problems"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("OWNER = 'user'\n")
    (tmp_path / "optim.py").write_text("OWNER = 'user'\n")
    (tmp_path / "edgeopt_solver.py").write_text(SOLVER)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "tiny.csv").write_text("3,5\n2,1\n4,4\n")
    return tmp_path


def run(environment: Path, folder: Path, command: str, *arguments: str) -> str:
    """Run a program of the environment in a folder and return what it prints."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["NUMBA_DISABLE_JIT"] = "1"  # a new environment has no compiled kernels
    done = subprocess.run(
        [environment / "bin" / command, *arguments],
        cwd=folder, env=variables, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def makespan(environment: Path, folder: Path, solver: str) -> float:
    """Return the makespan that the command finds for the tiny problem."""
    words = ("schedule", "tiny.csv", "--solver", solver, "--json")
    found: float = json.loads(run(environment, folder, "edgeopt", *words))["makespan"]
    return found


def test_the_installed_command_runs(wheel: Path, environment: Path, user: Path):
    said = run(environment, user, "edgeopt", "--version").strip()
    assert wheel.name.split("-")[:2] == ["edgeopt", said]
    assert said == BUILD["tool"]["setuptools_scm"]["fallback_version"]  # a copy without git
    assert "atsa-repaired" in run(environment, user, "edgeopt", "solvers")
    assert makespan(environment, user, "lpt") == 5.0


def test_modules_of_the_same_names_do_not_meet(environment: Path, user: Path):
    assert run(environment, user, "python", "script.py") == (
        "[3.0, 5.0] 34 edgeopt.experiments.sweep.config\n"
    )


def test_solvers_of_other_distributions_are_found(environment: Path, user: Path):
    (site,) = environment.glob("lib/python*/site-packages")
    info = site / "edgeopt_solver-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: edgeopt-solver\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgeopt.solvers]\nslowest = edgeopt_solver:slowest\n")
    shutil.copy(user / "edgeopt_solver.py", site)
    assert makespan(environment, user, "slowest") == 6.0  # nodes 1, 0, 0: 5 s and 2 + 4 s
