"""Problems, solvers and budgets given as objects, written down as a sweep file names them.

A problem becomes a file of its content, a solver a table with its name and parameters, and what a
notebook defines a file with its source. Any process can read them again, now or later.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.sweep.config import find_problems
from edgeopt.experiments.sweep.definitions import is_of_session
from edgeopt.experiments.sweep.places import PROBLEMS, SOURCES
from edgeopt.experiments.sweep.sources import source_text
from edgeopt.optim.scheduling.catalog import SOLVERS, locate_solver
from edgeopt.optim.scheduling.configurable import Configured
from edgeopt.optim.scheduling.solver import OneShot, as_solver, solver_name
from edgeopt.optim.scheduling.stop import CRITERIA
from edgeopt.optim.user_code import user_code
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically
from edgeopt.problems.scheduling.formats import load_file, write_npz
from edgeopt.problems.scheduling.problem import Problem

_UNNAMED = "problem"  # the name of a problem that was given none

_DIGITS = 16  # of a hash in a file's name


# Problems.


def store_problems(problems: Any, folder: Path) -> dict[str, str]:
    """Return the specs of problems by name; objects are written to ``folder/problems``.

    Parameters
    ----------
    problems : Problem, DataFrame, str, Path, or a list or dict of them
        A spec or path is as in a sweep file, relative to the working directory; a folder stands
        for its instances. A dict names the problems; else they have their own names.
    folder : Path
        Of the sweep.

    Raises
    ------
    InputError
        If one is something else, or two have the same name.
    """
    if isinstance(problems, Mapping):
        pairs = [pair for name, one in problems.items() for pair in _specs(one, folder, str(name))]
    else:
        each = problems if isinstance(problems, list | tuple) else [problems]
        pairs = [pair for one in each for pair in _specs(one, folder, None)]
    names = _numbered([name for name, _ in pairs])
    if len(set(names)) < len(names):
        raise InputError("problems", names, "of different names, for example as {name: problem}")
    if not names:
        raise InputError("problems", problems, "at least one problem")
    return dict(zip(names, (spec for _, spec in pairs), strict=True))


def _specs(problem: Any, folder: Path, name: str | None) -> Iterator[tuple[str, str]]:
    """Yield name and spec of a problem, of several for a folder of instances."""
    if isinstance(problem, str | Path):
        found, left_out = find_problems([str(problem)], Path.cwd())
        if left_out:
            warnings.warn(f"{problem}: left out: {'; '.join(left_out)}", stacklevel=5)
        if name is not None and len(found) > 1:
            raise InputError(f"problems.{name}", str(problem), "one problem, not a folder of them")
        given = name or (str(problem) if len(found) == 1 else None)
        yield from ((given or spec, spec) for spec in found)
        return
    made = _as_problem(problem, f"problems.{name}" if name else PROBLEMS)
    made = made if name is None else replace(made, name=name)
    path = (folder / PROBLEMS / f"{made.digest[:_DIGITS]}.npz").resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or _labels(load_file(path)) != _labels(made):
        write_npz(path, made)
    yield made.name, str(path)


def _labels(problem: Problem) -> tuple[Any, ...]:
    """Return the names in a problem, which are no part of its digest."""
    return problem.name, problem.task_names, problem.node_names


def _as_problem(value: Any, place: str) -> Problem:
    """Return a problem, also from a table of times."""
    if isinstance(value, Problem):
        return value
    if isinstance(value, np.ndarray) or hasattr(value, "columns"):
        return Problem(value)
    rule = "a Problem, a DataFrame of times (a row a task), a file, or a name such as paper:20x4"
    raise InputError(place, value, rule)


def _numbered(names: list[str]) -> list[str]:
    """Return the names; problems without one are numbered if there are several."""
    if names.count(_UNNAMED) < 2:
        return names
    count = iter(range(1, len(names) + 1))
    return [f"{name} {next(count)}" if name == _UNNAMED else name for name in names]


# Solvers.


def store_solvers(solvers: Any, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the tables of solvers by name; what a notebook defines goes to ``folder/solvers``.

    Parameters
    ----------
    solvers : dict, list or one solver
        By name: a solver object, a function ``f(problem, rng) -> assignment``, a class, a name of
        the catalog, ``file.py:NAME`` or a table as in a sweep file. In a list, solvers have the
        names of the catalog, of their classes or functions.
    folder : Path
        Of the sweep.

    Raises
    ------
    InputError
        If one cannot be run by another process, or two have the same name.

    Examples
    --------
    See `store_solver`.
    """
    if isinstance(solvers, Mapping) and "solver" not in solvers:
        named = {str(name): solver for name, solver in solvers.items()}
    else:
        each = list(solvers) if isinstance(solvers, list | tuple) else [solvers]
        names = [_own_name(solver) for solver in each]
        if len(set(names)) < len(names):
            raise InputError("solvers", names, "of different names: give a dict, {name: solver}")
        named = dict(zip(names, each, strict=True))
    return {name: store_solver(each, folder, f"solvers.{name}") for name, each in named.items()}


