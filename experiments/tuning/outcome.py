"""What a tuning returns: the study, the best parameters, figures, and the held-out comparison."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import FrozenTrial

from edgeopt.experiments.tuning import figures
from edgeopt.experiments.tuning.cma_sampler import numbers_of
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.contours import plot_contour
from edgeopt.experiments.tuning.held_out import HeldOutComparison, sentence
from edgeopt.experiments.tuning.trial import best_trial
from edgeopt.experiments.tuning.trial_table import importances, measured, trials_table
from edgeopt.optim.scheduling.catalog import build_solver
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.html import escaped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Tuning:
    """Outcome of a tuning.

    Attributes
    ----------
    config : TuneConfig
        What was tuned; `TuneConfig.to_toml` writes it down.
    study : optuna.Study
        All trials, in memory: what is done with it does not touch a folder.
    held_out : HeldOutComparison or None
        Default against tuned; None without held-out problems.
    running : int
        Trials that other processes are still running; if there are any, nothing is compared yet.
    page : str
        The results as Markdown.
    paths : list of Path
        Files written.

    Examples
    --------
    See `tune`.
    """

    config: TuneConfig
    study: optuna.Study
    held_out: HeldOutComparison | None
    running: int
    page: str
    paths: list[Path]

    @property
    def best_trial(self) -> FrozenTrial:
        """The finished trial of least mean objective, the first of equal ones."""
        found = best_trial(self.study)
        if found is None:
            raise InputError("trials", len(self.study.trials), "enough for one to be finished")
        return found

    @property
    def best_params(self) -> dict[str, Any]:
        """Best values of the parameters searched."""
        return self.best_trial.params

    @property
    def best_value(self) -> float:
        """Mean objective of the best trial over the training runs."""
        return float(self.best_trial.values[0])

    @cached_property
    def solver(self) -> Any:
        """The tuned solver."""
        return build_solver({**self.config.solver, **self.best_params})

    def trials_dataframe(self) -> pd.DataFrame:
        """Return a row for each trial, by number.

        Columns: ``trial``, ``state`` (complete, pruned or fail), the objective (mean over the
        finished runs), ``runs``, ``params_NAME`` for each parameter, and ``error``.
        """
        return trials_table(self.study, self.config.objective_name)

    @cached_property
    def importances(self) -> dict[str, float]:
        """Share of each parameter in being among the best tenth; empty for fewer than 10 trials."""
        objective = self.config.objective_name
        return importances(
            measured(self.trials_dataframe(), objective), self.config.space, objective
        )

    @property
    def plot(self) -> TuningPlots:
        """Figures, each a function with ``ax=``."""
        return TuningPlots(self)

    def __str__(self) -> str:
        """Return best parameters, value and comparison."""
        return "\n".join(f"{name:<14} {text}" for name, text in self._rows())

    def _repr_html_(self) -> str:
        """Return the same as a table, for notebooks."""
        rows = (f"<tr><th>{name}</th><td>{escaped(text)}</td></tr>" for name, text in self._rows())
        return f"<table>{''.join(rows)}</table>"

    def _rows(self) -> list[tuple[str, str]]:
        """Return the lines of the summary by name."""
        objective = self.config.objective_name
        states = self.trials_dataframe()["state"].value_counts()
        rows = [
            ("solver", self.config.solver_name),
            ("trials", ", ".join(f"{count} {state}" for state, count in states.items())),
            *((name, str(value)) for name, value in self.best_params.items()),
            (f"training {objective}", f"{self.best_value:.6g}"),
        ]
        if self.held_out is not None:
            rows.append(("held out", sentence(self.held_out)))
        return rows


@dataclass(frozen=True)
class TuningPlots:
    """The figures of a tuning.

    Attributes
    ----------
    tuning : Tuning
        What is drawn.

    Examples
    --------
    See `tune`.
    """

    tuning: Tuning

    def history(self, ax: Axes | None = None) -> Axes:
        """Draw the mean of each trial, by its number, and the best so far."""
        return figures.plot_history(self._trials(), objective=self._objective, ax=ax)

    def slice(self, parameter: str, ax: Axes | None = None) -> Axes:
        """Draw the objective against one parameter."""
        space = self.tuning.config.space
        check_choice("parameter", parameter, list(space))
        return figures.plot_slice(
            self._trials(), parameter, space[parameter], objective=self._objective, ax=ax
        )

    def contour(self, first: str, second: str, ax: Axes | None = None) -> Axes:
        """Draw the objective over two parameters that are numbers."""
        numbers = numbers_of(self.tuning.config.space)
        for name in (first, second):
            check_choice("parameter", name, list(numbers))
        pair = {name: numbers[name] for name in (first, second)}
        return plot_contour(self._trials(), pair, objective=self._objective, ax=ax)

    def importance(self, ax: Axes | None = None) -> Axes:
        """Draw the share of each parameter in being among the best tenth."""
        return figures.plot_importance(self.tuning.importances, ax=ax)

    @property
    def _objective(self) -> str:
        """Name of the objective."""
        return self.tuning.config.objective_name

    def _trials(self) -> pd.DataFrame:
        """Return the trials that have something to draw."""
        return measured(self.tuning.trials_dataframe(), self._objective)


def detached(study: optuna.Study, trials: int) -> optuna.Study:
    """Return a copy of the first trials of a study, in memory."""
    copied = optuna.create_study(
        study_name=study.study_name, sampler=study.sampler, pruner=study.pruner
    )
    every = study.get_trials(deepcopy=False)
    copied.add_trials([trial for trial in every if trial.number < trials])
    return copied
