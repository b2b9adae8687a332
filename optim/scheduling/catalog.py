"""Solvers by the names that the command line and sweep files use, from files and from packages."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from edgeopt.optim.scheduling.heuristics.lp_rounding import lp_rounding
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists, locate, read_toml
from edgeopt.problems.parameters import check_names, parse_parameters

_ENTRY_POINTS = "edgeopt.solvers"

SOLVERS: dict[str, Any] = {
    "fcfs": fcfs,
    "round-robin": round_robin,
    "mct": mct,
    "met": met,
    "min-min": min_min,
    "max-min": max_min,
    "sufferage": sufferage,
    "lpt": lpt,
    "lp-rounding": lp_rounding,
    "atsa": ATSA.printed(),
    "atsa-repaired": ATSA.repaired(),
    "atsa-beyond": ATSA.beyond(),
    "aco": ACO(),
    "pso": PSO(),
    "pso-discrete": PSO(decoding="discrete"),
    "milp": MILP(),
    "local-search": LocalSearch(),
    "frontier": Frontier(),
}


def find_solver(name: str) -> Any:
    """Return the solver of a name, with its own defaults.

    A name without a solver, or a file that cannot be run, is an `InputError`.

    Parameters
    ----------
    name : str
        A key of `SOLVERS`, an entry point of the group ``edgeopt.solvers``, ``file.py:Name``
        for a class (made without arguments), an object or a function of your own, or
        ``file.toml`` with such a name as ``solver`` and with values of its parameters.

    Examples
    --------
    >>> from edgeopt import find_solver
    >>> find_solver("pso").particles
    20
    """
    if name in SOLVERS:
        return SOLVERS[name]
    if name.endswith(".toml"):
        return _from_toml(Path(name))
    path, _, attribute = name.rpartition(":")
    if path.endswith(".py"):
        return _instance(_from_file(Path(path), attribute), name)
    for entry in importlib.metadata.entry_points(group=_ENTRY_POINTS, name=name):
        return _instance(entry.load(), name)
    rule = f"one of {', '.join(SOLVERS)}, an installed solver, file.py:Name or file.toml"
    raise InputError("solver", name, rule)


def make_solver(name: str, parameters: dict[str, Any] | None = None) -> Any:
    """Return the solver of a name with some parameters set.

    Parameters
    ----------
    name : str
        See `find_solver`.
    parameters : dict, optional
        Values by parameter name; texts are read as the parameter's type.

    Raises
    ------
    InputError
        If the solver, a parameter or a value is unknown or illegal.

    Examples
    --------
    >>> from edgeopt.optim.scheduling import make_solver
    >>> make_solver("pso", {"particles": 40}).particles
    40
    """
    solver = find_solver(name)
    if not parameters:
        return solver
    if not is_dataclass(solver):
        check_names(parameters, {})
    # Texts, from the command line, are parsed; other values come from TOML with their types.
    texts = {key: value for key, value in parameters.items() if isinstance(value, str)}
    values = {**parameters, **parse_parameters(solver, texts)}
    check_names(values, {declared.name: declared for declared in fields(solver)})
    return replace(solver, **values)


def locate_solver(name: str, folder: Path) -> str:
    """Return a solver's name, with a path in it relative to `folder` made absolute."""
    if name.endswith(".toml"):
        return locate(name, folder)
    file, colon, attribute = name.rpartition(":")
    return f"{locate(file, folder)}{colon}{attribute}" if file.endswith(".py") else name


def _from_toml(path: Path) -> Any:
    """Return the solver of a file that ``edgeopt tune`` or a user wrote."""
    table = read_toml(path)
    name = table.pop("solver", None)
    if not isinstance(name, str) or name.endswith(".toml"):
        raise InputError(f"{path}: solver", name, "the name of a solver, of no TOML file")
    return make_solver(locate_solver(name, path.parent), table)


def _from_file(path: Path, attribute: str) -> Any:
    """Run a Python file and return what it calls `attribute`."""
    if not file_exists(path):
        raise InputError("solver", str(path), "an existing file")
    module = _run_file(path)
    if not hasattr(module, attribute):
        raise InputError("solver", f"{path}:{attribute}", "a name that the file defines")
    return getattr(module, attribute)


def _run_file(path: Path) -> ModuleType:
    """Run a Python file as a module of its own, once."""
    name = f"edgeopt_user_{path.resolve()}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError("solver", str(path), "a Python file")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickle look a class's module up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError("solver", str(path), f"a file that runs ({error!r})") from error
    return module


def _instance(found: Any, name: str) -> Any:
    """Return an instance where a class was found."""
    if not isinstance(found, type):
        return found
    make: Callable[[], Any] = found
    try:
        return make()
    except TypeError as error:
        raise InputError("solver", name, f"a class that needs no arguments ({error})") from error


def solver_source(name: str) -> str:
    """Return the content of a user's own solver file, also one named by a TOML file; else ""."""
    if name.endswith(".toml"):
        inner = read_toml(Path(name))["solver"]
        return solver_source(locate_solver(inner, Path(name).parent))
    file = Path(name.rpartition(":")[0])
    return file.read_text(encoding="utf-8") if file.suffix == ".py" else ""


def build_solver(table: dict[str, Any]) -> Any:
    """Return the solver of a table ``{"solver": name, parameter: value, ...}``.

    Raises
    ------
    InputError
        If the table names no solver, or a parameter or value is unknown or illegal.
    """
    if not isinstance(table, dict) or not isinstance(table.get("solver"), str):
        raise InputError("solver", table, "a table with the name of a solver")
    parameters = {key: value for key, value in table.items() if key != "solver"}
    return make_solver(table["solver"], parameters)
