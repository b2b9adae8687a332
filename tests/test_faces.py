"""The public faces: every name can be imported and shows how it is used."""

import doctest
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import edgeopt

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "experiments" / "examples"
FACELESS = {  # packages that nobody but the command line imports
    "edgeopt.experiments.commands",
    "edgeopt.experiments.paper.fig7",
    "edgeopt.experiments.peers.child",
}
EXTRAS = {  # what a name or its example needs, beyond what edgeopt itself depends on
    "edgeopt.experiments.learning": ("torch", "sklearn"),
    "edgeopt.experiments.peers.pygmo_peers": ("pygmo",),
    "edgeopt.experiments.peers.pymoo_ga": ("pymoo",),
    "edgeopt.experiments.statistics.tests": ("statsmodels", "scikit_posthocs"),
    "edgeopt.optim.learning": ("torch",),
    "edgeopt.problems.datasets.load": ("sklearn",),
}
ILLUSTRATED = re.compile(r"`{1,2}examples/(\w+\.py)`{1,2}")
HEAVY = ("cvxpy", "pandas", "matplotlib", "optuna", "torch", "scipy.stats")


def packages() -> list[ModuleType]:
    """Return edgeopt and every package below it that has users of its own."""
    found = pkgutil.walk_packages(edgeopt.__path__, "edgeopt.")
    names = [one.name for one in found if one.ispkg and one.name != "edgeopt.experiments.face"]
    return [edgeopt, *(importlib.import_module(name) for name in names if name not in FACELESS)]


def exported() -> Iterator[tuple[str, str]]:
    """Yield pairs of a package and a name that it exports."""
    for package in packages():
        for name in package.__all__:
            yield package.__name__, name


def need(module: str) -> None:
    """Skip where a library is missing that an optional module needs."""
    for place, libraries in EXTRAS.items():
        if f"{module}.".startswith(f"{place}."):
            for library in libraries:
                pytest.importorskip(library)


def objects() -> dict[str, Any]:
    """Return what the faces export, by name, without packages and without what is not installed."""
    found = {}
    for package, name in exported():
        try:
            value = getattr(importlib.import_module(package), name)
        except ModuleNotFoundError as error:
            if str(error.name).startswith("edgeopt"):
                raise
            continue
        if not inspect.ismodule(value) and not isinstance(value, str):
            found[name] = value
    return found


def module_of(package: str, name: str) -> str:
    """Return the module that a package's stub imports a name from."""
    place = Path(importlib.import_module(package).__file__ or "").with_suffix(".pyi")
    text = re.sub(r"[()]", "", place.read_text(encoding="utf-8"))
    lines = re.findall(r"^from \.(\S*) import ([^.]*?)(?=^from|^__all__|\Z)", text, re.M | re.S)
    for module, names in lines:
        if name in re.findall(r"\w+", names):
            return f"{package}.{module}".rstrip(".")
    raise AssertionError(f"{package} has no {name}")


def test_every_package_has_a_face_in_a_stub():
    faces = packages()
    assert len(faces) > 30
    for package in faces:
        stub = Path(package.__file__ or "").with_suffix(".pyi")
        assert stub.is_file(), package.__name__
        assert package.__all__, package.__name__
        listed = re.findall(r'^    "(\w+)",$|"(\w+)"', stub.read_text(encoding="utf-8"), re.M)
        assert sorted(package.__all__) == sorted("".join(pair) for pair in listed)


@pytest.mark.parametrize(("package", "name"), exported())
def test_a_name_is_documented(package: str, name: str, known: dict[str, Any]):
    need(module_of(package, name))
    value = getattr(importlib.import_module(package), name)
    if isinstance(value, str):
        assert name == "__version__"
        return
    text = inspect.getdoc(value)
    assert text, name
    assert inspect.ismodule(value) or has_example(text, known), name


def has_example(text: str, known: dict[str, Any]) -> bool:
    """Say whether a docstring has an example or names a tutorial or an object that has one."""
    if ">>>" in text:
        return True
    section = text.rpartition("Examples\n--------\n")[2]
    tutorials = ILLUSTRATED.findall(section)
    if tutorials:
        return all((EXAMPLES / file).is_file() for file in tutorials)
    links = re.findall(r"See `(\w+)`", section)
    return bool(links) and all(">>>" in (inspect.getdoc(known[link]) or "") for link in links)


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return objects()


def examples() -> list[Any]:
    """Return the objects with an example, each of them once."""
    unique: dict[int, Any] = {}
    for package, name in exported():
        with_stub = module_of(package, name)
        if name != "__version__" and not with_stub.endswith(package):
            unique.setdefault(hash((with_stub.rpartition(".")[2], name)), (with_stub, name))
    return sorted(unique.values())


@pytest.mark.parametrize(("module", "name"), examples())
def test_an_example_prints_what_it_says(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    need(module)
    monkeypatch.chdir(tmp_path)
    value = getattr(importlib.import_module(module), name)
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(value) or "", {}, name, None, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    with np.printoptions(legacy=False):
        runner.run(example, out=said.append)
    assert not runner.failures, "".join(said)


def test_a_face_wins_over_a_module_of_the_same_name():
    import edgeopt.optim.scheduling.heuristics.min_min
    import edgeopt.optim.scheduling.solve  # noqa: F401
    from edgeopt.optim import scheduling

    assert inspect.isfunction(scheduling.solve)
    assert inspect.isfunction(scheduling.heuristics.min_min)


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after some code."""
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    return set(done.stderr.split())


def test_importing_edgeopt_is_light():
    found = loaded_by("import edgeopt, edgeopt.optim, edgeopt.problems, edgeopt.experiments")
    assert not found.intersection((*HEAVY, "numba", "scipy", "numpy"))


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_command_line_is_light_before_a_command_is_run(option: str):
    call = f"from edgeopt.experiments import cli\nsys.argv[1:] = ['{option}']\n"
    found = loaded_by(
        f"{call}try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert "edgeopt.experiments.cli" in found
    assert not found.intersection((*HEAVY, "numba", "scipy"))
    assert not any(name.startswith("edgeopt.experiments.commands") for name in found)


def imports(text: str) -> set[str]:
    """Return the modules of edgeopt that a text imports from."""
    found = re.findall(
        r"^\s*(?:from|import) +((?:edgeopt|optim|problems|experiments)\S*)", text, re.M
    )
    return {name.rstrip(",") for name in found}


def test_readers_are_shown_faces_only():
    guides = [ROOT / "README.md", *EXAMPLES.glob("*.py")]
    for folder in ("problems", "optim", "experiments", "results"):
        guides += (ROOT / folder).rglob("*.md")
    faces = {package.__name__ for package in packages()}
    shown = {guide: imports(guide.read_text(encoding="utf-8")) for guide in guides}
    assert sum(map(len, shown.values())) > 20
    assert {str(guide): names - faces for guide, names in shown.items() if names - faces} == {}
