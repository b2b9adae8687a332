"""Run a tuning from its configuration to its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optuna.trial import Trial, TrialState

from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.results import TuningProgress, write_results
from edgeopt.experiments.tuning.space import grid_points
from edgeopt.experiments.tuning.storage import (
    JOURNAL,
    open_database,
    open_journal,
    open_study,
    open_tuning_folder,
)
from edgeopt.experiments.tuning.trial import run_trial, trial_cells

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


TrialProgress = Callable[[int, int], None]

_WORKER = "worker"  # the attribute of a trial that names who runs it


class TuningOutcome(NamedTuple):
    """Outcome of one process of a tuning.

    Attributes
    ----------
    running : int
        Trials that other processes are still running; if there are any, there are no results yet.
    page : str
        The results as Markdown.
    paths : list of Path
        Files written.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """

    running: int
    page: str
    paths: list[Path]


def tune(
    config: TuneConfig,
    folder: Path,
    *,
    storage: str | None = None,
    report: TuningProgress | None = None,
) -> TuningOutcome:
    """Run a tuning, or what is left of it, and write its results.

    Parameters
    ----------
    config : TuneConfig
        What to tune.
    folder : Path
        For the results, and for the study's journal where there is no `storage`.
    storage : str, optional
        SQLAlchemy URL of a database that several processes share, each with its own folder. The
        process that ends last writes the results; the others do so when they are run again.
    report : callable, optional
        Called with ``"trials"``, then ``"runs"`` (those on held-out problems), and the numbers of
        finished and of all of them.

    Raises
    ------
    InputError
        If the folder belongs to another tuning or is in use, the storage cannot be reached, or no
        trial succeeded.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """
    show = report or (lambda what, done, total: None)
    with (
        open_database(storage) if storage else nullcontext() as database,
        open_tuning_folder(folder, config) as description,
    ):
        study = open_study(config, database or open_journal(folder / JOURNAL))
        running = run_tuning(
            config,
            study,
            description["worker"],
            alone=storage is None,
            report=lambda done, total: show("trials", done, total),
        )
        if running:
            return TuningOutcome(running, "", [])
        return TuningOutcome(0, *write_results(config, study, folder, show))


# The loop over trials.


def run_tuning(
    config: TuneConfig,
    study: Study,
    worker: str,
    *,
    alone: bool,
    report: TrialProgress | None = None,
) -> int:
    """Run the rest of a tuning, and return how many trials other processes are running.

    Parameters
    ----------
    config : TuneConfig
        What is tuned.
    study : optuna.Study
        Its study; its finished trials are not run again.
    worker : str
        Name of this process and of the interrupted ones that it replaces: a trial that the same
        worker left unfinished is resumed with its parameters and seeds.
    alone : bool
        Whether no other process can be working on the study.
    report : callable, optional
        Called with the numbers of finished and of all trials, at the start and after each trial.

    Notes
    -----
    If the budget is in evaluations and no other process shares the study, a tuning that was
    interrupted and resumed gives the same bits as one that was not.
    """
    total = trial_count(config)
    cells = trial_cells(config.training, config.seed)
    show = report or (lambda done, total: None)
    show(_finished(study), total)
    for trial, known in _claim(study, worker, total, alone):
        run_trial(study, trial, config, cells, known)
        show(_finished(study), total)
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))


def trial_count(config: TuneConfig) -> int:
    """Return the number of trials: a grid may have fewer points than the file asks for."""
    if config.sampler != "grid":
        return config.trials
    return min(config.trials, len(grid_points(config.space, config.levels, config.seed)))


def _claim(
    study: Study, worker: str, total: int, alone: bool
) -> Iterator[tuple[Trial, dict[int, float]]]:
    """Yield the trials to run, each with those of its gaps that the study already has."""
    for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _is_left_by(left, worker, alone):
            trial = Trial(study, left._trial_id)  # study.ask would start a new one
            trial.set_user_attr(_WORKER, worker)
            yield trial, left.intermediate_values
    # other processes start trials too, so the study is asked each time
    while len(study.get_trials(deepcopy=False)) < total:
        trial = study.ask()
        if trial.number >= total:  # another process was quicker
            study.tell(trial, state=TrialState.FAIL)
            break
        trial.set_user_attr(_WORKER, worker)
        yield trial, {}


def _is_left_by(trial: FrozenTrial, worker: str, alone: bool) -> bool:
    """Whether this worker was interrupted in a trial that is still marked as running."""
    owner = trial.user_attrs.get(_WORKER)
    return owner == worker or (owner is None and alone)


def _finished(study: Study) -> int:
    """Return how many trials are over."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    return len(study.get_trials(deepcopy=False, states=states))
