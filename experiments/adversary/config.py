"""The configuration of an adversary, and the file from which it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from edgeopt.experiments.adversary.cell import ADVERSARY, AdversaryCell, identify, space_digest
from edgeopt.experiments.adversary.space import open_space
from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.config import check_json, check_runs, check_seed, toml_text
from edgeopt.experiments.sweep.grid import expand_grids, labelled
from edgeopt.optim.scheduling.catalog import build_solver, locate_solver
from edgeopt.optim.scheduling.solver import as_solver
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.files import check_fields, printable, read_toml
from edgeopt.problems.parameters import check_table, from_table
from edgeopt.problems.scheduling.spec import locate_problem

BUDGET = {"evaluations": 1000}

_FIELDS = (
    *("space", "solvers", "pairs", "budget", "instances", "runs", "confirm"),
    *("repetitions", "seed", "time_limit"),
)

_COUNTED = ("evaluations", "iterations")  # budgets that give the same bits on every machine

_MOST_INSTANCES, _MOST_SEEDS = 10**9, 10**5


@dataclass(frozen=True)
class AdversaryConfig:
    """Searches for the instances on which solvers lose most to rivals, validated when it is made.

    Attributes
    ----------
    space : dict
        Arguments of `open_space`: which instances may be tried.
    solvers : dict
        By label: ``{"solver": name, parameter: value, ...}``, as in a sweep; a list is a grid.
    pairs : tuple of tuple of str
        Solver and rival of each search, by label; empty: every solver against every other one.
    budget : dict
        Of each run of a solver, in evaluations or iterations.
    instances : int
        How many instances each search tries.
    runs : int
        Runs of a solver on each instance, always with the same seeds; the median counts.
    confirm : int
        Runs of a solver on the worst instance found, with seeds that the search has not used.
    repetitions : int
        Searches for each pair.
    seed : int
        Root of all randomness.
    time_limit : float, optional
        Wall time in s after which a search is ended from outside and counts as failed. Not part
        of what identifies it.

    Examples
    --------
    >>> from edgeopt.experiments.adversary import AdversaryConfig, summarize_adversary
    >>> from edgeopt.experiments.runs import run_cell
    >>> config = AdversaryConfig(
    ...     space={"tasks": 4, "nodes": 2, "low": 1.0, "high": 8.0},
    ...     solvers={"FCFS": {"solver": "fcfs"}, "LPT": {"solver": "lpt"}},
    ...     instances=200,
    ... )
    >>> summary = summarize_adversary([run_cell(cell) for cell in config.cells()])
    >>> [(row["solver"], row["rival"], row["ratio"] > 1.0) for row in summary]
    [('FCFS', 'LPT', True), ('LPT', 'FCFS', True)]
    """

    kind: ClassVar[RunKind] = ADVERSARY

    space: dict[str, Any]
    solvers: dict[str, dict[str, Any]]
    pairs: tuple[tuple[str, str], ...] = ()
    budget: dict[str, Any] | None = None
    instances: int = 500
    runs: int = 3
    confirm: int = 21
    repetitions: int = 1
    seed: int = 0
    time_limit: float | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        object.__setattr__(self, "budget", _budget(self.budget))
        limits = {"instances": _MOST_INSTANCES, "runs": _MOST_SEEDS, "confirm": _MOST_SEEDS}
        for name, most in limits.items():
            check_integer(name, getattr(self, name), at_least=1, at_most=most)
        solvers = expand_grids(self.solvers)
        object.__setattr__(self, "solvers", {printable(one): solvers[one] for one in solvers})
        for label, table in self.solvers.items():
            with labelled(label):
                as_solver(build_solver(table))
            check_json(f"solvers.{label}", table)
        object.__setattr__(self, "pairs", _pairs(self.pairs, list(self.solvers)))
        check_runs(self.repetitions, len(self.pairs), self.time_limit)
        check_json("space", self.space)
        from_table(open_space, self.space, "space")

    def check(self) -> None:
        """Do nothing: the constructor has checked everything."""

    def cells(self) -> Iterator[AdversaryCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all pairs."""
        space = json.dumps(self.space, sort_keys=True)
        digest = space_digest(open_space(**self.space))
        tables = {name: json.dumps(one, sort_keys=True) for name, one in self.solvers.items()}
        first = []
        for solver, rival in self.pairs:
            pair = tables[solver], tables[rival]
            identities, code = identify(pair)
            first.append(
                AdversaryCell(
                    solver=solver,
                    rival=rival,
                    tables=pair,
                    space=space,
                    digest=digest,
                    instances=self.instances,
                    runs=self.runs,
                    confirm=self.confirm,
                    budget=json.dumps(self.budget, sort_keys=True),
                    repetition=0,
                    seed=self.seed,
                    identities=identities,
                    code=code,
                )
            )
        for repetition in range(self.repetitions):
            for cell in first:
                yield replace(cell, repetition=repetition)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "pairs": [list(pair) for pair in self.pairs]}

    def to_toml(self, folder: Path | None = None) -> str:
        """Return the text of a file from which `read_adversary` reads this adversary.

        Parameters
        ----------
        folder : Path, optional
            Where the file will be: paths of other files are written relative to it, without it
            absolute.
        """
        return toml_text(self.as_dict(), folder)


