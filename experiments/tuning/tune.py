"""A tuning from its configuration to its results."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from experiments.tuning.config import TuneConfig
from experiments.tuning.folder import open_folder
from experiments.tuning.results import Report, write_results
from experiments.tuning.run import run_tuning
from experiments.tuning.storage import JOURNAL, open_database, open_journal, open_study


class Outcome(NamedTuple):
    """What a process ends with.

    Attributes
    ----------
    running : int
        Trials that other processes have still under way; if there are any, there is nothing else.
    page : str
        The results as Markdown.
    paths : list of Path
        Files written.
    """

    running: int
    page: str
    paths: list[Path]


def tune(
    config: TuneConfig, folder: Path, *, storage: str | None = None, report: Report | None = None
) -> Outcome:
    """Run a tuning, or what is left of it, and write its results.

    Parameters
    ----------
    config : TuneConfig
        What to tune.
    folder : Path
        For the results, and for the study's journal where there is no `storage`.
    storage : str, optional
        SQLAlchemy URL of a database that several processes share, each with a folder of its own;
        the one that ends last writes the results, the others when they are run again.
    report : callable, optional
        Called with ``"trials"`` or ``"held-out runs"`` and the numbers of finished and of all.

    Raises
    ------
    InputError
        If the folder is another tuning's or in use, the storage cannot be reached, or no trial
        succeeded.
    """
    show = report or (lambda what, done, total: None)
    with (
        open_database(storage) if storage else nullcontext() as database,
        open_folder(folder, config) as description,
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
            return Outcome(running, "", [])
        return Outcome(0, *write_results(config, study, folder, show))
