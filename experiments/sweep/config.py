"""The configuration of a sweep, and the file from which it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.config import check_json, check_runs, check_seed
from edgeopt.experiments.sweep.cell import SWEEP, SweepCell, problem_of, solver_identity
from edgeopt.optim.scheduling.catalog import SOLVERS, build_solver, locate_solver
from edgeopt.optim.scheduling.solver import OneShot, as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.files import check_fields, check_strings, locate, read_toml
from edgeopt.problems.scheduling.formats import load_file

_FIELDS = ("problems", "repetitions", "seed", "budget", "solvers", "time_limit", "start")


@dataclass(frozen=True)
class SweepConfig:
    """A sweep, validated when it is made.

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
    start : str, optional
        Name of a heuristic of the catalog, such as ``"mct"``, whose schedule `solve` gives to
        every solver as its start; where the heuristic finds none, solvers start by themselves.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """

    kind: ClassVar[RunKind] = SWEEP

    problems: tuple[str, ...]
    repetitions: int
    seed: int
    budget: dict[str, Any]
    solvers: dict[str, dict[str, Any]]
    time_limit: float | None = None
    start: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        _check_start(self.start)
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
        fields = {**asdict(self), "problems": list(self.problems)}
        # A sweep without a start is the same as one made before there was the field.
        return {name: value for name, value in fields.items() if (name, value) != ("start", None)}

    def check(self) -> None:
        """Do nothing: the constructor has checked everything."""

    def cells(self) -> Iterator[SweepCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all solvers."""
        digests = {spec: problem_of(spec).digest for spec in self.problems}
        budget, start = json.dumps(self.budget, sort_keys=True), self.start or ""
        solvers = {}
        for label, parameters in self.solvers.items():  # files are read and hashed once
            table = json.dumps(parameters, sort_keys=True)
            solvers[label] = table, *solver_identity(table, start)
        first = [
            SweepCell(
                problem=spec,
                digest=digest,
                label=label,
                solver=table,
                repetition=0,
                seed=self.seed,
                budget=budget,
                start=start,
                identity=identity,
                code=code,
            )
            for spec, digest in digests.items()
            for label, (table, identity, code) in solvers.items()
        ]
        for repetition in range(self.repetitions):
            for cell in first:
                yield replace(cell, repetition=repetition)


def _check_start(name: Any) -> None:
    """Raise `InputError` unless it is the name of a heuristic of the catalog, or None."""
    heuristics = [key for key, solver in SOLVERS.items() if isinstance(as_solver(solver), OneShot)]
    if name is not None:
        check_choice("start", name, heuristics)


def restore_sweep(table: dict[str, Any]) -> SweepConfig:
    """Return the sweep whose `SweepConfig.as_dict` is `table`."""
    return SweepConfig(**{**table, "problems": tuple(table["problems"])})


def read_config(path: Path) -> SweepConfig:
    r"""Read a sweep file.

    Parameters
    ----------
    path : Path
        TOML with ``problems``, ``repetitions``, ``budget``, optionally ``seed``, ``start`` and
        ``time_limit``, and a table ``[solvers.NAME]`` for each solver, whose ``solver`` is NAME
        unless it says otherwise. Paths in it are relative to the file. A folder among the
        problems stands for every file in it that can be loaded, by name.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt import read_config
    >>> text = 'problems = ["paper:20x4:seed=1"]\nrepetitions = 2\nseed = 1\n'
    >>> text += "budget = {evaluations = 100}\n[solvers]\nLPT = {solver = 'lpt'}\n"
    >>> _ = Path("mine.toml").write_text(text)
    >>> read_config(Path("mine.toml")).repetitions
    2
    """
    tables = read_toml(path)
    check_fields(path, tables, _FIELDS, ("problems", "repetitions", "budget", "solvers"))
    return SweepConfig(
        problems=tuple(find_problems(check_strings("problems", tables["problems"]), path.parent)),
        repetitions=tables["repetitions"],
        seed=tables.get("seed", 0),
        budget=tables["budget"],
        time_limit=tables.get("time_limit"),
        start=tables.get("start"),
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


# Problem specs: paths are relative to the file, and a folder stands for its instances.


def find_problems(entries: list[str], folder: Path) -> Iterator[str]:
    """Yield the problem specs; a folder becomes its loadable files, sorted by name."""
    for entry in entries:
        if entry and (folder / entry).is_dir():
            yield from _instances((folder / entry).resolve())
        else:
            yield locate(entry, folder)


def _instances(folder: Path) -> list[str]:
    """Return the files of a folder that hold a problem, sorted by name."""
    paths = [str(path) for path in sorted(folder.iterdir()) if _is_instance(path)]
    if not paths:
        raise InputError("problems", str(folder), "a folder with files that can be loaded")
    return paths


def _is_instance(path: Path) -> bool:
    """Whether a problem can be loaded from the file."""
    try:
        load_file(path)
    except InputError:
        return False
    return not path.name.startswith((".", "_"))
