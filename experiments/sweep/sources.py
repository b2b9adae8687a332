"""Functions and classes of a notebook written down as source, so that any process can run them.

A definition is stored together with all that it uses: modules as imports, constants as
assignments, other definitions of the notebook as their sources. What cannot be written down is
refused by name.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import linecache
import symtable
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from edgeopt.optim.user_code import user_code
from edgeopt.problems.errors import InputError

_SESSION = ("__main__", "builtins", None)
"""Modules of definitions that only the running session knows; None where code is executed alone."""

_FUTURE = "from __future__ import annotations"

_RULE = (
    "a number, a text, a list of them, a module, a function or a class: make it inside the "
    "function, or put both into a file and name file.py:NAME"
)

_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))


def is_of_session(thing: Any) -> bool:
    """Whether a function or class was defined in a notebook, a script or at a prompt."""
    return getattr(_bare(thing), "__module__", None) in _SESSION


def source_text(thing: Any, place: str) -> str:
    """Return the text of a module that defines a function or class, and all that it uses.

    Parameters
    ----------
    thing : function or class
        Of a notebook, of the running script, or of a module that can be imported.
    place : str
        Where it was given, such as ``solvers.mine``, for messages.

    Raises
    ------
    InputError
        If it, or something that it uses, cannot be written down: a lambda, a function that uses
        variables of another one, an object, or a definition without source.

    Examples
    --------
    >>> from edgeopt.experiments.sweep.sources import source_text
    >>> from edgeopt.problems.systems import load_system
    >>> print(source_text(load_system, "solvers.mine"))
    from edgeopt.problems.systems.load import load_system
    <BLANKLINE>
    """
    written = _Module(place)
    written.add(_name_of(thing), thing)
    head = [_FUTURE] if written.has_future else []
    # aliases last: "import a.b" also binds the name a
    imports = sorted(written.imports, key=lambda line: (" as " in line, line))
    content = [f"_IMPORTED = {written.local!r}"] if written.local else []
    blocks = ["\n".join(part) for part in (head, imports, content) if part]
    return "\n\n".join([*blocks, *written.body]) + "\n"


@dataclass
class _Module:
    """The parts of a module that is being written, and the names that it has already."""

    place: str
    imports: set[str] = field(default_factory=set)
    body: list[str] = field(default_factory=list)
    local: dict[str, str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    has_future: bool = False

    def add(self, name: str, value: Any) -> None:
        """Write down the value of a name, and first all that it uses."""
        if name in self.names:
            if self.names[name] is not value:
                raise InputError(self._where(name), value, "one thing under one name")
            return
        self.names[name] = value
        literal = _literal(value)
        if isinstance(value, ModuleType):
            alias = "" if name == value.__name__ else f" as {name}"
            self._import(value.__name__, f"import {value.__name__}{alias}")
        elif literal is not None:
            self.body.append(f"{name} = {literal}")
        elif (home := _home(name, value)) is not None:
            module, known = home
            alias = "" if known == name else f" as {name}"
            self._import(module, f"from {module} import {known}{alias}")
        elif is_of_session(value) and isinstance(_bare(value), FunctionType | type):
            self._define(name, value)
        else:
            raise InputError(self._where(name), value, _RULE)

    def _check_defaults(self, thing: Any, found: _Definition) -> None:
        """Raise `InputError` if a default has a name that means something else by now."""
        tree = ast.parse(found.text).body[0]
        if not isinstance(tree, ast.FunctionDef) or not isinstance(_bare(thing), FunctionType):
            return
        values = _bare(thing).__defaults__ or ()
        for node, value in zip(tree.args.defaults, values, strict=True):
            if isinstance(node, ast.Name) and found.names.get(node.id, value) is not value:
                rule = f"{value!r}, as when {thing.__name__} was defined: run its cell again"
                raise InputError(self._where(node.id), found.names[node.id], rule)

    def _where(self, name: str) -> str:
        """Return the field of an error: what was given, or a name that it uses."""
        return self.place if len(self.names) == 1 else f"{self.place} uses {name}"

    def _import(self, module: str, line: str) -> None:
        """Import a module; one of the user's own counts with its content."""
        self.imports.add(line)
        self.local |= _local_modules(module)

    def _define(self, name: str, thing: Any) -> None:
        """Write a definition of the session, after all that it uses."""
        found = _definition(thing, self.place)
        if found.name != name:
            self.add(found.name, thing)
            self.body.append(f"{name} = {found.name}")
            return
        self.has_future |= found.has_future
        self._check_defaults(thing, found)
        for used in _globals_used(f"{_FUTURE}\n{found.text}" if found.has_future else found.text):
            if used != name and used in found.names:
                self.add(used, found.names[used])
            elif used != name and not hasattr(builtins, used):
                rule = "defined before it is used"
                raise InputError(f"{self.place} uses {used}", "no such name", rule)
        for dotted in _submodules(found.text, found.names):
            self._import(dotted, f"import {dotted}")
        self.body.append(f"\n{found.text.rstrip()}")