def _budget(budget: Any) -> dict[str, Any]:
    """Return a budget that has the same effect everywhere."""
    given = BUDGET if budget is None else budget
    make_criteria(given)
    for name in given:
        if name not in _COUNTED:
            rule = f"in {' or '.join(_COUNTED)}, which can be repeated"
            raise InputError("budget", given, rule)
    return dict(given)


def _pairs(pairs: Any, labels: list[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of two known and different solvers, none twice; all of them if none is given."""
    if len(labels) < 2:
        raise InputError("solvers", labels, "at least two: a solver and a rival")
    every = [(one, other) for one in labels for other in labels if one != other]
    if not isinstance(pairs, list | tuple):
        raise InputError("pairs", pairs, "a list of pairs, each a solver and its rival")
    given = [tuple(pair) if isinstance(pair, list | tuple) else pair for pair in pairs]
    for pair in given:
        if pair not in every:
            rule = f"two different ones of {', '.join(labels)}: solver, then rival"
            raise InputError("pairs", pair, rule)
    if len(set(given)) < len(given):
        raise InputError("pairs", given, "all different")
    return tuple(given or every)


def restore_adversary(table: dict[str, Any]) -> AdversaryConfig:
    """Return the adversary whose `AdversaryConfig.as_dict` is `table`."""
    return AdversaryConfig(**{**table, "pairs": tuple(map(tuple, table["pairs"]))})


def read_adversary(path: str | Path) -> AdversaryConfig:
    r"""Read the file of an adversary.

    Parameters
    ----------
    path : str or Path
        TOML with the fields of `AdversaryConfig`; only ``[space]``, which may be empty, and the
        tables ``[solvers.NAME]`` are required, whose ``solver`` is NAME unless they say otherwise.
        Paths are relative to the file.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.experiments.adversary import read_adversary
    >>> text = "instances = 50\n[space]\ntasks = 6\n[solvers]\nlpt = {}\nfcfs = {}\n"
    >>> _ = Path("mine.toml").write_text(text)
    >>> read_adversary("mine.toml").pairs
    (('lpt', 'fcfs'), ('fcfs', 'lpt'))
    """
    path = Path(path)
    tables = read_toml(path)
    check_fields(path, tables, _FIELDS, ("space", "solvers"))
    space, solvers = tables["space"], tables["solvers"]
    for name in ("space", "solvers"):
        check_table(name, tables[name])
    if isinstance(space.get("instance"), str):
        space = {**space, "instance": locate_problem(space["instance"], path.parent)}
    located = {label: _located(label, table, path.parent) for label, table in solvers.items()}
    return AdversaryConfig(**{**tables, "space": space, "solvers": located})


def _located(label: str, table: Any, folder: Path) -> Any:
    """Return a solver's table with its solver named, and paths in it made absolute."""
    if not isinstance(table, dict):
        raise InputError(f"solvers.{label}", table, "a table")
    name = table.get("solver", label)
    if not isinstance(name, str):
        raise InputError(f"solvers.{label}.solver", name, "a string")
    return {**table, "solver": locate_solver(name, folder)}
