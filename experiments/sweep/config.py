"""What a sweep file says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.budget import make_criteria
from experiments.sweep.fields import check_json, check_runs, check_seed
from experiments.sweep.paths import find_problems
from experiments.toml_file import check_fields, check_strings, read_toml
from optim.scheduling import make_solver
from optim.scheduling.catalog import locate_solver
from optim.solver import as_solver
from problems.errors import InputError

FIELDS = ("problems", "repetitions", "seed", "budget", "solvers", "time_limit")


@dataclass(frozen=True)
class SweepConfig:
    """A sweep, validated before anything runs.

    Attributes
    ----------
    problems : tuple of str
        Problem specs; paths are absolute.
    repetitions : int
        Runs of each solver on each problem.
    seed : int
        Root of all randomness.
    budget : dict
        Stopping criteria by name, e.g. ``{"evaluations": 5000}``.
    solvers : dict
        By label: ``{"solver": name, parameter: value, ...}``.
    time_limit : float, optional
        Wall time in s after which a cell is ended from outside and counts as failed. Not part of
        what identifies a sweep.
    """

    problems: tuple[str, ...]
    repetitions: int
    seed: int
    budget: dict[str, Any]
    solvers: dict[str, dict[str, Any]]
    time_limit: float | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        make_criteria(self.budget)
        check_strings("problems", list(self.problems))
        if not self.problems:
            raise InputError("problems", [], "at least one problem")
        if len(set(self.problems)) < len(self.problems):
            raise InputError("problems", list(self.problems), "all different")
        if not self.solvers:
            raise InputError("solvers", {}, "at least one table [solvers.NAME]")
        check_runs(self.repetitions, len(self.problems) * len(self.solvers), self.time_limit)
        for label, table in self.solvers.items():
            as_solver(build_solver(table))
            check_json(f"solvers.{label}", table)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "problems": list(self.problems)}

    @property
    def identity(self) -> dict[str, Any]:
        """The fields on which the rows of a sweep depend."""
        return {key: value for key, value in self.as_dict().items() if key != "time_limit"}


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


def read_config(path: Path) -> SweepConfig:
    """Read a sweep file.

    Parameters
    ----------
    path : Path
        TOML with ``problems``, ``repetitions``, ``budget``, optionally ``seed`` and
        ``time_limit``, and a table ``[solvers.NAME]`` for each solver, whose ``solver`` is NAME
        unless it says otherwise. Paths in it are relative to the file. A folder among the
        problems stands for every file in it that can be loaded, by name.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.
    """
    tables = read_toml(path)
    check_fields(path, tables, FIELDS, ("problems", "repetitions", "budget", "solvers"))
    return SweepConfig(
        problems=tuple(find_problems(check_strings("problems", tables["problems"]), path.parent)),
        repetitions=tables["repetitions"],
        seed=tables.get("seed", 0),
        budget=tables["budget"],
        time_limit=tables.get("time_limit"),
        solvers={
            label: _solver_table(label, table, path.parent)
            for label, table in _table("solvers", tables).items()
        },
    )


def _table(field: str, tables: dict[str, Any]) -> dict[str, Any]:
    """Return the field as a table."""
    value = tables[field]
    if not isinstance(value, dict):
        raise InputError(field, value, "a table")
    return value


def _solver_table(label: str, table: Any, folder: Path) -> dict[str, Any]:
    """Return a solver's table with its solver named."""
    if not isinstance(table, dict):
        raise InputError(f"solvers.{label}", table, "a table")
    name = table.get("solver", label)
    if not isinstance(name, str):
        raise InputError(f"solvers.{label}.solver", name, "a string")
    return {**table, "solver": locate_solver(name, folder)}
