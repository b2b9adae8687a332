"""Where a study is stored: a journal in its folder, or a database that several machines share."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from edgeopt.experiments.runs.provenance import provenance
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.sampler import make_sampler
from edgeopt.experiments.tuning.trial import make_pruner
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

JOURNAL = "journal.log"

_DESCRIPTION, _LOCK = "tune.json", ".lock"


def study_name(identity: dict[str, Any]) -> str:
    """Return a name for this tuning alone, the same on every machine."""
    content = json.dumps(identity, sort_keys=True).encode()
    return f"edgeopt-{hashlib.sha256(content).hexdigest()[:16]}"


def open_study(config: TuneConfig, storage: BaseStorage) -> optuna.Study:
    """Return the study of a tuning in a storage; a new one is made if there is none."""
    # else Optuna prints a line for each trial, through the progress bar
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name=study_name(config.identity),
        sampler=make_sampler(config),
        pruner=make_pruner(config.racing),
        load_if_exists=True,
    )


def open_journal(path: Path) -> BaseStorage:
    """Open a journal, after removing what a killed process left: half a line, a lock.

    No other process may be using it.

    Raises
    ------
    InputError
        If it is broken.
    """
    # Optuna's lock is a file; one that a killed process left would keep the next one waiting
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


# The folder of a tuning: it belongs to one tuning, and one process at a time works in it.


@contextmanager
def open_tuning_folder(folder: Path, config: TuneConfig) -> Iterator[dict[str, Any]]:
    """Hold the folder of a tuning, which is made if it is missing, and yield its description.

    Parameters
    ----------
    folder : Path
        A new or empty folder, or that of this tuning.
    config : TuneConfig
        What is tuned.

    Yields
    ------
    dict
        ``study`` (the configuration's identity), ``worker`` (a name unique to this folder) and
        ``provenance``.

    Raises
    ------
    InputError
        If it holds another tuning or something else, cannot be written, or is in use by another
        process.
    """
    _check_unused(folder, config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=0).acquire()
    except Timeout:
        rule = "a folder in which no other process is tuning"
        raise InputError("--out", str(folder), rule) from None
    except OSError as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({error})") from None
    with lock:
        if not (folder / _DESCRIPTION).exists():
            _describe(folder, config)
        yield _read(folder)


def _check_unused(folder: Path, config: TuneConfig) -> None:
    """Raise `InputError` for a folder that holds anything else than this tuning."""
    if (folder / _DESCRIPTION).exists():
        if _read(folder)["study"] != json.loads(json.dumps(config.identity)):
            raise InputError("--out", str(folder), "a new folder: this one holds another tuning")
    elif folder.exists() and not folder.is_dir():
        raise InputError("--out", str(folder), "a folder")
    elif folder.exists() and any(not _is_ours(path.name) for path in folder.iterdir()):
        raise InputError("--out", str(folder), "a new or empty folder, or that of this tuning")


def _is_ours(name: str) -> bool:
    """Whether a file may be left by a process that was killed before it described its folder."""
    return name == _LOCK or name.startswith(f"_{_DESCRIPTION}")


def _describe(folder: Path, config: TuneConfig) -> None:
    """Write the description of a new folder."""
    origin = {**provenance(), "optuna": version("optuna")}
    description = {"study": config.identity, "worker": uuid.uuid4().hex, "provenance": origin}
    write_atomically(folder / _DESCRIPTION, json.dumps(description, indent=1).encode())


def _read(folder: Path) -> dict[str, Any]:
    """Return the description of a folder."""
    path = folder / _DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(str(path), str(error), "written by edgeopt tune") from None
    if not isinstance(description, dict) or not {"study", "worker"} <= description.keys():
        raise InputError(str(path), description, "written by edgeopt tune")
    return description
