"""One trial of a tuning: a set of parameters, run on the training problems and raced."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, NopPruner, WilcoxonPruner
from optuna.trial import TrialState

from edgeopt.experiments.tuning.cells import CellError, CellRunner, TrialCell
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.objective import OBJECTIVES
from edgeopt.experiments.tuning.space import Distribution

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial


ERROR = "error"  # the attribute of a failed trial that holds its traceback

_NOTHING: Mapping[int, float] = MappingProxyType({})


def run_trial(
    study: Study,
    trial: Trial,
    config: TuneConfig,
    cells: list[TrialCell],
    runner: CellRunner,
    known: Mapping[int, float] = _NOTHING,
) -> None:
    """Draw a trial's parameters (or take those it has), run them and tell the study.

    Its value is the mean over the cells. A trial that falls behind the best one is given up
    (pruned); one whose solver raises has failed and keeps the traceback.

    Parameters
    ----------
    study, trial : optuna.Study, optuna.Trial
        A trial that has been started.
    config : TuneConfig
        What to run.
    cells : list of TrialCell
        The training runs, in an order that is the same for all trials.
    runner : CellRunner
        Runs them.
    known : mapping of int to float
        Values of the cells that a process finished before it was interrupted in this trial.
    """
    values = {name: _suggest(trial, name, entry) for name, entry in config.space.items()}
    found, negative = dict(known), config.objective not in OBJECTIVES
    with closing(runner.run(cells[len(found) :], values)) as fresh:
        for step in range(len(found), len(cells)):
            # asked before each run, and thus also after an interruption
            if is_behind(study, trial, found.values(), config.racing, negative=negative):
                study.tell(trial, state=TrialState.PRUNED)
                return
            try:
                found[step] = next(fresh)
            except CellError as error:
                trial.set_user_attr(ERROR, str(error))
                study.tell(trial, state=TrialState.FAIL)
                return
            trial.report(found[step], step)
    study.tell(trial, math.fsum(found.values()) / len(found))


def _suggest(trial: Trial, name: str, entry: Distribution) -> Any:
    """Return the trial's value of a parameter."""
    if isinstance(entry, CategoricalDistribution):
        return trial.suggest_categorical(name, entry.choices)
    if isinstance(entry, FloatDistribution):
        return trial.suggest_float(name, entry.low, entry.high, log=entry.log, step=entry.step)
    return trial.suggest_int(name, entry.low, entry.high, log=entry.log, step=entry.step)


# Racing: a trial is given up as soon as it looks worse than the best one.


@contextmanager
def experimental_allowed() -> Iterator[None]:
    """Silence Optuna's warnings of what it calls experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def make_pruner(level: float | BasePruner) -> BasePruner:
    """Return Wilcoxon's signed-rank test at a level; at 0, all trials run to their end."""
    if isinstance(level, BasePruner):
        return level
    if level == 0:
        return NopPruner()
    with experimental_allowed():
        return WilcoxonPruner(p_threshold=level)


def best_trial(study: Study) -> FrozenTrial | None:
    """Return the finished trial of least mean gap, the first of equal ones; None without any."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return min(finished, key=lambda trial: (trial.values[0], trial.number), default=None)


def is_behind(
    study: Study,
    trial: Trial,
    found: Iterable[float],
    racing: float | BasePruner = 0.05,
    *,
    negative: bool = False,
) -> bool:
    """Whether a trial looks worse than the best one.

    Parameters
    ----------
    study : optuna.Study
        With a pruner from `make_pruner`.
    trial : optuna.Trial
        The trial, which has reported its values.
    found : iterable of float
        Values of its runs so far; all trials have the same problems and seeds.
    racing : float or Optuna pruner
        What the pruner was made from.
    negative : bool
        Whether values may be negative.

    Notes
    -----
    Where no value is negative, a trial has certainly lost once its values add up to more than all
    those of the best trial. Otherwise the pruner applies the one-sided signed-rank test. As it
    does so after each run, it errs more often than its level says.
    """
    if isinstance(racing, BasePruner):
        return trial.should_prune()
    best = best_trial(study)
    if best is None or isinstance(study.pruner, NopPruner):
        return False
    # Without this rule the pruner needs 3 to 36 % more runs (four of the committed tunings with
    # random parameters), and of infinite gaps it only warns.
    total, least = math.fsum(found), math.fsum(best.intermediate_values.values())
    if total > least and (not negative or math.isinf(total)):
        return True
    return math.isfinite(least) and trial.should_prune()