# The source of one definition.


class _Definition(NamedTuple):
    """Name and text of a definition, the names that it sees, and how its annotations are read."""

    name: str
    text: str
    names: dict[str, Any]
    has_future: bool


def _bare(thing: Any) -> Any:
    """Return the function below decorators that keep it, also that of a compiled one."""
    inner = inspect.unwrap(thing) if callable(thing) else thing
    return getattr(inner, "py_func", inner)


def _name_of(thing: Any) -> str:
    """Return the name under which a function or class was defined."""
    return str(getattr(_bare(thing), "__name__", type(thing).__name__))


def _definition(thing: Any, place: str) -> _Definition:
    """Return a definition of the session; one that cannot be rerun elsewhere is refused."""
    bare = _bare(thing)
    where = f"{place}: {_name_of(thing)}"
    if bare.__name__ == "<lambda>":
        raise InputError(where, "a lambda", "a function with a name, made by def")
    if "<locals>" in bare.__qualname__ or "." in bare.__qualname__:
        raise InputError(where, bare.__qualname__, "defined at the top level, not in another one")
    functions = [bare] if isinstance(bare, FunctionType) else list(_methods(bare))
    text = _find(bare, functions)
    if text is None:
        rule = "a function or class whose source is known; put it into a file, name file.py:NAME"
        raise InputError(where, thing, rule)
    module = sys.modules.get(str(bare.__module__))
    names = functions[0].__globals__ if functions else vars(module) if module else {}
    # of a class without methods: annotations that are not evaluated are texts
    texts = [] if functions else [type(each) is str for each in bare.__annotations__.values()]
    lazy = any(map(_reads_lazily, functions)) or any(texts)
    return _Definition(bare.__name__, text, names, lazy)


def _methods(kind: type) -> Iterator[FunctionType]:
    """Yield the functions that the body of a class defines; not those that a decorator made."""
    for member in vars(kind).values():
        inner = getattr(
            member, "__func__", getattr(member, "fget", getattr(member, "func", member))
        )
        function = inspect.unwrap(inner) if callable(inner) else inner
        is_own = isinstance(function, FunctionType) and function.__code__.co_filename != "<string>"
        if is_own and function.__qualname__.startswith(f"{kind.__qualname__}."):
            yield function


def _reads_lazily(function: FunctionType) -> bool:
    """Whether a function was compiled with annotations that are not evaluated."""
    return bool(function.__code__.co_flags & _lazy_flag())


def _lazy_flag() -> int:
    """Return the compiler's flag for annotations that are not evaluated."""
    import __future__

    return __future__.annotations.compiler_flag


def _find(thing: Any, functions: list[FunctionType]) -> str | None:
    """Return the text that defines a function or class, None where it is not known."""
    kind = ast.ClassDef if isinstance(thing, type) else ast.FunctionDef
    for lines, line in _places(thing, functions):
        for node in ast.walk(_parsed(lines)):
            if isinstance(node, kind) and node.name == thing.__name__:
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                if line is None or first <= line <= (node.end_lineno or first):
                    text = "".join(lines[first - 1 : node.end_lineno])
                    # not dedented, which would change texts of several lines
                    text = f"if True:\n{text}" if node.col_offset else text
                    # a kernel compiles statement by statement, a script is compiled whole
                    if any(_agrees(whole, functions) for whole in (text, "".join(lines))):
                        return text
    return None


def _places(thing: Any, functions: list[FunctionType]) -> Iterator[tuple[list[str], int | None]]:
    """Yield the lines of files or notebook cells that may hold a definition, and its line."""
    for function in functions[:1]:
        code = function.__code__
        yield linecache.getlines(code.co_filename, function.__globals__), code.co_firstlineno
        return
    # a class without methods, such as a dataclass, does not know where it was defined
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    cells = [cell.splitlines(keepends=True) for cell in reversed(getattr(main, "In", []))]
    for lines in [linecache.getlines(file)] if file else cells:
        yield lines, None


def _parsed(lines: list[str]) -> ast.AST:
    """Return the syntax tree of lines, an empty one if they are no Python."""
    try:
        return ast.parse("".join(lines))
    except SyntaxError:
        return ast.Module([], [])