def store_solver(solver: Any, folder: Path, place: str = "solver") -> dict[str, Any]:
    """Return the table of one solver, see `store_solvers`.

    Parameters
    ----------
    solver : object
        See `store_solvers`.
    folder : Path
        Sources are written to its folder ``solvers``.
    place : str
        Name of the field, for messages.

    Raises
    ------
    InputError
        If another process could not run it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt import ATSA, lpt
    >>> from edgeopt.experiments.sweep import store_solver
    >>> store_solver(ATSA(beta=3.0), Path())
    {'solver': 'atsa', 'beta': 3.0}
    >>> store_solver(ATSA.repaired(), Path()), store_solver(lpt, Path())
    ({'solver': 'atsa-repaired'}, {'solver': 'lpt'})
    """
    if isinstance(solver, Mapping):
        own = solver.get("solver", place.partition(".")[2])
        return {**store_solver(own, folder, place), **_without(solver, "solver")}
    if isinstance(solver, str):
        return {"solver": locate_solver(solver, Path.cwd())}
    if isinstance(solver, OneShot):
        return store_solver(solver.scheduler, folder, place)
    if isinstance(solver, Configured):
        values = {name: _value(each, f"{place}.{name}") for name, each in solver.values.items()}
        return {**store_solver(solver.function, folder, place), **values}
    if isinstance(solver, functools.partial):
        return _partial(solver, folder, place)
    if inspect.ismethod(solver):
        raise InputError(place, solver.__qualname__, "a function, or an object with __call__")
    if isinstance(solver, type) or inspect.isroutine(solver) or hasattr(solver, "py_func"):
        return _definition(solver, folder, place)
    as_solver(solver)
    return _known(solver) or _instance(solver, folder, place)


def _own_name(solver: Any) -> str:
    """Return the name of a solver that was given none."""
    if isinstance(solver, str | Mapping):
        return solver if isinstance(solver, str) else str(solver["solver"])
    exact = [name for name, known in SOLVERS.items() if known is solver or _equal(known, solver)]
    return exact[0] if exact else solver_name(_scheduler(solver))


def _scheduler(solver: Any) -> Any:
    """Return what names a solver: a class for itself, the function of a partial one."""
    inner = solver.func if isinstance(solver, functools.partial) else solver
    return OneShot(inner) if isinstance(inner, type) or inspect.isroutine(inner) else inner


def _equal(one: Any, other: Any) -> bool:
    """Whether two solvers have the same class and parameters."""
    return type(one) is type(other) and is_dataclass(one) and bool(one == other)


