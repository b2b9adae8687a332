"""`tune`: a tuning from objects, as a notebook has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from edgeopt.experiments.sweep.objects import budget_table, store_problems, store_solver
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.folder import check_unused
from edgeopt.experiments.tuning.outcome import Tuning
from edgeopt.experiments.tuning.problem_set import ProblemSet
from edgeopt.experiments.tuning.results import TuningProgress
from edgeopt.experiments.tuning.run import run_tuning
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import Criterion, Evaluations
from edgeopt.optim.user_code import check_not_within_file
from edgeopt.problems.errors import InputError

Range = BaseDistribution | tuple[float, float] | list[Any] | Mapping[str, Any]


def tune(
    solver: Any,
    parameters: Sequence[str] | None = None,
    training: Any = None,
    held_out: Any = None,
    *,
    trials: int = 50,
    budget: Criterion | Mapping[str, float] = Evaluations(5000),
    repetitions: int = 1,
    seed: int = 0,
    sampler: str | BaseSampler = "tpe",
    distributions: Mapping[str, Range] | None = None,
    objective: str | Callable[[Result], float] = "gap",
    pruner: float | BasePruner = 0.05,
    jobs: int = 1,
    out: str | Path | None = None,
    accept_code: bool = False,
    report: TuningProgress | None = None,
) -> Tuning:
    """Tune a solver's parameters, and compare with the default on held-out problems.

    Parameters
    ----------
    solver : object
        A solver, its class, a function ``f(problem, rng, *, k=3)`` with parameters, a name of the
        catalog, ``file.py:Name`` or a table as in a file. It is the default.
    parameters : sequence of str, optional
        Names to tune; by default those of `distributions`, else all for which the solver declares
        a range.
    training : Problem, DataFrame, str, or a list or dict of them
        Problems that judge the trials; texts are files or names such as ``paper:20x4:seed=1``.
    held_out : Problem, DataFrame, str, or a list or dict of them, optional
        At least two other problems, on which default and tuned are compared.
    trials : int
        Sets of parameters to try.
    budget : Criterion or dict
        Of each run: `Evaluations` or `Seconds`.
    repetitions : int
        Runs on each problem, each with its own seed.
    seed : int
        Root of all randomness.
    sampler : {"tpe", "cma-es", "random", "grid"} or Optuna sampler
        Method that draws parameters.
    distributions : dict, optional
        By parameter: a distribution of Optuna, a pair ``(low, high)`` or a list of values.
    objective : str or callable
        What is minimised, as the mean over all runs: ``"gap"``, ``"makespan"``, ``"seconds"``,
        ``"evaluations"``, or a function of a `Result`.
    pruner : float or Optuna pruner
        p-value below which a trial is given up as worse than the best one; 0 runs all trials to
        their end.
    jobs : int
        Worker processes; results do not depend on it.
    out : str or Path, optional
        Folder for the study, its results and its figures; the same tuning, or one with more
        trials or problems, resumes there. Without it nothing is kept on disk.
    accept_code : bool
        Whether trials of an earlier version of the code in `out` count as trials of this one.
    report : callable, optional
        See `run_tuning`.

    Raises
    ------
    InputError
        If an argument is illegal, or a function cannot be stored by its source.

    Examples
    --------
    >>> import edgeopt as eo
    >>> pools = [f"paper:20x4:seed={seed}" for seed in range(3)]
    >>> found = eo.tune(eo.ACO(), ["beta"], pools, trials=5, budget=eo.Evaluations(100), seed=1)
    >>> found.best_value <= found.study.trials[0].value  # that of the default
    True
    >>> found.solver == eo.ACO(**found.best_params)
    True
    >>> axes = found.plot.history()
    """
    check_not_within_file("tune")
    if training is None:
        raise InputError("training", None, "at least one problem")
    if out is not None:
        check_unused(Path(out))  # before objects are written to it
    keep = TemporaryDirectory(prefix="edgeopt-") if out is None else nullcontext(out)
    with keep as name:
        folder = Path(name)
        search = {key: _range(value) for key, value in (distributions or {}).items()}
        names = _names(parameters, search)
        config = TuneConfig(
            solver=store_solver(solver, folder),
            trials=trials,
            budget=budget_table(budget),
            training=_problem_set("training", training, folder, repetitions),
            held_out=None
            if held_out is None
            else _problem_set("held_out", held_out, folder, repetitions),
            parameters=names,
            search=search,
            sampler=sampler,
            seed=seed,
            racing=pruner,
            objective=objective
            if isinstance(objective, str)
            else store_solver(objective, folder, "objective")["solver"],
        )
        outcome = run_tuning(
            config,
            folder,
            jobs=jobs,
            accept_code=accept_code,
            figures=out is not None,
            report=report,
        )
        if out is None:
            outcome = replace(outcome, paths=[])
        _ = outcome.solver  # made while its file is there
        return outcome


def _names(parameters: Any, search: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the names to tune, None for all that declare a range."""
    if parameters is None:
        return tuple(search) or None
    if isinstance(parameters, str | Mapping) or not all(isinstance(x, str) for x in parameters):
        rule = "a list of names; what to search goes into distributions"
        raise InputError("parameters", parameters, rule)
    return tuple(parameters)


def _range(value: Any) -> Any:
    """Return a range as a tuning file has it; distributions of Optuna stay as they are."""
    return dict(value) if isinstance(value, Mapping) else value


def _problem_set(name: str, problems: Any, folder: Path, repetitions: int) -> ProblemSet:
    """Return the problems of a set, each with its name."""
    stored = store_problems(problems, folder)
    labels = {spec: label for label, spec in stored.items()}
    return ProblemSet(name, tuple(stored.values()), repetitions, labels)
