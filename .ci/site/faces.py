"""The pages of the API, one for each package, from what the package exports."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

from pages import Site

PACKAGE = "edgeopt"

LAYERS = ("problems", "optim", "experiments")

HIDDEN = (  # export nothing; `face` is the package edgeopt itself
    "edgeopt.experiments.commands",
    "edgeopt.experiments.face",
    "edgeopt.experiments.paper.",
    "edgeopt.experiments.peers.child",
)


def write_faces(site: Site) -> None:
    """Write a page for each package, and their contents."""
    faces = _faces()
    homes = _homes(faces)
    for name, face in faces.items():
        site.write(f"api/{name}.rst", _page(name, face, homes))
    entries = "\n".join(f"   {name}" for name in faces)
    site.write("api/index.rst", CONTENTS.format(summary=_summary(faces), entries=entries))


CONTENTS = """API
===

Each package exports what its users need. The names of :py:mod:`edgeopt`, which notebooks need most,
are described where they are defined. Modules below the packages are not part of the interface.

{summary}

.. toctree::
   :hidden:

{entries}
"""


def _faces() -> dict[str, ModuleType]:
    """Return the packages by name."""
    found = {PACKAGE: importlib.import_module(PACKAGE)}
    for layer in LAYERS:
        package = found[f"{PACKAGE}.{layer}"] = importlib.import_module(f"{PACKAGE}.{layer}")
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if one.ispkg and not one.name.startswith(HIDDEN):
                found[one.name] = importlib.import_module(one.name)
    return found


def _homes(faces: dict[str, ModuleType]) -> dict[int, str]:
    """Return by identity the lowest package that exports an object."""
    homes: dict[int, str] = {}
    for name in sorted(faces, key=lambda name: name.count(".")):
        for exported in faces[name].__all__:
            homes[id(getattr(faces[name], exported))] = name
    return homes


def _page(name: str, face: ModuleType, homes: dict[int, str]) -> str:
    """Return the page of a package: all names in a table, then what is at home here."""
    shown: dict[str, Any] = {each: getattr(face, each) for each in face.__all__}
    shown = {each: value for each, value in shown.items() if not inspect.ismodule(value)}
    places = [f"   ~{homes[id(value)]}.{each}" for each, value in shown.items()]
    lines = [name, "=" * len(name), "", inspect.getdoc(face) or ""]
    if places:  # before the module is named: autosummary wants full names of other modules only
        lines += ["", ".. autosummary::", "   :nosignatures:", "", *places]
    lines += ["", f".. py:module:: {name}"]
    for each, value in shown.items():
        if homes[id(value)] == name:
            lines += ["", f".. {_directive(value)}:: {name}.{each}"]
    return "\n".join(lines) + "\n"


def _directive(value: Any) -> str:
    """Return the directive that describes an object."""
    if inspect.isclass(value):
        return "autoclass"
    return "autofunction" if inspect.isroutine(value) else "autodata"


def _summary(faces: dict[str, ModuleType]) -> str:
    """Return a table of the packages."""
    rows = [".. list-table::", "   :widths: 40 60", ""]
    for name, face in faces.items():
        first = (inspect.getdoc(face) or "").splitlines()[0]
        rows += [f"   * - :py:mod:`{name}`", f"     - {first}"]
    return "\n".join(rows)