def _without(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a table without a key."""
    return {name: value for name, value in table.items() if name != key}


def _partial(solver: functools.partial[Any], folder: Path, place: str) -> dict[str, Any]:
    """Return the table of a function whose keyword parameters are set."""
    if solver.args:
        raise InputError(place, solver, "a partial function of keyword parameters alone")
    values = {name: _value(each, f"{place}.{name}") for name, each in solver.keywords.items()}
    return {**store_solver(solver.func, folder, place), **values}


def _definition(thing: Any, folder: Path, place: str) -> dict[str, Any]:
    """Return the table of a function or class, by its name in the catalog or its file."""
    for name, known in SOLVERS.items():
        if known is thing or (isinstance(thing, type) and type(known) is thing and _is_bare(known)):
            return {"solver": name}
    return {"solver": _reference(thing, folder, place)}


def _is_bare(solver: Any) -> bool:
    """Whether a solver has the default parameters of its class."""
    return bool(solver == type(solver)())


def _known(solver: Any) -> dict[str, Any] | None:
    """Return the table of one of our own solvers: the nearest preset, and what differs from it."""
    tables = [
        {"solver": name, **_differing(solver, known)}
        for name, known in SOLVERS.items()
        if type(known) is type(solver) and is_dataclass(known)
    ]
    return min(tables, key=len, default=None)


def _differing(solver: Any, known: Any) -> dict[str, Any]:
    """Return the parameters in which a solver differs from another one of its class."""
    values = {each.name: getattr(solver, each.name) for each in fields(solver)}
    return {name: value for name, value in values.items() if value != getattr(known, name)}


def _instance(solver: Any, folder: Path, place: str) -> dict[str, Any]:
    """Return the table of an object: its class, and the parameters that are not the default."""
    kind = type(solver)
    parameters = _defaults(kind, place)
    values = {}
    for name, default in parameters.items():
        if not hasattr(solver, name):
            rule = f"an attribute of {kind.__name__}, like each parameter of its __init__"
            raise InputError(f"{place}.{name}", "no such attribute", rule)
        value = getattr(solver, name)
        if default is MISSING or not _is_same(value, default):
            values[name] = _value(value, f"{place}.{name}")
    return {"solver": _reference(kind, folder, place), **values}


def _defaults(kind: type, place: str) -> dict[str, Any]:
    """Return the parameters of a class and their defaults, `MISSING` where there is none."""
    if kind.__init__ is object.__init__:  # type: ignore[misc]
        return {}
    found = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise InputError(f"{place}.{name}", kind.__name__, "a class of named parameters alone")
        found[name] = MISSING if parameter.default is parameter.empty else parameter.default
    return found


def _is_same(value: Any, default: Any) -> bool:
    """Whether a value is the default; arrays and the like, which do not compare, are not."""
    return value is default or (type(value) is type(default) and np.array_equal(value, default))


def _value(value: Any, place: str) -> Any:
    """Return a parameter as a file can hold it."""
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, bool | int | float | str):
        raise InputError(place, value, "a number, a text, true or false")
    return plain


# Definitions, by file and name.


def _reference(thing: Any, folder: Path, place: str) -> str:
    """Return ``file.py:NAME`` of a function or class, written to a file if it has none."""
    file = None if is_of_session(thing) else _file_of(thing)
    if file is not None:
        return f"{file}:{thing.__name__}"
    text = _stored_text(thing) or source_text(thing, place)
    name = getattr(thing, "__name__", "solver")
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    path = (folder / SOURCES / f"{name}-{digest}.py").resolve()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    return f"{path}:{name}"


def _stored_text(thing: Any) -> str | None:
    """Return the text from which a definition was run that another folder has, or had, stored.

    A sweep does not depend on that folder, which may be temporary.
    """
    code = user_code(str(getattr(thing, "__module__", "")))
    path, source = code.files[code.main] if code is not None else (Path(), b"")
    is_stored = path.parent.name == SOURCES and re.search(rf"-[0-9a-f]{{{_DIGITS}}}$", path.stem)
    return source.decode() if is_stored else None


def _file_of(thing: Any) -> Path | None:
    """Return the file that defines a function or class by its name and can be run by itself."""
    if _stored_text(thing) is not None:
        return None
    name = getattr(thing, "__name__", "")
    module = sys.modules.get(str(getattr(thing, "__module__", None)))
    file = getattr(module, "__file__", None)
    if file is None or not file.endswith(".py") or getattr(module, name, None) is not thing:
        return None
    tree = ast.parse(Path(file).read_bytes())
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return None if any(node.level for node in imports) else Path(file).resolve()


# Budgets.


def budget_table(budget: Any) -> dict[str, Any]:
    """Return stopping criteria as the table of a sweep file, ``{"evaluations": 5000}``.

    Raises
    ------
    InputError
        If one is no criterion that a file can name.
    """
    if isinstance(budget, Mapping):
        return dict(budget)
    each = budget if isinstance(budget, Iterable) and not isinstance(budget, str) else [budget]
    names: dict[Callable[..., Any], str] = {kind: name for name, kind in CRITERIA.items()}
    table = {}
    for criterion in each:
        if type(criterion) not in names:
            raise InputError("budget", criterion, "criteria such as Evaluations(5000), or a dict")
        table[names[type(criterion)]] = criterion.limit
    return table
