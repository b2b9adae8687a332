"""The configuration of a tuning: a TOML file, checked before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.distributions import distribution_to_json

from edgeopt.experiments.runs.config import check_seed, toml_text
from edgeopt.experiments.runs.provenance import version
from edgeopt.experiments.tuning.cma_sampler import check_cma
from edgeopt.experiments.tuning.space import (
    MOST_GRID_POINTS,
    Space,
    grid_points,
    search_space,
    values_within,
)
from edgeopt.optim.scheduling.catalog import build_solver, locate_solver, solver_code
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import check_fields, check_strings, read_toml
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem, locate_problem

SAMPLERS = ("tpe", "cma-es", "random", "grid")

_BUDGETS = ("evaluations", "seconds")

_REQUIRED = ("solver", "trials", "budget", "training", "held_out")

_OPTIONAL = ("parameters", "search", "sampler", "seed", "levels", "racing")


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
    training, held_out : ProblemSet
        Problems that judge the trials, and those on which default and tuned are compared.
    parameters : tuple of str, optional
        Names to tune; by default all for which the solver declares a range.
    search : dict
        Ranges and choices instead of the solver's own, see `edgeopt.experiments.tuning.space`.
    sampler : {"tpe", "cma-es", "random", "grid"}
        Method that draws parameters.
    seed : int
        Root of all randomness.
    levels : int
        Number of values of a range on a grid.
    racing : float
        p-value below which a trial is given up as worse than the best one, see
        `edgeopt.experiments.tuning.trial`; 0 runs all trials to their end.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """

    solver: dict[str, Any]
    trials: int
    budget: dict[str, float]
    training: ProblemSet
    held_out: ProblemSet
    parameters: tuple[str, ...] | None = None
    search: dict[str, Any] = field(default_factory=dict)
    sampler: str = "tpe"
    seed: int = 0
    levels: int = 5
    racing: float = 0.05

    def __post_init__(self) -> None:
        check_integer("trials", self.trials, at_least=1)
        check_choice("sampler", self.sampler, SAMPLERS)
        check_seed(self.seed)
        check_integer("levels", self.levels, at_least=2, at_most=MOST_GRID_POINTS)
        check_number("racing", self.racing, at_least=0, at_most=0.5)
        # the criteria check the amount; that there is one budget of a fair kind is checked below
        make_criteria(self.budget)
        if len(self.budget) != 1 or not self.budget.keys() <= set(_BUDGETS):
            raise InputError("budget", self.budget, f"one of {' and '.join(_BUDGETS)}")
        # one problem has neither an interval nor a test
        if len(self.held_out.specs) < 2:
            rule = "at least two problems, over which default and tuned are compared"
            raise InputError("held_out.problems", list(self.held_out.specs), rule)
        check_apart(self.training, self.held_out)
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
    def space(self) -> Space:
        """The search space, by parameter."""
        return search_space(self.default, self.parameters, self.search)

    @cached_property
    def start(self) -> dict[str, Any] | None:
        """The default's values of the parameters searched; None if the space excludes one."""
        return values_within(self.default, self.space)

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that the outcome depends on; problems by content, hence the same anywhere."""
        sets = {
            group.name: {"digests": group.digests, "repetitions": group.repetitions}
            for group in (self.training, self.held_out)
        }
        plain = {name: getattr(self, name) for name in ("trials", "sampler", "seed", "levels")}
        space = {name: distribution_to_json(entry) for name, entry in self.space.items()}
        rest = {"budget": self.budget, "racing": self.racing, "edgeopt": version()}
        solver = {"default": repr(self.default), "source": self._source}
        return {**solver, "space": space, **plain, **rest, **sets}

    def to_toml(self, folder: Path | None = None) -> str:
        """Return the text of a file from which `read_tuning` reads this tuning.

        Parameters
        ----------
        folder : Path, optional
            Where the file will be: paths of other files are written relative to it, without it
            absolute.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        for group in (self.training, self.held_out):
            values[group.name] = {"problems": group.specs, "repetitions": group.repetitions}
        return toml_text(values, folder)

    @property
    def _source(self) -> str:
        """The hash of the code of a user's own solver, empty for others."""
        return solver_code(self.solver["solver"])


