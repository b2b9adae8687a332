"""One trial: a set of parameters on the training problems."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from experiments.tuning.cells import Cell, run_cell
from experiments.tuning.config import TuneConfig
from experiments.tuning.race import MARKS, Marks, is_behind
from experiments.tuning.space import Distribution

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

TRACE, ERROR = "gaps", "error"


def run_trial(
    study: Study,
    trial: Trial,
    config: TuneConfig,
    cells: list[Cell],
    reported: Collection[int] = (),
) -> None:
    """Draw a trial's parameters (or take those it has), run them and tell the study.

    Its value is the mean final gap over the cells. A trial that falls behind the best one is
    given up (pruned); one whose solver raises has failed, and keeps the traceback.

    Parameters
    ----------
    study, trial : optuna.Study, optuna.Trial
        A trial that is under way.
    config : TuneConfig
        What to run.
    cells : list of Cell
        The training runs, in the order that all trials share.
    reported : collection of int
        Runs whose gaps the study knows from a process that was interrupted in this trial.
    """
    values = {name: _suggest(trial, name, entry) for name, entry in config.space.items()}
    best = best_trial(study)
    best_marks = [] if best is None else [tuple(run) for run in best.user_attrs[TRACE]]

    def report(gap: float, step: int) -> None:
        if step not in reported:
            trial.report(gap, step)

    marks, error = _race(values, config, cells, best_marks, report)
    if error:
        trial.set_user_attr(ERROR, error)
        study.tell(trial, state=TrialState.FAIL)
    elif len(marks) < len(cells):
        study.tell(trial, state=TrialState.PRUNED)
    else:
        trial.set_user_attr(TRACE, marks)
        study.tell(trial, math.fsum(run[-1] for run in marks) / len(marks))


def best_trial(study: Study) -> FrozenTrial | None:
    """Return the finished trial of least mean gap, the first of equals, None if there is none."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return min(finished, key=lambda trial: (trial.values[0], trial.number), default=None)


def _race(
    values: dict[str, Any],
    config: TuneConfig,
    cells: list[Cell],
    best: Sequence[Marks],
    report: Callable[[float, int], None],
) -> tuple[list[Marks], str]:
    """Return the gaps of the cells, all or those before the trial fell behind, and any error."""
    done: list[Marks] = []

    def behind(run: Marks) -> bool:
        return bool(best) and is_behind([*done, run], best, config.racing)

    for step, cell in enumerate(cells):
        try:
            solver = replace(config.default, **values)
            run = run_cell(cell, solver, config.budget, config.seed, behind)
        except Exception:
            return done, traceback.format_exc()
        if len(run) < MARKS:
            break
        given_up = step + 1 < len(cells) and behind(run)
        done.append(run)
        report(run[-1], step)
        if given_up:
            break
    return done, ""


def _suggest(trial: Trial, name: str, entry: Distribution) -> Any:
    """Return the trial's value of a parameter."""
    if isinstance(entry, CategoricalDistribution):
        return trial.suggest_categorical(name, entry.choices)
    if isinstance(entry, FloatDistribution):
        return trial.suggest_float(name, entry.low, entry.high, log=entry.log)
    return trial.suggest_int(name, entry.low, entry.high, log=entry.log)
