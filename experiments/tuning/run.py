"""Run a tuning from its configuration to its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.trial import Trial, TrialState

from edgeopt.experiments.runs.progress import log_progress
from edgeopt.experiments.tuning.cell_cache import CELLS, CellCache
from edgeopt.experiments.tuning.cells import CellRunner, trial_cells
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.folder import JOURNAL, open_tuning_folder
from edgeopt.experiments.tuning.outcome import Tuning, detached
from edgeopt.experiments.tuning.results import TuningProgress, with_figures, write_results
from edgeopt.experiments.tuning.sampler import all_points
from edgeopt.experiments.tuning.storage import open_database, open_journal, open_study
from edgeopt.experiments.tuning.trial import run_trial
from edgeopt.problems.errors import check_integer

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


TrialProgress = Callable[[int, int], None]

_WORKER = "worker"  # the attribute of a trial that names who runs it


def run_tuning(
    config: TuneConfig,
    folder: str | Path,
    *,
    jobs: int = 1,
    storage: str | None = None,
    accept_code: bool = False,
    figures: bool = True,
    report: TuningProgress | None = None,
) -> Tuning:
    """Run a tuning, or what is left of it, and write its results.

    Parameters
    ----------
    config : TuneConfig
        What to tune. It may extend the tuning that is in the folder: more trials, other held-out
        problems, other training problems or repetitions, another space, sampler or race. What is
        known of the runs is kept.
    folder : str or Path
        For the results, and for the study's journal where there is no `storage`.
    jobs : int
        Worker processes; results do not depend on it.
    storage : str, optional
        SQLAlchemy URL of a database that several processes share, each with its own folder. The
        process that ends last writes the results; the others do so when they are run again.
    accept_code : bool
        Whether trials of an earlier version of the code count as trials of the present one.
    figures : bool
        Whether to draw the figures.
    report : callable, optional
        Called with ``"trials"``, then ``"runs"`` (those on held-out problems), and the numbers of
        finished and of all of them. By default, the logger ``edgeopt`` has a line every ten
        seconds.

    Raises
    ------
    InputError
        If the folder holds a tuning that this one does not extend or one of other code, or is in
        use, the storage cannot be reached, or no trial succeeded.

    Examples
    --------
    See ``examples/tune_a_solver.py``.
    """
    folder = Path(folder)
    check_integer("jobs", jobs, at_least=1)
    log = log_progress("trials")
    show = report or (lambda what, done, total: log(done, total, what))
    with (
        open_database(storage) if storage else nullcontext() as database,
        open_tuning_folder(
            folder, config, shared=storage is not None, accept_code=accept_code
        ) as description,
    ):
        kept = description["kept"]
        study = open_study(config, database or open_journal(folder / JOURNAL), kept)
        with CellRunner(config, CellCache(folder / CELLS, description["codes"]), jobs) as runner:
            running = run_trials(
                config,
                study,
                description["worker"],
                runner,
                alone=storage is None,
                kept=kept,
                report=lambda done, total: show("trials", done, total),
            )
            copied = detached(study, trial_count(config, kept))
            if running:
                return Tuning(config, copied, None, running, "", [])
            changes = description["changes"]
            outcome = write_results(config, copied, folder, runner, changes, show)
            return with_figures(outcome, folder) if figures else outcome


# The loop over trials.


def run_trials(
    config: TuneConfig,
    study: Study,
    worker: str,
    runner: CellRunner,
    *,
    alone: bool,
    kept: list[dict[str, Any]] | None = None,
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
    runner : CellRunner
        Runs the cells.
    alone : bool
        Whether no other process can be working on the study.
    kept : list of dict, optional
        Parameters of the first trials, those of an earlier version of the tuning.
    report : callable, optional
        Called with the numbers of finished and of all trials, at the start and after each trial.

    Notes
    -----
    If the budget is in evaluations and no other process shares the study, a tuning that was
    interrupted and resumed gives the same bits as one that was not.
    """
    total = trial_count(config, kept or [])
    cells = trial_cells(config.training, config.seed)
    show = report or (lambda done, total: None)
    show(_finished(study, total), total)
    for trial, known in _claim(study, worker, total, alone):
        run_trial(study, trial, config, cells, runner, known)
        show(_finished(study, total), total)
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))


def trial_count(config: TuneConfig, kept: list[dict[str, Any]]) -> int:
    """Return the number of trials: a grid may have fewer points than the file asks for."""
    if config.sampler != "grid":
        return config.trials
    return min(config.trials, len(all_points(config, kept)))


def _claim(
    study: Study, worker: str, total: int, alone: bool
) -> Iterator[tuple[Trial, dict[int, float]]]:
    """Yield the trials to run, each with those of its values that the study already has."""
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


def _finished(study: Study, total: int) -> int:
    """Return how many trials are over."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    return min(total, len(study.get_trials(deepcopy=False, states=states)))
