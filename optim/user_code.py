"""Python files of users: run apart from all other modules, with the files beside them.

A file and those beside it that it imports are read once, as a snapshot, and run as a package of
their own: the code that runs is the code that is hashed, `sys.path` stays as it is, and two
folders may each have a ``helper.py``.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import LARGEST_CODE, file_exists, read_content

_PREFIX = "edgeopt_user_"

SHARED = "EDGEOPT_USER_CODE"
"""Variable with a folder of `sys.path` in which processes find what others have run."""

_SHARED_MODULE = """from pathlib import Path
from edgeopt.optim.user_code import adopt
adopt(__name__, Path({place!r}))
"""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


# What counts as a change of code.


def syntax(tree: ast.AST) -> str:
    """Return a text of a syntax tree without comments, docstrings, formatting and positions.

    Unlike that of `ast.dump`, it is the same under all versions of Python.
    """
    words: list[str] = []
    _write(tree, words)
    return " ".join(words)


def _write(node: Any, words: list[str]) -> None:
    """Append the words of a node."""
    if isinstance(node, ast.Constant):
        # decimal digits of an integer may be too many to be written
        words.append(hex(node.value) if type(node.value) is int else repr(node.value))
    elif isinstance(node, ast.AST):
        words.append(type(node).__name__)
        for name, value in ast.iter_fields(node):
            found = _code(node) if name == "body" and isinstance(node, _DOCUMENTED) else value
            # a field that only a newer Python has is empty in code that an older one reads
            if found is not None and found != [] and name != "type_comment":
                words.append(name)
                _write(found, words)
    elif isinstance(node, list):
        words.append("[")
        for each in node:
            _write(each, words)
        words.append("]")
    else:
        words.append(repr(node))


def _code(node: Any) -> list[ast.stmt]:
    """Return the statements of a body without its docstring."""
    first = node.body[0] if node.body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    documented = is_text and isinstance(first.value.value, str)  # type: ignore[union-attr]
    return node.body[1:] if documented else node.body  # type: ignore[no-any-return]


@lru_cache(maxsize=1024)
def parse(path: Path, source: bytes) -> ast.Module:
    """Return the syntax tree of a file's content.

    Raises
    ------
    InputError
        If it is no Python.
    """
    try:
        return ast.parse(source, str(path))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        raise InputError("solver", str(path), f"a file that runs ({error!r})") from error


# A file and those beside it.


@dataclass(frozen=True, eq=False)
class UserCode:
    """A file, and those beside it that it imports, also inside functions, at any remove.

    Attributes
    ----------
    main : str
        Module name of the file.
    files : mapping of str to (Path, bytes)
        Place and content of each file, by module name relative to the folder.
    """

    main: str
    files: Mapping[str, tuple[Path, bytes]]

    @cached_property
    def package(self) -> str:
        """Name of the package that holds the modules, one for each content."""
        content = hashlib.sha256()
        for path, source in self.files.values():
            content.update(f"{path} {len(source)}\n".encode() + source)
        return f"{_PREFIX}{content.hexdigest()[:16]}"

    @cached_property
    def digest(self) -> str:
        """Hash of the code of all files; neither places nor the name of the file itself count."""
        texts = [
            ["" if name == self.main else name, syntax(parse(*file))]
            for name, file in sorted(self.files.items())
        ]
        return hashlib.sha256(repr(sorted(texts)).encode()).hexdigest()[:32]

    @property
    def trees(self) -> list[ast.Module]:
        """The syntax trees of the files."""
        return [parse(*file) for file in self.files.values()]


def read_code(path: Path) -> UserCode:
    """Read a file and those beside it that it imports.

    Raises
    ------
    InputError
        If a file cannot be read or is no Python.
    """
    path = path.resolve()
    # A dot would make a package of it; with a space no other file can have this name.
    main = path.stem.replace(".", " ")
    files, todo = dict[str, tuple[Path, bytes]](), [(main, path)]
    while todo:
        name, file = todo.pop()
        if name in files:
            continue
        files[name] = file, read_content(file, LARGEST_CODE)
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for imported in _imports(parse(*files[name]), package):
            todo += _beside(path.parent, imported)
    code = UserCode(main, dict(sorted(files.items())))
    return _RUN.get(code.package, code)  # with what has been computed of it


@lru_cache(maxsize=1024)
def _imports(tree: ast.Module, package: str) -> tuple[str, ...]:
    """Return the modules that a file may import, of ``from a import b`` both a and a.b."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = [part for part in (*above, node.module) if part]
            found += [".".join([*base, alias.name]) for alias in node.names]
    return tuple(found)


