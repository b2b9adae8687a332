"""One trial of a tuning: a set of parameters, run on the training problems and raced."""

from __future__ import annotations

import math
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, NopPruner, WilcoxonPruner
from optuna.trial import TrialState

from edgeopt.experiments.tuning.config import ProblemSet, TuneConfig
from edgeopt.experiments.tuning.space import Distribution
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import make_criteria
from edgeopt.problems.scheduling.problem import Problem

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial


ERROR = "error"  # the attribute of a failed trial that holds its traceback

_NO_GAPS: Mapping[int, float] = MappingProxyType({})


def run_trial(
    study: Study,
    trial: Trial,
    config: TuneConfig,
    cells: list[TrialCell],
    known: Mapping[int, float] = _NO_GAPS,
) -> None:
    """Draw a trial's parameters (or take those it has), run them and tell the study.

    Its value is the mean gap over the cells. A trial that falls behind the best one is given up
    (pruned); one whose solver raises has failed and keeps the traceback.

    Parameters
    ----------
    study, trial : optuna.Study, optuna.Trial
        A trial that has been started.
    config : TuneConfig
        What to run.
    cells : list of TrialCell
        The training runs, in an order that is the same for all trials.
    known : mapping of int to float
        Gaps of the cells that a process finished before it was interrupted in this trial.
    """
    values = {name: _suggest(trial, name, entry) for name, entry in config.space.items()}
    gaps = dict(known)
    for step in range(len(gaps), len(cells)):
        # asked before each run, and thus also after an interruption
        if is_behind(study, trial, gaps.values()):
            study.tell(trial, state=TrialState.PRUNED)
            return
        try:
            solver = replace(config.default, **values)
            gaps[step] = run_trial_cell(cells[step], solver, config.budget, config.seed)
        except Exception:
            trial.set_user_attr(ERROR, traceback.format_exc())
            study.tell(trial, state=TrialState.FAIL)
            return
        trial.report(gaps[step], step)
    study.tell(trial, math.fsum(gaps.values()) / len(gaps))


def _suggest(trial: Trial, name: str, entry: Distribution) -> Any:
    """Return the trial's value of a parameter."""
    if isinstance(entry, CategoricalDistribution):
        return trial.suggest_categorical(name, entry.choices)
    if isinstance(entry, FloatDistribution):
        return trial.suggest_float(name, entry.low, entry.high, log=entry.log)
    return trial.suggest_int(name, entry.low, entry.high, log=entry.log)


# The cells of a trial.


@dataclass(frozen=True)
class TrialCell:
    """One run of a solver on a problem.

    Attributes
    ----------
    problem : Problem
        What is solved.
    repetition : int
        Which run on it.
    """

    problem: Problem
    repetition: int

    def seeds(self, root: int) -> np.random.SeedSequence:
        """Return the seeds of the run: those of the same cell in a sweep, for all parameters."""
        key = (int(self.problem.digest[:16], 16), self.repetition)
        return np.random.SeedSequence(root, spawn_key=key)


def trial_cells(group: ProblemSet, seed: int) -> list[TrialCell]:
    """Return the runs: all problems in an order drawn from the seed, then all of them again."""
    problems = list(group.problems.values())
    order = np.random.default_rng(seed).permutation(len(problems))
    return [
        TrialCell(problems[i], repetition) for repetition in range(group.repetitions) for i in order
    ]


def run_trial_cell(cell: TrialCell, solver: Any, budget: dict[str, float], seed: int) -> float:
    """Run a solver once and return its gap, infinite where no schedule was found.

    Parameters
    ----------
    cell : TrialCell
        Problem and repetition.
    solver : Solver or callable
        What to run.
    budget : dict
        One limit: ``evaluations`` or ``seconds``.
    seed : int
        Root of all randomness.
    """
    # compilation must not count where the budget is in seconds
    warm_up(cell.problem, solver)
    return solve(cell.problem, solver, stop=make_criteria(budget), rng=cell.seeds(seed)).gap


# Racing: a trial is given up as soon as it looks worse than the best one.


@contextmanager
def experimental_allowed() -> Iterator[None]:
    """Silence Optuna's warnings of what it calls experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def make_pruner(level: float) -> BasePruner:
    """Return Wilcoxon's signed-rank test at a level; at 0, all trials run to their end."""
    if level == 0:
        return NopPruner()
    with experimental_allowed():
        return WilcoxonPruner(p_threshold=level)


def best_trial(study: Study) -> FrozenTrial | None:
    """Return the finished trial of least mean gap, the first of equal ones; None without any."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return min(finished, key=lambda trial: (trial.values[0], trial.number), default=None)


def is_behind(study: Study, trial: Trial, gaps: Iterable[float]) -> bool:
    """Whether a trial looks worse than the best one.

    Parameters
    ----------
    study : optuna.Study
        With a pruner from `make_pruner`.
    trial : optuna.Trial
        The trial, which has reported its gaps.
    gaps : iterable of float
        Gaps of its runs so far; all trials have the same problems and seeds.

    Notes
    -----
    Gaps are not negative, so that a trial has certainly lost once its gaps add up to more than all
    those of the best trial. Otherwise the pruner applies the one-sided signed-rank test. As it
    does so after each run, it errs more often than its level says.
    """
    best = best_trial(study)
    if best is None or isinstance(study.pruner, NopPruner):
        return False
    # Without this rule the pruner needs 3 to 36 % more runs (four of the committed tunings with
    # random parameters), and of infinite gaps it only warns.
    least = math.fsum(best.intermediate_values.values())
    if math.fsum(gaps) > least:
        return True
    return math.isfinite(least) and trial.should_prune()
