"""The source of a function or class of the running session, and the names that it uses."""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import symtable
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from edgeopt.problems.errors import InputError

_SESSION = ("__main__", "builtins", None)
"""Modules of definitions that only the running session knows; None where code is executed alone."""

_LAZY = __future__.annotations.compiler_flag


def is_of_session(thing: Any) -> bool:
    """Whether a function or class was defined in a notebook, a script or at a prompt."""
    return getattr(bare(thing), "__module__", None) in _SESSION


class Definition(NamedTuple):
    """Name and text of a definition, the names that it sees, and how its annotations are read."""

    name: str
    text: str
    names: dict[str, Any]
    has_future: bool


def bare(thing: Any) -> Any:
    """Return the function below decorators that keep it, also that of a compiled one."""
    inner = inspect.unwrap(thing) if callable(thing) else thing
    return getattr(inner, "py_func", inner)


def name_of(thing: Any) -> str:
    """Return the name under which a function or class was defined."""
    return str(getattr(bare(thing), "__name__", type(thing).__name__))


def definition_of(thing: Any, place: str) -> Definition:
    """Return a definition of the session; one that cannot be rerun elsewhere is refused."""
    inner = bare(thing)
    where = f"{place}: {name_of(thing)}"
    if inner.__name__ == "<lambda>":
        raise InputError(where, "a lambda", "a function with a name, made by def")
    if "<locals>" in inner.__qualname__ or "." in inner.__qualname__:
        raise InputError(where, inner.__qualname__, "defined at the top level, not in another one")
    functions = [inner] if isinstance(inner, FunctionType) else list(_methods(inner))
    text = _find(inner, functions)
    if text is None:
        rule = "a function or class whose source is known; put it into a file, name file.py:NAME"
        raise InputError(where, thing, rule)
    module = sys.modules.get(str(inner.__module__))
    names = functions[0].__globals__ if functions else vars(module) if module else {}
    # of a class without methods: annotations that are not evaluated are texts
    texts = [] if functions else [type(each) is str for each in inner.__annotations__.values()]
    lazy = any(map(_reads_lazily, functions)) or any(texts)
    return Definition(inner.__name__, text, names, lazy)


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
    return bool(function.__code__.co_flags & _LAZY)


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
    flags = _LAZY if any(map(_reads_lazily, functions)) else 0
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


def globals_used(text: str) -> list[str]:
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


def submodules_used(text: str, names: dict[str, Any]) -> set[str]:
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
