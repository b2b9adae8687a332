"""Which code, versions and machine a row was made with."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import edgeopt
import edgeopt.experiments
import edgeopt.optim
import edgeopt.problems
from edgeopt.optim.user_code import UserCode, syntax, user_code
from edgeopt.problems.files import printable
from edgeopt.version import __version__

_OWN = (edgeopt.problems, edgeopt.optim, edgeopt.experiments)

# No outcome depends on the engine, to which this module belongs.
_ENGINE = f"{__name__.rpartition('.')[0]}."

# A catalog imports every entry; the entry that a cell has chosen is hashed by itself.
_CATALOG = "catalog"

# The constant of a module that names the modules which run in processes that it starts.
_PROGRAMS = "PROGRAMS"

_GIT_SECONDS = 10

_PACKAGES = ("numpy", "numba", "scipy", "pandas", "pyarrow")

_PASSWORD = re.compile(r"(//[^:/@\s]*):[^@\s]*@")  # in a URL


@cache
def code_version(*packages: ModuleType) -> str:
    """Return a hash of the sources of `problems` and `optim`, and of further packages."""
    content = hashlib.sha256()
    for package in (edgeopt.problems, edgeopt.optim, *packages):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            source = path.read_bytes()
            name = path.relative_to(root.parent).as_posix()
            content.update(f"{name} {len(source)}\n".encode() + source)
    return content.hexdigest()[:16]


def code_of(*parts: Any) -> str:
    """Return a hash of the code of the modules that define `parts`, and of all that these import.

    Parameters
    ----------
    *parts : function, class, instance or UserCode
        What computes an outcome.

    Notes
    -----
    Comments, docstrings and formatting do not count. Imports are followed through the sources of
    this project and the files beside a user's own file, those inside functions included, but
    neither into the engine nor out of a catalog, whose entries a cell names itself. An import from
    a package counts as one from the module that defines the name.
    """
    names = (part.package if isinstance(part, UserCode) else part.__module__ for part in parts)
    return _code_of(frozenset(names))


@cache
def _code_of(names: frozenset[str]) -> str:
    """Return the hash for the modules of these names."""
    todo, codes = list(names), dict[str, str]()
    while todo:
        name = todo.pop()
        own = user_code(name)
        if own is not None:
            codes[own.package] = own.digest
            todo += [found for tree in own.trees for found in _imports(tree)]
            continue
        path = _own_file(name) or (_foreign_file(name) if name in names else None)
        if path is None or name in codes or name.startswith(_ENGINE):
            continue
        tree = _tree(path)
        codes[name] = f"{path.name} {_text(tree)}"
        if name.rpartition(".")[2] != _CATALOG:
            todo += _imports(tree)
    # by content: a user's file may be anywhere
    return hashlib.sha256("\n".join(sorted(codes.values())).encode()).hexdigest()[:16]


@cache
def _text(tree: ast.Module) -> str:
    """Return the code of a file as it is hashed."""
    return syntax(tree)


@cache
def _tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_bytes())


def _own_file(name: str) -> Path | None:
    """Return the file of a module of this project, None for any other name."""
    if name == edgeopt.__name__:
        return Path(edgeopt.__path__[0]) / "__init__.py"
    for package in _OWN:
        if f"{name}.".startswith(f"{package.__name__}."):
            below = name[len(package.__name__) + 1 :].split(".")
            path = Path(package.__path__[0]).joinpath(*below)
            files = (path.with_suffix(".py"), path / "__init__.py")
            return next((file for file in files if file.is_file()), None)
    return None


def _foreign_file(name: str) -> Path | None:
    """Return the file of a solver that a user has written or installed."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file) if file is not None and Path(file).suffix == ".py" else None


@cache
def _imports(tree: ast.Module) -> tuple[str, ...]:
    """Return the modules that a file imports or starts, each by the name of its own file."""
    found = []
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found += [_defining(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _PROGRAMS:
            texts = (each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant))
            found += [text for text in texts if isinstance(text, str)]
    return tuple(found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements below a node, except those for type checkers only."""
    for child in ast.iter_child_nodes(node):
        is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case) and not is_typing:
            yield child
            yield from _statements(child)


def _defining(module: str, name: str) -> str:
    """Return the module in which a name of a module is defined, or which it is itself."""
    if _own_file(f"{module}.{name}") is not None:
        return f"{module}.{name}"
    path = _own_file(module)
    found = {} if path is None or path.name != "__init__.py" else _exports(module, path)
    return _defining(*found[name]) if name in found else module


@cache
def _exports(package: str, path: Path) -> dict[str, tuple[str, str]]:
    """Return the names that a package exports, each with its module and its name there."""
    stub = path.with_suffix(".pyi")  # of a package that imports lazily: names its modules
    found: dict[str, tuple[str, str]] = {}
    for node in _statements(ast.parse((stub if stub.is_file() else path).read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            source = f"{package}.{node.module}" if node.level else node.module
            for alias in node.names:
                found.setdefault(alias.asname or alias.name, (source, alias.name))
    return found


def full_provenance() -> dict[str, str]:
    """Return versions, machine, command, code and, where the code is in git, its commit.

    ``dirty`` is ``yes`` where files differ from the commit. Without git both are left out.
    """
    facts = {**provenance(), "code": code_version()}
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    if commit is not None and changes is not None:
        facts |= {"commit": commit, "dirty": "yes" if changes else "no"}
    return facts


@cache
def _git(*arguments: str) -> str | None:
    """Return the output of git for the folder of the sources, None if it fails."""
    command = ["git", "-C", str(Path(edgeopt.optim.__path__[0]).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def version() -> str:
    """Return the version of edgeopt."""
    return __version__


def provenance() -> dict[str, str]:
    """Return versions, machine and command."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "edgeopt": version(),
        "python": platform.python_version(),
        **versions,
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "command": printable(_PASSWORD.sub(r"\1:***@", _command())),
    }


def _processor() -> str:
    """Return the processor's name as reported by the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


def _command() -> str:
    """Return the command line; where the program is installed says nothing."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
