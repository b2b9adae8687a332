"""The public faces: every name can be imported and shows how it is used."""

import ast
import doctest
import importlib
import importlib.metadata
import inspect
import os
import pkgutil
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import edgeopt

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "experiments" / "examples"
LAYERS = ("problems", "optim", "experiments")
FACELESS = {  # packages that nobody but the command line imports, and edgeopt itself
    "edgeopt.experiments.commands",
    "edgeopt.experiments.face",
    "edgeopt.experiments.paper.fig7",
    "edgeopt.experiments.paper.search",
    "edgeopt.experiments.peers.child",
}
EXTRAS = {  # what a name or its example needs, beyond what edgeopt itself depends on
    "edgeopt.experiments.learning": ("torch", "sklearn"),
    "edgeopt.experiments.live.halves": ("torch",),
    "edgeopt.experiments.live.run": ("zmq", "onnxruntime"),
    "edgeopt.experiments.live.small": ("onnx",),
    "edgeopt.experiments.peers.mealpy_peers": ("mealpy",),
    "edgeopt.experiments.peers.nsga2": ("pymoo",),
    "edgeopt.experiments.peers.pygmo_peers": ("pygmo",),
    "edgeopt.experiments.peers.pymoo_ga": ("pymoo",),
    "edgeopt.experiments.statistics.tests": ("statsmodels", "scikit_posthocs"),
    "edgeopt.optim.learning": ("torch",),
    "edgeopt.problems.datasets.load": ("sklearn",),
}
HEAVY = ("cvxpy", "pandas", "matplotlib", "optuna", "torch", "scipy.stats")


def packages() -> list[ModuleType]:
    """Return edgeopt and every package below it that has users of its own."""
    # The layers are walked one by one: an editable install has no folder that holds all three.
    layers = [importlib.import_module(f"edgeopt.{name}") for name in LAYERS]
    walks = [pkgutil.walk_packages(layer.__path__, f"{layer.__name__}.") for layer in layers]
    names = [one.name for walk in walks for one in walk if one.ispkg and one.name not in FACELESS]
    return [edgeopt, *layers, *map(importlib.import_module, names)]


def stub_of(package: ModuleType) -> dict[str, str]:
    """Return by name the module that a package's stub takes it from, itself for a subpackage."""
    stub = Path(package.__file__ or "").with_suffix(".pyi")
    found = {}
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.name] = f"{package.__name__}.{node.module or alias.name}"
    return found


FACES = {package.__name__: stub_of(package) for package in packages()}
EXPORTED = sorted(
    {
        (module, name)
        for face in FACES.values()
        for name, module in face.items()
        if module not in FACES and name != "__version__"
    }
)


def load(module: str, name: str) -> Any:
    """Return what a module exports, or skip where a library is missing that it needs."""
    for place, libraries in EXTRAS.items():
        if f"{module}.".startswith(f"{place}."):
            for library in libraries:
                pytest.importorskip(library)
    return getattr(importlib.import_module(module), name)


def test_every_package_exports_what_its_stub_says():
    assert len(FACES) > 30
    for name, face in FACES.items():
        package = importlib.import_module(name)
        assert (package.__doc__ or "").strip(), name
        assert sorted(package.__all__) == sorted(face)
        stub = Path(package.__file__ or "").with_suffix(".pyi").read_text(encoding="utf-8")
        listed = ast.literal_eval(stub.partition("__all__ = ")[2])
        assert sorted(listed) == sorted(face)


@pytest.mark.parametrize("face", FACES)
def test_a_face_gives_what_its_modules_define(face: str):
    for name, module in FACES[face].items():
        value = None if module in FACES or name == "__version__" else load(module, name)
        given = getattr(importlib.import_module(face), name)
        assert value is None or given is value, name
    assert edgeopt.__version__[0].isdigit()


def test_the_version_of_sources_that_are_not_installed(monkeypatch: pytest.MonkeyPatch):
    def not_installed(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    path = importlib.import_module("edgeopt.version").__file__ or ""
    monkeypatch.setattr(importlib.metadata, "version", not_installed)
    assert runpy.run_path(path)["__version__"] == "0+sources"


@pytest.mark.filterwarnings("ignore:.*measure again on a quiet machine")  # tests share theirs
@pytest.mark.parametrize(("module", "name"), EXPORTED)
def test_a_name_shows_how_it_is_used(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = inspect.getdoc(load(module, name)) or ""
    assert has_example(text), f"{name}: {text}"
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(example, out=said.append)
    assert not said, "".join(said)


def has_example(text: str) -> bool:
    """Say whether a docstring has an example or names a tutorial or an object that has one."""
    section = text.rpartition("Examples\n--------\n")[2]
    if ">>>" in section:
        return True
    tutorials = re.findall(r"``examples/(\w+\.py)``", section)
    if tutorials:
        return all((EXAMPLES / file).is_file() for file in tutorials)
    names = re.findall(r"See `(\w+)`", section)
    targets = [load(*pair) for pair in EXPORTED if pair[1] in names]
    return bool(targets) and all(">>>" in (inspect.getdoc(one) or "") for one in targets)


def test_a_link_that_leads_nowhere_is_no_example():
    assert not has_example("Solve.")
    assert not has_example("Solve.\n\nExamples\n--------\nSee `State`.")
    assert not has_example("Solve.\n\nExamples\n--------\nSee ``examples/nowhere.py``.")
    assert has_example("Solve.\n\nExamples\n--------\nSee `solve`.")


def test_a_face_wins_over_a_module_of_the_same_name():
    import edgeopt.optim.scheduling.heuristics.lp_rounding
    import edgeopt.optim.scheduling.solve  # noqa: F401
    from edgeopt.optim import scheduling

    assert inspect.isfunction(scheduling.solve)
    assert inspect.isfunction(scheduling.heuristics.lp_rounding)


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
    for folder in ("problems", "optim", "experiments", "results", ".ci/site"):
        guides += (ROOT / folder).rglob("*.md")
    shown = {guide: imports(guide.read_text(encoding="utf-8")) for guide in guides}
    assert sum(map(len, shown.values())) > 20
    assert {
        str(guide): names - set(FACES) for guide, names in shown.items() if names - set(FACES)
    } == {}