def _beside(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Yield the files in a folder that are run when a module is imported, by module name."""
    parts = name.split(".")
    if parts[0] == "edgeopt":  # never a copy of this project that lies beside the file
        return
    for count in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:count])
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file_exists(file):
                yield ".".join(parts[:count]), file
                break
        else:
            return


# Running them.


_RUN: dict[str, UserCode] = {}

_RUNNING: ContextVar[str | None] = ContextVar("running", default=None)  # the file, while it is run


def run_code(code: UserCode) -> ModuleType:
    """Run the file, once for each content, and return its module.

    Raises
    ------
    InputError
        If it raises.
    """
    add_code(code)
    _share(code)
    try:
        with folder_kept():
            return importlib.import_module(f"{code.package}.{code.main}")
    except (Exception, SystemExit) as error:
        path = str(code.files[code.main][0])
        raise InputError("solver", path, f"a file that runs ({error!r})") from error


def add_code(code: UserCode) -> None:
    """Have imports find a user's package, without running it."""
    _RUN[code.package] = code
    if _FINDER not in sys.meta_path:
        sys.meta_path.append(_FINDER)


def _share(code: UserCode) -> None:
    """Leave a module that makes the package known, for processes that start without it."""
    folder, place = os.environ.get(SHARED), str(code.files[code.main][0])
    if folder:
        with suppress(OSError):  # then only processes that are forked know it
            Path(folder, f"{code.package}.py").write_text(_SHARED_MODULE.format(place=place))


def adopt(package: str, path: Path) -> None:
    """Make the package of a user's file known to this process, in the module that was left for it.

    Raises
    ------
    ImportError
        If the file has changed.
    """
    code = read_code(path)
    if code.package != package:
        raise ImportError(f"{path} has changed")
    add_code(code)
    vars(sys.modules[package])["__path__"] = []


@contextmanager
def folder_kept() -> Iterator[None]:
    """Undo a change of the process's folder, to which the paths of a command are relative."""
    try:
        before = os.getcwd()  # noqa: PTH109
    except OSError:  # it is gone
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            os.chdir(before)


def user_code(module: str) -> UserCode | None:
    """Return the code to which a module belongs, None if it is not a user's."""
    return _RUN.get(module.partition(".")[0])


class _Finder(MetaPathFinder):
    """Finds the modules of users' packages; no other module is looked for in their folders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of a user's package, None for any other."""
        package, _, name = fullname.partition(".")
        code = _RUN.get(package)
        if code is None or (name and name not in code.files):
            return None
        is_package = not name or code.files[name][0].name == "__init__.py"
        origin = str(code.files[name][0]) if name else None
        spec = spec_from_loader(fullname, _Loader(code, name), origin=origin, is_package=is_package)
        if spec is not None:
            spec.has_location = origin is not None
        return spec


_FINDER = _Finder()


class _Loader(Loader):
    """Runs a module from the content that was read."""

    def __init__(self, code: UserCode, name: str) -> None:
        self.code, self.name = code, name

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; its import statements find the files beside it first."""
        if not self.name:
            return
        path, source = self.code.files[self.name]
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _importer(self.code)}
        outer = _RUNNING.set(str(path))
        try:
            exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
        finally:
            _RUNNING.reset(outer)


def check_not_within_file(field: str) -> None:
    """Raise `InputError` while a user's file is run for what it defines.

    An experiment there would run the file again, for its own solvers, and so on for ever.
    """
    path = _RUNNING.get()
    if path is not None:
        rule = (
            'a file that calls it below `if __name__ == "__main__":`, as it is run for its solver'
        )
        raise InputError(field, path, rule)


def _importer(code: UserCode) -> Any:
    """Return what import statements call in the modules of a user's package."""
    # Functions keep the builtins of their module: an import that runs late is found, too.
    beside = {name.partition(".")[0] for name in code.files}

    def find(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        first = name.partition(".")[0]
        if level or first not in beside:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        module = builtins.__import__(f"{code.package}.{name}", globals, locals, fromlist or (), 0)
        # ``import a.b`` binds a, which is not the outermost package here
        return module if fromlist else sys.modules[f"{code.package}.{first}"]

    return find
