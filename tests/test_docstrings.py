"""Docstrings say what the signatures say."""

import builtins
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import edgeopt.experiments
import edgeopt.optim
import edgeopt.problems

pytest.importorskip("numpydoc")

from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

PACKAGES = (edgeopt.problems, edgeopt.optim, edgeopt.experiments)
SECTIONS = {
    *("GL05", "GL07"),  # headings that stand in their order
    *("PR01", "PR02", "PR03", "PR05", "PR06", "PR07", "PR10"),  # parameters: those of the signature
    *("RT02", "RT03"),  # what is returned, described
}
CHILDREN = "edgeopt.experiments.peers.child"  # need libraries that this process may not load


def modules() -> Iterator[ModuleType]:
    """Yield all modules but those that need a library which is not installed."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.startswith(CHILDREN):
                continue
            try:
                yield importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                if str(error.name).startswith(tuple(one.__name__ for one in PACKAGES)):
                    raise


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the functions and classes that the module defines, and the methods of these."""
    for name, thing in list(vars(module).items()):
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if callable(thing) and getattr(thing, "__doc__", None):
            yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for member, method in vars(thing).items():
                if inspect.isfunction(method) and not member.startswith("_"):
                    yield f"{module.__name__}.{name}.{member}", method


@pytest.fixture(scope="module")
def things() -> dict[str, Any]:
    return dict(pair for module in modules() for pair in public(module))


def test_parameters_are_those_of_the_signature(things: dict[str, Any]):
    assert len(things) > 800
    found = []
    for name, thing in things.items():
        if "Parameters\n----" not in inspect.getdoc(thing):
            continue
        errors = validate(name)["errors"]
        found += [f"{name}: {text}" for code, text in errors if code in SECTIONS]
    assert not found


def test_attributes_are_those_of_the_class(things: dict[str, Any]):
    found = []
    for name, thing in filter(lambda pair: inspect.isclass(pair[1]), things.items()):
        listed = NumpyDocString(inspect.getdoc(thing))["Attributes"]
        names = {part.strip() for entry in listed for part in entry.name.split(",")}
        unknown = names - {*dir(thing), *annotated(thing)}
        source = inspect.getsource(thing) if unknown else ""
        found += [f"{name}: {one}" for one in unknown if f"self.{one} =" not in source]
    assert not found


def annotated(thing: type) -> Iterator[str]:
    for base in thing.__mro__:
        yield from inspect.get_annotations(base)


def test_errors_named_exist(things: dict[str, Any]):
    known = {name.rpartition(".")[2] for name in things} | set(vars(builtins))
    known |= {name for module in modules() for name in vars(module)}
    found = []
    for name, thing in things.items():
        text = NumpyDocString(inspect.getdoc(thing))
        entries = [entry.type or entry.name for entry in (*text["Raises"], *text["Warns"])]
        kinds = {kind.strip() for entry in entries for kind in entry.split(",")}
        found += [f"{name}: {kind}" for kind in kinds - known]
    assert not found
