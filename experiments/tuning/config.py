"""The configuration of a tuning: a TOML file, checked before anything runs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from edgeopt.experiments.runs.config import check_seed, toml_text
from edgeopt.experiments.sweep.cell import solver_identity
from edgeopt.experiments.sweep.config import find_problems
from edgeopt.experiments.tuning.cma_sampler import check_cma
from edgeopt.experiments.tuning.declared import Declared, declared_parameters
from edgeopt.experiments.tuning.objective import OBJECTIVES, find_objective
from edgeopt.experiments.tuning.problem_set import ProblemSet, check_sets
from edgeopt.experiments.tuning.space import (
    MOST_GRID_POINTS,
    Space,
    contains,
    grid_points,
    search_space,
    space_table,
)
from edgeopt.optim.scheduling.catalog import build_solver, locate_solver, solver_code
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import check_fields, check_strings, read_toml
from edgeopt.problems.scheduling.spec import locate_problem

SAMPLERS = ("tpe", "cma-es", "random", "grid")

_BUDGETS = ("evaluations", "seconds")

_REQUIRED = ("solver", "trials", "budget", "training")

_OPTIONAL = (
    *("held_out", "parameters", "search", "sampler", "seed", "levels", "racing"),
    "objective",
)


@dataclass(frozen=True)
class TuneConfig:
    """A tuning, validated before anything runs.

    Attributes
    ----------
    solver : dict
        ``{"solver": name, parameter: value, ...}``, as in a sweep file. Parameters that are not
        tuned keep the values given here. This solver is the default, with which the tuned one is
        compared.
    trials : int
        Sets of parameters to try.
    budget : dict
        ``{"evaluations": n}`` or ``{"seconds": s}`` for each run. Iterations would be no fair
        budget, as their cost grows with the number of ants.
    training : ProblemSet
        Problems that judge the trials.
    held_out : ProblemSet, optional
        Problems on which default and tuned are compared; without them there is no comparison.
    parameters : tuple of str, optional
        Names to tune; by default all for which the solver declares a range.
    search : dict
        Ranges and choices instead of the solver's own, see `edgeopt.experiments.tuning.space`.
    sampler : {"tpe", "cma-es", "random", "grid"} or Optuna sampler
        Method that draws parameters. The random state of a sampler of Optuna's is set anew for
        each trial, from `seed`.
    seed : int
        Root of all randomness.
    levels : int
        Number of values of a range on a grid.
    racing : float or Optuna pruner
        p-value below which a trial is given up as worse than the best one, see
        `edgeopt.experiments.tuning.trial`; 0 runs all trials to their end. A pruner of Optuna's is
        asked instead, with the objective of each run as the intermediate value.
    objective : str
        What is minimised, as the mean over the training runs: ``gap``, ``makespan``, ``seconds``
        or ``evaluations`` of the result, or ``file.py:function`` of a `Result`.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """

    solver: dict[str, Any]
    trials: int
    budget: dict[str, float]
    training: ProblemSet
    held_out: ProblemSet | None = None
    parameters: tuple[str, ...] | None = None
    search: dict[str, Any] = field(default_factory=dict)
    sampler: str | BaseSampler = "tpe"
    seed: int = 0
    levels: int = 5
    racing: float | BasePruner = 0.05
    objective: str = "gap"

    def __post_init__(self) -> None:
        check_integer("trials", self.trials, at_least=1)
        if not isinstance(self.sampler, BaseSampler):
            check_choice("sampler", self.sampler, SAMPLERS)
        check_seed(self.seed)
        check_integer("levels", self.levels, at_least=2, at_most=MOST_GRID_POINTS)
        if not isinstance(self.racing, BasePruner):
            check_number("racing", self.racing, at_least=0, at_most=0.5)
        # the criteria check the amount; that there is one budget of a fair kind is checked below
        make_criteria(self.budget)
        if len(self.budget) != 1 or not self.budget.keys() <= set(_BUDGETS):
            raise InputError("budget", self.budget, f"one of {' and '.join(_BUDGETS)}")
        find_objective(self.objective)
        check_sets(self.training, self.held_out, self.objective)
        if self.sampler == "cma-es":
            check_cma(self.space)
        elif self.sampler == "grid":
            grid_points(self.space, self.levels, self.seed)
        else:
            _ = self.space  # raises if it is not legal

    @cached_property
    def default(self) -> Any:
        """The solver with the parameters given."""
        return build_solver(self.solver)

    @cached_property
    def declared(self) -> dict[str, Declared]:
        """The parameters of the default solver."""
        return declared_parameters(self.solver)

    @cached_property
    def space(self) -> Space:
        """The search space, by parameter."""
        return search_space(self.declared, self.parameters, self.search)

    @cached_property
    def start(self) -> dict[str, Any] | None:
        """The default's values of the parameters searched; None if the space excludes one."""
        values = {name: self.declared[name].value for name in self.space}
        inside = all(contains(self.space[name], value) for name, value in values.items())
        return values if inside else None

    @property
    def problem_sets(self) -> tuple[ProblemSet, ...]:
        """The sets of problems that there are."""
        return (self.training,) if self.held_out is None else (self.training, self.held_out)

    @property
    def solver_name(self) -> str:
        """The solver without the folder of its file."""
        return re.split(r"[/\\]", self.solver["solver"])[-1]

    @property
    def objective_name(self) -> str:
        """The objective without the folder of its file."""
        return self.objective.rpartition(":")[2]

    def to_toml(self, folder: Path | None = None) -> str:
        """Return the text of a file from which `read_tuning` reads this tuning.

        Parameters
        ----------
        folder : Path, optional
            Where the file will be: paths of other files are written relative to it, without it
            absolute.

        Raises
        ------
        InputError
            If a sampler or pruner is an object of Optuna's, or a file of it is gone.
        """
        for name in ("sampler", "racing"):
            value = getattr(self, name)
            if isinstance(value, BaseSampler | BasePruner):
                raise InputError(name, value, "a name or number: a file cannot hold an object")
        self._check_files()
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["search"] = {name: space_table(self.space[name]) for name in self.search}
        for group in self.problem_sets:
            names = {group.labels.get(spec, spec): spec for spec in group.specs}
            problems = names if group.labels else list(group.specs)
            values[group.name] = {"problems": problems, "repetitions": group.repetitions}
        return toml_text(values, folder)

    def _check_files(self) -> None:
        """Raise `InputError` if a file that was made from an object is gone."""
        files = [text.rpartition(":")[0] for text in (self.solver["solver"], self.objective)]
        files += [spec for group in self.problem_sets for spec in group.specs]
        for path in map(Path, files):
            if path.suffix in (".py", ".npz") and not path.exists():
                rule = f"given: {path.name} was made from an object and is stored there"
                raise InputError("out", None, rule)

    @property
    def identity(self) -> dict[str, Any]:
        """All but the code that the trials depend on; problems by content, thus the same anywhere.

        The number of trials and the held-out problems are no part of it.
        """
        training = {"digests": self.training.digests, "repetitions": self.training.repetitions}
        return {
            "solver": json.loads(solver_identity(json.dumps(self.solver))[0]),
            "budget": self.budget,
            "objective": self.objective_name,
            "seed": self.seed,
            "training": training,
            "search": {name: distribution_to_json(entry) for name, entry in self.space.items()},
            "sampler": _content(self.sampler),
            "levels": self.levels if self.sampler == "grid" else None,
            "racing": _content(self.racing),
        }

    @cached_property
    def code(self) -> str:
        """Hash of the code that runs a trial, when it was first asked for."""
        own = "" if self.objective in OBJECTIVES else solver_code(self.objective)
        return solver_identity(json.dumps(self.solver))[1] + own[:16]


