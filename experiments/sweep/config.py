"""The configuration of a sweep, and the file from which it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from glob import glob, has_magic
from pathlib import Path
from typing import Any, ClassVar

from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.config import check_json, check_runs, check_seed, toml_text
from edgeopt.experiments.sweep.cell import SWEEP, SweepCell, problem_of, solver_identity
from edgeopt.experiments.sweep.grid import expand_grids, labelled
from edgeopt.experiments.sweep.sets import checked_specs, instance_set
from edgeopt.optim.scheduling.catalog import SOLVERS, build_solver, locate_solver
from edgeopt.optim.scheduling.solver import OneShot, as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.files import check_fields, check_strings, file_exists, printable, read_toml
from edgeopt.problems.scheduling.spec import locate_problem, split_options

_FIELDS = ("problems", "repetitions", "seed", "budget", "solvers", "time_limit", "start")


@dataclass(frozen=True)
class SweepConfig:
    """A sweep, validated when it is made.

    Attributes
    ----------
    problems : tuple of str, or dict
        Problem specs, paths absolute; a dict has them by the names that they have in tables.
    repetitions : int
        Runs of each solver on each problem.
    seed : int
        Root of all randomness.
    budget : dict
        Stopping criteria by name, e.g. ``{"evaluations": 5000}``.
    solvers : dict
        By label: ``{"solver": name, parameter: value, ...}``. A list of values is a grid: it
        becomes a solver for each, labelled e.g. ``atsa[beta=2]``, see `expand_grids`.
    time_limit : float, optional
        Wall time in s after which a cell is ended from outside and counts as failed. Not part of
        what identifies a sweep.
    start : str, optional
        Name of a heuristic of the catalog, such as ``"mct"``, whose schedule `solve` gives to
        every solver as its start; where the heuristic finds none, solvers start by themselves.
    left_out : tuple of str
        Files of a folder or pattern among the problems that cannot be loaded, with the reason.
        Not part of what identifies a sweep.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """

    kind: ClassVar[RunKind] = SWEEP

    problems: tuple[str, ...] | dict[str, str]
    repetitions: int
    seed: int
    budget: dict[str, Any]
    solvers: dict[str, dict[str, Any]]
    time_limit: float | None = None
    start: str | None = None
    left_out: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        check_seed(self.seed)
        _check_start(self.start)
        make_criteria(self.budget)
        check_strings("problems", [*self.problems, *self.specs.values()])
        if not self.problems:
            raise InputError("problems", [], "at least one problem")
        object.__setattr__(self, "problems", _printable_problems(self.problems))
        object.__setattr__(self, "left_out", tuple(map(printable, self.left_out)))
        solvers = expand_grids(self.solvers)
        object.__setattr__(self, "solvers", {printable(one): solvers[one] for one in solvers})
        if not self.solvers:
            raise InputError("solvers", {}, "at least one table [solvers.NAME]")
        check_runs(self.repetitions, len(self.problems) * len(self.solvers), self.time_limit)
        for label, table in self.solvers.items():
            with labelled(label):
                as_solver(build_solver(table))
            check_json(f"solvers.{label}", table)

    @property
    def specs(self) -> dict[str, str]:
        """The specs of the problems by their names in tables, which are the specs by default."""
        if isinstance(self.problems, dict):
            return self.problems
        return {spec: spec for spec in self.problems}

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        problems = self.problems if isinstance(self.problems, dict) else list(self.problems)
        fields = {**asdict(self), "problems": problems}
        # A sweep without a start is the same as one made before there was the field.
        absent = [("start", None), ("left_out", self.left_out)]
        return {name: value for name, value in fields.items() if (name, value) not in absent}

    def to_toml(self, folder: Path | None = None) -> str:
        """Return the text of a file from which `read_config` reads this sweep.

        Parameters
        ----------
        folder : Path, optional
            Where the file will be: paths of other files are written relative to it, without it
            absolute.
        """
        return toml_text(self.as_dict(), folder)

    def check(self) -> None:
        """Do nothing: the constructor has checked everything."""

    def cells(self) -> Iterator[SweepCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all solvers."""
        digests = {name: problem_of(spec).digest for name, spec in self.specs.items()}
        budget, start = json.dumps(self.budget, sort_keys=True), self.start or ""
        solvers = {}
        for label, parameters in self.solvers.items():  # files are read and hashed once
            table = json.dumps(parameters, sort_keys=True)
            solvers[label] = table, *solver_identity(table, start)
        first = [
            SweepCell(
                problem=self.specs[name],
                digest=digest,
                label=label,
                solver=table,
                repetition=0,
                seed=self.seed,
                budget=budget,
                start=start,
                identity=identity,
                code=code,
                name=name,
            )
            for name, digest in digests.items()
            for label, (table, identity, code) in solvers.items()
        ]
        for repetition in range(self.repetitions):
            for cell in first:
                yield replace(cell, repetition=repetition)


