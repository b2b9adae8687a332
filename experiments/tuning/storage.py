"""Where a study is stored: a journal in its folder, or a database that several machines share."""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FrozenTrial

from edgeopt.experiments.runs.checks import (
    append_line,
    open_lines,
    seal_lines,
    set_aside,
    tell_damage,
)
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.sampler import Point, make_sampler
from edgeopt.experiments.tuning.space import Distribution, contains
from edgeopt.experiments.tuning.trial import make_pruner
from edgeopt.problems.errors import InputError


def study_name(identity: dict[str, Any], kept: Sequence[Point] = ()) -> str:
    """Return a name for this tuning alone, the same on every machine."""
    content = json.dumps([identity, *kept], sort_keys=True).encode()
    return f"edgeopt-{hashlib.sha256(content).hexdigest()[:16]}"


def open_study(
    config: TuneConfig, storage: BaseStorage, kept: Sequence[Point] = ()
) -> optuna.Study:
    """Return the study of a tuning in a storage; a new one is made if there is none.

    Parameters
    ----------
    config : TuneConfig
        What is tuned.
    storage : optuna.storages.BaseStorage
        Where the study is kept.
    kept : sequence of dict
        Parameters of the first trials, those of an earlier version of the tuning.
    """
    # else Optuna prints a line for each trial, through the progress bar
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=study_name(config.identity, kept),
        sampler=make_sampler(config, kept),
        pruner=make_pruner(config.racing),
        load_if_exists=True,
    )


def open_journal(path: Path) -> BaseStorage:
    """Open a journal, after removing what a killed process left: half a line, a lock.

    No other process may be using it. Of a damaged journal the lines before the damage are kept, as
    if the tuning had been killed there.
    """
    # of an earlier version
    for left in path.parent.glob(f"{path.name}.lock*"):
        left.unlink()
    lost = "trials are drawn again from there on, and runs already made are kept"
    logs = open_lines(path, lost, prefix=True)
    storage = _replayed(logs, path)
    if storage is None:  # lines without checksums may hold anything
        whole = bisect_left(
            range(len(logs)), True, key=lambda count: _replayed(logs[: count + 1]) is None
        )
        tell_damage(path, f"line {whole + 1} of {len(logs)} is damaged; {lost}")
        set_aside(path.parent, path)
        seal_lines(path, logs[:whole])
        storage = JournalStorage(CheckedJournal(path, logs[:whole]))
    return storage


class CheckedJournal(BaseJournalBackend):
    """The journal of a study, one JSON object with a checksum a line.

    Parameters
    ----------
    path : Path
        The file, which no other process may be using; None keeps nothing.
    logs : list of dict
        What the file holds.
    """

    def __init__(self, path: Path | None, logs: Sequence[dict[str, Any]]) -> None:
        self._path, self._logs = path, list(logs)

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Return the lines from a number on."""
        return self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines."""
        for log in logs:
            if self._path is not None:
                append_line(self._path, log)
            self._logs.append(json.loads(json.dumps(log)))


def _replayed(logs: Sequence[dict[str, Any]], path: Path | None = None) -> BaseStorage | None:
    """Return the storage of a journal's lines, None where Optuna or a tuning cannot use them."""
    try:
        storage = JournalStorage(CheckedJournal(path, logs))
        studies = storage.get_all_studies()
        sound = [_are_sound(storage.get_all_trials(study._study_id)) for study in studies]
    except Exception:
        return None
    return storage if all(sound) else None


def _are_sound(trials: Sequence[FrozenTrial]) -> bool:
    """Whether the trials of a study have numbers, and all that have ended the same parameters.

    Raises
    ------
    ValueError
        If Optuna could not copy them.
    """
    for trial in trials:
        trial._validate()
    # one that failed before it had parameters has none at all
    ended = [trial.params.keys() for trial in trials if trial.state.is_finished() and trial.params]
    values, ends = [trial.intermediate_values for trial in trials], [t.values for t in trials]
    return (
        all(isinstance(name, str) for trial in trials for name in trial.params)
        and all(params == ended[0] for params in ended)
        and all(trial.params.keys() <= ended[0] for trial in trials if ended)
        and all(map(_is_within, trials))
        and all(sorted(each) == list(range(len(each))) for each in values)
        and all(_is_number(value) for each in values for value in each.values())
        and all(len(each) == 1 and _is_number(each[0]) for each in ends if each is not None)
    )


def _is_number(value: object) -> bool:
    """Whether a value is one that an objective returns, which may be infinite."""
    return type(value) is float and not math.isnan(value)


def _is_within(trial: FrozenTrial) -> bool:
    """Whether the parameters of a trial are points of its space."""
    drawn = ((trial.distributions[name], value) for name, value in trial.params.items())
    return all(isinstance(one, Distribution) and contains(one, value) for one, value in drawn)


@contextmanager
def open_database(url: str) -> Iterator[BaseStorage]:
    """Hold a database open; any error of it meanwhile becomes one line.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; no message shows a password in it.

    Raises
    ------
    InputError
        If it is no such URL, its driver is missing, or the server cannot be reached.
    """
    from sqlalchemy.exc import SQLAlchemyError

    storage = None
    try:
        storage = _connect(url)
        yield storage
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, ImportError) as error:
        first = str(error.__cause__ or error).strip().split("\n")[0].replace(url, "the URL")
        rule = f"the URL of a database that can be reached, with its driver installed ({first})"
        raise InputError("--storage", _without_password(url), rule) from None
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


def _connect(url: str) -> RDBStorage:
    """Connect; two processes that make a database's tables at once collide, so try twice."""
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    try:
        return RDBStorage(url)
    except (IntegrityError, ProgrammingError):
        return RDBStorage(url)


def _without_password(url: str) -> str:
    """Return a URL that can be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a URL)"