def read_tuning(path: Path) -> TuneConfig:
    """Read a tuning file.

    Parameters
    ----------
    path : Path
        TOML with the fields of `TuneConfig`; ``[training]`` and ``[held_out]`` are tables with
        ``problems`` and ``repetitions``. Paths in it are relative to the file.

    Raises
    ------
    InputError
        If a field, a problem set or a distribution is missing, unknown or illegal.

    Examples
    --------
    See ``examples/tune_a_solver.py``; the files in ``experiments/tunings`` show all fields.
    """
    tables = read_toml(path)
    check_fields(path, tables, _REQUIRED + _OPTIONAL, _REQUIRED)
    fields = dict(tables)
    for name in ("solver", "budget", "search", "training", "held_out"):
        if not isinstance(fields.get(name, {}), dict):
            raise InputError(name, fields[name], "a table")
    fields["solver"] = _solver_table(tables["solver"], path.parent)
    for name in ("training", "held_out"):
        fields[name] = _problem_set(name, tables[name], path.parent)
    if "parameters" in fields:
        fields["parameters"] = tuple(check_strings("parameters", tables["parameters"]))
    return TuneConfig(**fields)


def _problem_set(name: str, table: dict[str, Any], folder: Path) -> ProblemSet:
    """Return the problems of a table."""
    for key in table:
        check_choice(f"{name} field", key, ("problems", "repetitions"))
    specs = check_strings(f"{name}.problems", table.get("problems"))
    located = tuple(locate_problem(spec, folder) for spec in specs)
    return ProblemSet(name, located, table.get("repetitions", 1))


def _solver_table(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a solver's table; the path of a file in it is made absolute."""
    name = table.get("solver")
    if not isinstance(name, str):
        raise InputError("solver.solver", name, "the name of a solver")
    return {**table, "solver": locate_solver(name, folder)}


# Training and held-out problems.


@dataclass(frozen=True)
class ProblemSet:
    """Problems, and how often each is run.

    Attributes
    ----------
    name : str
        ``training`` or ``held_out``, for messages.
    specs : tuple of str
        Problem specs; paths are absolute.
    repetitions : int
        Runs of a solver on each problem, each with its own seed.

    Raises
    ------
    InputError
        If there is no problem, one cannot be loaded, or two are the same.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """

    name: str
    specs: tuple[str, ...]
    repetitions: int

    def __post_init__(self) -> None:
        check_integer(f"{self.name}.repetitions", self.repetitions, at_least=1)
        if not self.specs:
            raise InputError(f"{self.name}.problems", [], "at least one problem")
        seen: dict[str, str] = {}
        for spec, problem in self.problems.items():
            if seen.setdefault(problem.digest, spec) != spec:
                rule = f"another problem than {seen[problem.digest]}"
                raise InputError(f"{self.name}.problems", spec, rule)
        if len(self.problems) < len(self.specs):
            raise InputError(f"{self.name}.problems", list(self.specs), "all different")

    @cached_property
    def problems(self) -> dict[str, Problem]:
        """The problems by spec, loaded once: each keeps its lower bound."""
        return {spec: load_problem(spec) for spec in self.specs}

    @property
    def digests(self) -> list[str]:
        """Content hashes of the problems."""
        return [problem.digest for problem in self.problems.values()]


def check_apart(training: ProblemSet, held_out: ProblemSet) -> None:
    """Raise `InputError` if a held-out problem is a training problem too, by content."""
    trained = {problem.digest: spec for spec, problem in training.problems.items()}
    for spec, problem in held_out.problems.items():
        if problem.digest in trained:
            rule = f"unseen in training, where it is {trained[problem.digest]}"
            raise InputError("held_out.problems", spec, rule)
