"""One trial: a set of parameters on the training problems."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from edgeopt.experiments.tuning.config import ProblemSet, TuneConfig
from edgeopt.experiments.tuning.space import Distribution
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import Progress, make_criteria
from edgeopt.problems.scheduling.problem import SchedulingProblem

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial


TRACE, ERROR = "gaps", "error"


def run_trial(
    study: Study,
    trial: Trial,
    config: TuneConfig,
    cells: list[TrialCell],
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
    cells: list[TrialCell],
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
            run = run_trial_cell(cell, solver, config.budget, config.seed, behind)
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


# Racing: give a trial up as soon as it can be seen not to beat the best one.

Marks = tuple[float, ...]

MARKS = 4  # of a run: the gap after each quarter of the budget, the last one the final gap


def is_behind(marks: Sequence[Marks], best: Sequence[Marks], level: float) -> bool:
    """Whether a trial looks worse than the best one.

    Parameters
    ----------
    marks : sequence of tuple of float
        For each run so far the gaps after quarters of the budget; of the last run maybe not all.
    best : sequence of tuple of float
        The same for all runs of the best finished trial, on the same problems with the same seeds.
    level : float
        Probability below which the test calls a trial worse; 0 never does.

    Notes
    -----
    A trial cannot win once its final gaps, none of them negative, add up to more than all of the
    best trial's; that is certain. Else the latest gap of each run is paired with the best trial's
    at the same point of the same run, and the one-sided signed-rank test of Wilcoxon asks whether
    the trial is worse, as it looks after each quarter of a run (so over the trace) and each run
    (over instances). As it asks again and again, it errs more often than `level` says. At least
    log2(1 / level) runs are needed: 5 at 0.05.
    """
    if level == 0:
        return False
    finished = [run[-1] for run in marks if len(run) == MARKS]
    if math.fsum(finished) > math.fsum(run[-1] for run in best):
        return True
    pairs = zip(marks, best, strict=False)
    worse_by = [run[-1] - other[len(run) - 1] for run, other in pairs]
    if len(worse_by) < math.log2(1 / level) or not 0 < sum(worse_by) < math.inf:
        return False
    from scipy.stats import wilcoxon  # takes long to import

    test = wilcoxon(worse_by, alternative="greater", zero_method="zsplit")
    return bool(test.pvalue < level)


# The runs by which a set of parameters is judged.

Watch = Callable[[Marks], bool]


@dataclass(frozen=True)
class TrialCell:
    """One run of a solver on a problem.

    Attributes
    ----------
    problem : SchedulingProblem
        What is solved.
    repetition : int
        Which run on it.
    """

    problem: SchedulingProblem
    repetition: int

    def seeds(self, root: int) -> np.random.SeedSequence:
        """Return the seeds of the run, those of a sweep's cell: the same for all parameters."""
        key = (int(self.problem.digest[:16], 16), self.repetition)
        return np.random.SeedSequence(root, spawn_key=key)


def trial_cells(group: ProblemSet, seed: int) -> list[TrialCell]:
    """Return the runs, all problems once in an order drawn from the seed, then all once more."""
    problems = list(group.problems.values())
    order = np.random.default_rng(seed).permutation(len(problems))
    return [
        TrialCell(problems[i], repetition) for repetition in range(group.repetitions) for i in order
    ]


def run_trial_cell(
    cell: TrialCell, solver: Any, budget: dict[str, float], seed: int, watch: Watch
) -> Marks:
    """Run a solver once and return its gaps after each quarter of the budget.

    Parameters
    ----------
    cell : Cell
        Problem and repetition.
    solver : Solver or callable
        What to run.
    budget : dict
        One limit: ``evaluations`` or ``seconds``.
    seed : int
        Root of all randomness.
    watch : callable
        Called with the gaps so far after each quarter but the last; if it returns true, the run
        ends there, and fewer than `MARKS` gaps are returned.

    Returns
    -------
    tuple of float
        A run that ends by itself keeps its gap to the end of the budget; infinite where no
        schedule was found.
    """
    ((name, limit),) = budget.items()
    marks: list[float] = []
    stopped = False

    def look(progress: Progress) -> bool:
        nonlocal stopped
        used = MARKS * getattr(progress, name) / limit
        while len(marks) + 1 < MARKS and used >= len(marks) + 1:
            marks.append(progress.gap)
            stopped = stopped or watch(tuple(marks))
        return stopped

    warm_up(cell.problem, solver)
    criteria = make_criteria(budget)
    result = solve(cell.problem, solver, stop=criteria, rng=cell.seeds(seed), callback=look)
    if not stopped:
        marks += [result.gap] * (MARKS - len(marks))
    return tuple(marks)
