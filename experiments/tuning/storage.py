"""Where a study lives: a journal in its folder, or a database that several machines share."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from experiments.tuning.config import TuneConfig
from experiments.tuning.sampler import make_sampler
from problems.errors import InputError

JOURNAL = "journal.log"


def study_name(identity: dict[str, Any]) -> str:
    """Return a name that belongs to this tuning alone, on every machine the same."""
    content = json.dumps(identity, sort_keys=True).encode()
    return f"edgeopt-{hashlib.sha256(content).hexdigest()[:16]}"


def open_study(config: TuneConfig, storage: BaseStorage) -> optuna.Study:
    """Return the study of a tuning in a storage, made if it is new."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=study_name(config.identity),
        sampler=make_sampler(config),
        pruner=optuna.pruners.NopPruner(),  # races are run by experiments.tuning.race
        load_if_exists=True,
    )


def open_journal(path: Path) -> BaseStorage:
    """Open a journal after cleaning up what a killed process left: a torn line, a lock.

    No other process may be tuning with it.

    Raises
    ------
    InputError
        If it is broken.
    """
    for left in path.parent.glob(f"{path.name}.lock*"):
        left.unlink()
    if path.exists():
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(str(path), str(error), "a journal written by edgeopt tune") from None


@contextmanager
def open_database(url: str) -> Iterator[BaseStorage]:
    """Hold a database open; whatever it says meanwhile becomes one line.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; a password in it stays out of all messages.

    Raises
    ------
    InputError
        If the URL is not one, its driver is missing, or the server cannot be reached (any more).
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
    """Return a URL that may be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a URL)"