def _agrees(text: str, functions: list[FunctionType]) -> bool:
    """Whether a text compiles to these functions: a file may have changed since it was run."""
    flags = _lazy_flag() if any(map(_reads_lazily, functions)) else 0
    codes = {
        code.co_qualname: code
        for code in _codes(compile(text, "", "exec", flags, dont_inherit=True))
    }
    return all(
        function.__qualname__ in codes and _same(function.__code__, codes[function.__qualname__])
        for function in functions
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield all code objects inside one."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same; lines and files do not matter."""
    return (
        one.co_code == other.co_code
        and one.co_names == other.co_names
        and len(one.co_consts) == len(other.co_consts)
        and all(map(_same_constant, one.co_consts, other.co_consts))
    )


def _same_constant(one: Any, other: Any) -> bool:
    """Whether two constants of code objects are the same."""
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _same(one, other)
    return type(one) is type(other) and one == other


# The names that a definition uses.


def _globals_used(text: str) -> list[str]:
    """Return the names that a text looks up outside itself, in order."""
    found: dict[str, None] = {}
    todo = [symtable.symtable(text, "", "exec")]
    while todo:
        table = todo.pop()
        for symbol in table.get_symbols():
            outside = symbol.is_global() or table.get_type() == "module"
            if outside and symbol.is_referenced():
                found[symbol.get_name()] = None
        todo += table.get_children()
    return sorted(found)


def _submodules(text: str, names: dict[str, Any]) -> set[str]:
    """Return the modules that a text names as attributes of imported packages, ``scipy.stats``."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and isinstance(names.get(node.id), ModuleType):
            module = names[node.id].__name__
            for part in chain:
                if f"{module}.{part}" not in sys.modules:
                    break
                module = f"{module}.{part}"
            if module != names[node.id].__name__:
                found.add(module)
    return found


# Values that can be written down, and those that can be imported.


def _literal(value: Any) -> str | None:
    """Return a constant as Python text, None for other values."""
    if isinstance(value, list | tuple | set | frozenset | dict) and not hasattr(value, "_fields"):
        kind = type(value)
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)
        plain = kind in (list, tuple, set, frozenset, dict)
        return repr(value) if plain and all(_is_finite(part) for part in parts) else None
    if isinstance(value, float) and type(value) is float and value - value != 0:
        return f'float("{value!r}")'
    return repr(value) if _is_plain(value) else None


def _is_finite(value: Any) -> bool:
    """Whether Python reads the value back from its `repr` inside a list."""
    literal = _literal(value)
    return literal is not None and not literal.startswith("float(")


def _is_plain(value: Any) -> bool:
    """Whether a value is one of Python's constants."""
    return value is None or type(value) in (bool, int, float, complex, str, bytes)


def _home(name: str, value: Any) -> tuple[str, str] | None:
    """Return a module that has the value, and its name there; None if there is no such module."""
    own = [getattr(value, each, None) for each in ("__qualname__", "__name__", "_name")]
    names = [each for each in (*own, name) if isinstance(each, str) and each.isidentifier()]
    first = sys.modules.get(str(getattr(value, "__module__", None)))
    for known in names:
        if first is not None and _is_importable(first) and _has(first, known, value):
            return first.__name__, known
    # a value that does not name its module, such as the type numpy.typing.NDArray
    homes = [module for module in _public_modules() if _has(module, name, value)]
    chosen = min(homes, key=_distance, default=None)
    return None if chosen is None else (chosen.__name__, name)


def _has(module: ModuleType, name: str, value: Any) -> bool:
    """Whether a module has this value under a name."""
    return vars(module).get(name) is value


def _public_modules() -> Iterator[ModuleType]:
    """Yield the modules that any process can import, without private ones."""
    for name, module in list(sys.modules.items()):
        private = any(part.startswith("_") for part in name.split("."))
        if isinstance(module, ModuleType) and _is_importable(module) and not private:
            yield module


def _is_importable(module: ModuleType) -> bool:
    """Whether another process can import a module by its name: not this session, nor a file."""
    name = module.__name__
    of_user = user_code(name) is not None
    return name != "__main__" and module.__spec__ is not None and not of_user


def _distance(module: ModuleType) -> tuple[bool, int, str]:
    """Return the sort key of modules that have a value: installed ones, and short names, first."""
    file = getattr(module, "__file__", None)
    is_local = file is not None and _is_local(Path(file))
    return is_local, module.__name__.count("."), module.__name__


def _local_modules(name: str) -> dict[str, str]:
    """Return hashes of the user's own modules that a module is or imports, by name.

    They are stored with the definition, which thereby changes with them.
    """
    found: dict[str, str] = {}
    todo = [name]
    while todo:
        module = sys.modules.get(todo.pop())
        file = getattr(module, "__file__", None)
        if module is None or file is None or module.__name__ in found or not _is_local(Path(file)):
            continue
        found[module.__name__] = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
        for value in vars(module).values():
            home = value.__name__ if isinstance(value, ModuleType) else _module_of(value)
            todo += [home] if isinstance(home, str) else []
    return found


def _module_of(value: Any) -> Any:
    """Return the module that a value names as its own."""
    return getattr(value, "__module__", None)


def _is_local(file: Path) -> bool:
    """Whether a file belongs to the user: neither installed, nor Python's, nor edgeopt's."""
    own = Path(__file__).resolve().parents[1]
    folders = (*_INSTALLED, own, own.parent / "optim", own.parent / "problems")
    return file.suffix == ".py" and not any(
        folder.resolve() in file.resolve().parents for folder in folders
    )