def _content(given: Any) -> Any:
    """Return a plain value as it is, an object of Optuna's as its class and its plain settings."""
    if isinstance(given, str | int | float):
        return given
    plain = {
        name: value
        for name, value in sorted(vars(given).items())
        # a seed is replaced by one of ours
        if isinstance(value, bool | int | float | str) and name != "_seed"
    }
    return [type(given).__qualname__, plain]


def read_tuning(path: str | Path) -> TuneConfig:
    """Read a tuning file.

    Parameters
    ----------
    path : str or Path
        TOML with the fields of `TuneConfig`; ``[training]`` and ``[held_out]`` are tables with
        ``problems``, a list or a table of names, and ``repetitions``. Paths in it are relative to
        the file.

    Raises
    ------
    InputError
        If a field, a problem set or a distribution is missing, unknown or illegal.

    Examples
    --------
    See ``examples/tune_a_solver.py``; the files in ``experiments/tunings`` show all fields.
    """
    path = Path(path)
    tables = read_toml(path)
    check_fields(path, tables, _REQUIRED + _OPTIONAL, _REQUIRED)
    fields = dict(tables)
    for name in ("solver", "budget", "search", "training", "held_out"):
        if not isinstance(fields.get(name, {}), dict):
            raise InputError(name, fields[name], "a table")
    fields["solver"] = solver_table(tables["solver"], path.parent)
    for name in ("training", "held_out"):
        if name in tables:
            fields[name] = problem_set(name, tables[name], path.parent)
    if isinstance(tables.get("objective"), str):
        fields["objective"] = locate_solver(tables["objective"], path.parent)
    if "parameters" in fields:
        fields["parameters"] = tuple(check_strings("parameters", tables["parameters"]))
    return TuneConfig(**fields)


def problem_set(name: str, table: dict[str, Any], folder: Path) -> ProblemSet:
    """Return the problems of a table; sets, folders and patterns stand for their instances."""
    for key in table:
        check_choice(f"{name} field", key, ("problems", "repetitions"))
    given = table.get("problems")
    named = given if isinstance(given, dict) else {}
    specs = check_strings(f"{name}.problems", list(named.values()) if named else given)
    if named:
        located = tuple(locate_problem(spec, folder) for spec in specs)
        labels = dict(zip(located, named, strict=True))
        return ProblemSet(name, located, table.get("repetitions", 1), labels)
    located, left_out = find_problems(specs, folder)
    if left_out:  # a tuning whose problems are not all that were meant would be another one
        rule = "a folder or pattern of instances alone"
        raise InputError(f"{name}.problems", "; ".join(left_out), rule)
    return ProblemSet(name, located, table.get("repetitions", 1))


def solver_table(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a solver's table; the path of a file in it is made absolute."""
    name = table.get("solver")
    if not isinstance(name, str):
        raise InputError("solver.solver", name, "the name of a solver")
    return {**table, "solver": locate_solver(name, folder)}
