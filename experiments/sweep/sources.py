"""Functions and classes of a notebook written down as source, so that any process can run them.

A definition is stored together with all that it uses: modules as imports, constants as
assignments, other definitions of the notebook as their sources. What cannot be written down is
refused by name.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from edgeopt.experiments.sweep.definitions import (
    Definition,
    bare,
    definition_of,
    globals_used,
    is_of_session,
    name_of,
    submodules_used,
)
from edgeopt.experiments.sweep.importable import home_of, local_modules
from edgeopt.problems.errors import InputError

_FUTURE = "from __future__ import annotations"

_RULE = (
    "a number, a text, a list of them, a module, a function or a class: make it inside the "
    "function, or put both into a file and name file.py:NAME"
)


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
    written.add(name_of(thing), thing)
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
        elif (home := home_of(name, value)) is not None:
            module, known = home
            alias = "" if known == name else f" as {name}"
            self._import(module, f"from {module} import {known}{alias}")
        elif is_of_session(value) and isinstance(bare(value), FunctionType | type):
            self._define(name, value)
        else:
            raise InputError(self._where(name), value, _RULE)

    def _check_defaults(self, thing: Any, found: Definition) -> None:
        """Raise `InputError` if a default has a name that means something else by now."""
        tree = ast.parse(found.text).body[0]
        if not isinstance(tree, ast.FunctionDef) or not isinstance(bare(thing), FunctionType):
            return
        values = bare(thing).__defaults__ or ()
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
        self.local |= local_modules(module)

    def _define(self, name: str, thing: Any) -> None:
        """Write a definition of the session, after all that it uses."""
        found = definition_of(thing, self.place)
        if found.name != name:
            self.add(found.name, thing)
            self.body.append(f"{name} = {found.name}")
            return
        self.has_future |= found.has_future
        self._check_defaults(thing, found)
        for used in globals_used(f"{_FUTURE}\n{found.text}" if found.has_future else found.text):
            if used != name and used in found.names:
                self.add(used, found.names[used])
            elif used != name and not hasattr(builtins, used):
                rule = "defined before it is used"
                raise InputError(f"{self.place} uses {used}", "no such name", rule)
        for dotted in submodules_used(found.text, found.names):
            self._import(dotted, f"import {dotted}")
        self.body.append(f"\n{found.text.rstrip()}")


# Constants.


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