def _printable_problems(
    problems: tuple[str, ...] | dict[str, str],
) -> tuple[str, ...] | dict[str, str]:
    """Return the problems under names that UTF-8 can hold; files' names need not be UTF-8."""
    if len(set(map(printable, problems))) < len(problems):
        raise InputError("problems", list(problems), "all different")
    if isinstance(problems, dict):
        return {printable(name): spec for name, spec in problems.items()}
    named = {printable(spec): spec for spec in problems}
    return problems if list(named) == list(problems) else named


def _check_start(name: Any) -> None:
    """Raise `InputError` unless it is the name of a heuristic of the catalog, or None."""
    heuristics = [key for key, solver in SOLVERS.items() if isinstance(as_solver(solver), OneShot)]
    if name is not None:
        check_choice("start", name, heuristics)


def restore_sweep(table: dict[str, Any]) -> SweepConfig:
    """Return the sweep whose `SweepConfig.as_dict` is `table`."""
    problems = table["problems"]
    named = problems if isinstance(problems, dict) else tuple(problems)
    return SweepConfig(**{**table, "problems": named})


def read_config(path: str | Path) -> SweepConfig:
    r"""Read a sweep file.

    Parameters
    ----------
    path : str or Path
        TOML with ``problems``, ``repetitions``, ``budget``, optionally ``seed``, ``start`` and
        ``time_limit``, and a table ``[solvers.NAME]`` for each solver, whose ``solver`` is NAME
        unless it says otherwise. Paths in it are relative to the file. ``problems`` is a list, or
        a table of problems by name. A folder or a pattern such as ``instances/*.csv`` in the list
        stands for every file that can be loaded; `SweepConfig.left_out` names the others. The name
        of a set, such as ``edgeopt-60``, stands for its instances.

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
    path = Path(path)
    tables = read_toml(path)
    check_fields(path, tables, _FIELDS, ("problems", "repetitions", "budget", "solvers"))
    problems, left_out = _problems(tables["problems"], path.parent)
    return SweepConfig(
        problems=problems,
        left_out=left_out,
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


def _problems(given: Any, folder: Path) -> tuple[tuple[str, ...] | dict[str, str], tuple[str, ...]]:
    """Return the specs of a list, or of a table by name, and what was left out of folders."""
    if not isinstance(given, dict):
        return find_problems(check_strings("problems", given), folder)
    specs = check_strings("problems", list(given.values()))
    return {name: locate_problem(spec, folder) for name, spec in zip(given, specs, strict=True)}, ()


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


# Problem specs: paths are relative to the file; folders and patterns stand for instances.


def split_spec(spec: str) -> tuple[str, str]:
    """Return a spec without the options ``:key=value`` at its end, and these."""
    path, options = re.split(r"((?::\w+=[^:]*)*)$", spec, maxsplit=1)[:2]
    return path, options


def find_problems(entries: list[str], folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the problem specs, and what was left out, as ``name (reason)``.

    Parameters
    ----------
    entries : list of str
        Specs; a folder, or a pattern with ``*``, ``?`` or ``[``, becomes its files that can be
        loaded, sorted by name, hidden ones excepted. Options that follow it hold for each file.
        The name of a set (`instance_set`) becomes its instances, unless there is such a file.
    folder : Path
        To which paths are relative.

    Raises
    ------
    InputError
        If a folder or a pattern has no file that can be loaded.
    """
    found: list[str] = []
    left_out: list[str] = []
    for entry in entries:
        named = None if file_exists(folder / entry) else instance_set(entry)
        if named is not None:
            found += [spec for spec in checked_specs(named) if spec not in found]
            continue
        pattern, options = split_spec(entry)
        paths = _paths(pattern, folder)
        if paths is None or file_exists(Path(split_options(folder / entry)[0])):
            found.append(locate_problem(entry, folder))
            continue
        reasons = {path: _reason(path, options) for path in paths}
        loaded = [f"{path}{options}" for path, reason in reasons.items() if reason is None]
        out = [f"{path.name} ({reason})" for path, reason in reasons.items() if reason is not None]
        if not loaded:
            notes = "".join(f"; left out: {text}" for text in out)
            rule = f"a folder or a pattern with files that can be loaded{notes}"
            raise InputError("problems", entry, rule)
        # two patterns may match the same file
        found += [spec for spec in loaded if spec not in found]
        left_out += [text for text in out if text not in left_out]
    return tuple(found), tuple(left_out)


def _paths(entry: str, folder: Path) -> list[Path] | None:
    """Return the files of a folder or a pattern, sorted by name; None for a single spec."""
    place = folder / entry
    if entry and place.is_dir():
        matches = [*place.iterdir()]
    elif has_magic(entry):
        # of pathlib, no pattern is absolute
        found = glob(entry, root_dir=folder, recursive=True)  # noqa: PTH207
        matches = [folder / match for match in found]
    else:
        return None
    visible = (path for path in matches if not path.name.startswith((".", "_")))
    return sorted(path.resolve() for path in visible if file_exists(path))


def _reason(path: Path, options: str) -> str | None:
    """Return why no problem can be loaded from a file with options, None if it can."""
    try:
        problem_of(f"{path}{options}")
    except InputError as error:
        return str(error).replace(str(path), "").strip(" :,")
    return None
