"""Solvers by the names that the command line and sweep files use, from files and from packages."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.optim.scheduling.configurable import (
    Declared,
    configure,
    parameters_of,
)
from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from edgeopt.optim.scheduling.heuristics.lp_rounding import lp_rounding
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.rivals.annealing import SimulatedAnnealing
from edgeopt.optim.scheduling.rivals.discrete_pso import DiscretePSO
from edgeopt.optim.scheduling.rivals.genetic import GeneticAlgorithm
from edgeopt.optim.scheduling.rivals.iterated_greedy import IteratedGreedy
from edgeopt.optim.scheduling.rivals.tabu import TabuSearch
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.optim.user_code import UserCode, add_code, folder_kept, read_code, run_code
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import file_exists, locate, read_toml
from edgeopt.problems.parameters import check_names

_ENTRY_POINTS = "edgeopt.solvers"

_LOOKING = ContextVar("looking", default=False)

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
    "iterated-greedy": IteratedGreedy(),
    "annealing": SimulatedAnnealing(),
    "annealing-braun": SimulatedAnnealing.printed(),
    "tabu": TabuSearch(),
    "genetic": GeneticAlgorithm(),
    "dpso": DiscretePSO(),
    "milp": MILP(),
    "branch-and-price": BranchAndPrice(),
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
        for a class, an object or a function of your own, or ``file.toml`` with such a name as
        ``solver`` and with values of its parameters.

    Examples
    --------
    >>> from edgeopt import find_solver
    >>> find_solver("pso").particles
    20
    """
    return make_solver(name)


def make_solver(name: str, parameters: dict[str, Any] | None = None) -> Any:
    """Return the solver of a name with some parameters set.

    Parameters
    ----------
    name : str
        See `find_solver`.
    parameters : dict, optional
        Values by parameter name; texts are read as the parameter's type. The parameters of a
        class are those of its signature, those of a function all after ``problem`` and ``rng``.

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
    return identify_solver(name, parameters).solver


@dataclass(frozen=True)
class SolverIdentity:
    """A solver, and what tells it from others.

    Attributes
    ----------
    solver : object
        An object with ``init`` and ``step``, or a function.
    name : str
        Its class or function; of a user's file, what it is called there.
    parameters : dict
        Values of all its parameters, defaults too.
    code : UserCode or None
        The user's file that has it, None for others.
    """

    solver: Any
    name: str
    parameters: dict[str, Any]
    code: UserCode | None


def identify_solver(name: str, parameters: dict[str, Any] | None = None) -> SolverIdentity:
    """Return the solver that `make_solver` returns, with all that tells it from others.

    Raises
    ------
    InputError
        See `make_solver`.
    """
    found = _find(name)
    if found.is_unread:
        given = {**found.values, **(parameters or {})}
        return SolverIdentity(found.target, found.attribute, given, found.code)
    with folder_kept():
        solver, everything = configure(found.target, {**found.values, **(parameters or {})})
    made = solver if hasattr(solver, "__qualname__") else type(solver)
    attribute = found.attribute or f"{made.__module__}.{made.__qualname__}"
    return SolverIdentity(solver, attribute, everything, found.code)


def declared_parameters(name: str) -> dict[str, Declared]:
    """Return the parameters of the solver of a name: types and defaults.

    Raises
    ------
    InputError
        If the name has no solver.
    """
    found = _find(name)
    if found.is_unread:
        return {}
    known = parameters_of(found.target)
    check_names(found.values, known)
    return {
        key: declared._replace(default=found.values.get(key, declared.default))
        for key, declared in known.items()
    }


class _Found(NamedTuple):
    """What a name stands for, values of a TOML file, and the user's file and name in it."""

    target: Any
    values: Mapping[str, Any] = MappingProxyType({})
    attribute: str = ""
    code: UserCode | None = None
    is_unread: bool = False


@contextmanager
def foreign_code_unread() -> Iterator[None]:
    """Within, no solver of a file or of another package is imported, so that none can be run.

    Files are read, and values of parameters taken as they are given.
    """
    token = _LOOKING.set(True)
    try:
        yield
    finally:
        _LOOKING.reset(token)


def _unread(module: str, attribute: str, code: UserCode | None = None) -> _Found:
    """Return what stands for a solver of a module that is not imported."""

    def solver(problem: Any, rng: Any) -> Any:
        raise RuntimeError(f"{attribute} of {module} is not imported")

    solver.__module__ = module
    return _Found(solver, {}, attribute, code, is_unread=True)


def _find(name: str) -> _Found:
    """Return what a name stands for: an object, a function, or a class that is to be made."""
    if name in SOLVERS:
        return _Found(SOLVERS[name])
    if name.endswith(".toml"):
        return _from_toml(Path(name))
    path, _, attribute = name.rpartition(":")
    if path.endswith(".py"):
        return _from_file(Path(path), attribute)
    for entry in importlib.metadata.entry_points(group=_ENTRY_POINTS, name=name):
        return _unread(entry.module, name) if _LOOKING.get() else _Found(entry.load())
    near = get_close_matches(name, SOLVERS)
    guess = f" (did you mean {' or '.join(near)}?)" if near else ""
    rule = f"one of {', '.join(SOLVERS)}, an installed solver, file.py:Name or file.toml{guess}"
    raise InputError("solver", name, rule)


def locate_solver(name: str, folder: Path) -> str:
    """Return a solver's name, with a path in it relative to `folder` made absolute."""
    if name.endswith(".toml"):
        return locate(name, folder)
    file, colon, attribute = name.rpartition(":")
    return f"{locate(file, folder)}{colon}{attribute}" if file.endswith(".py") else name


def _from_toml(path: Path) -> _Found:
    """Return the solver of a file that ``edgeopt tune`` or a user wrote."""
    table = read_toml(path)
    name = table.pop("solver", None)
    if not isinstance(name, str) or name.endswith(".toml"):
        raise InputError(f"{path}: solver", name, "the name of a solver, of no TOML file")
    return _find(locate_solver(name, path.parent))._replace(values=table)


def _from_file(path: Path, attribute: str) -> _Found:
    """Run a Python file and return what it calls `attribute`."""
    if not file_exists(path):
        raise InputError("solver", str(path), "an existing file")
    code = read_code(path)
    if _LOOKING.get():
        add_code(code)
        return _unread(f"{code.package}.{code.main}", attribute, code)
    module = run_code(code)
    if not hasattr(module, attribute):
        raise InputError("solver", f"{path}:{attribute}", "a name that the file defines")
    return _Found(getattr(module, attribute), {}, attribute, code)


def solver_code(name: str) -> str:
    """Return a hash of the code of a user's own file, also one named by a TOML file; else ""."""
    code = _find(name).code if name.endswith(".toml") or ".py:" in name else None
    return "" if code is None else code.digest


def is_foreign(name: str) -> bool:
    """Whether the solver of a name is of a file or another package; its code is not run."""
    return name not in SOLVERS


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
