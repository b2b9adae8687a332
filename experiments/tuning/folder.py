"""The folder of a tuning: whose it is, and that one process at a time works in it."""

from __future__ import annotations

import fcntl
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.tuning.config import TuneConfig
from experiments.version import provenance
from problems.atomic import write_atomically
from problems.errors import InputError

DESCRIPTION, LOCK = "tune.json", ".lock"


@contextmanager
def open_folder(folder: Path, config: TuneConfig) -> Iterator[dict[str, Any]]:
    """Hold the folder of a tuning, made if it is missing, and yield its description.

    Parameters
    ----------
    folder : Path
        A new or empty folder, or that of this tuning.
    config : TuneConfig
        What is tuned.

    Yields
    ------
    dict
        ``study`` (the configuration's identity), ``worker`` (a name that no other folder has) and
        ``provenance``.

    Raises
    ------
    InputError
        If it holds another tuning or something else, cannot be written, or another process is at
        work in it.
    """
    _check_unused(folder, config)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    except OSError as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({error})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            rule = "a folder in which no other process is tuning"
            raise InputError("--out", str(folder), rule) from None
        if not (folder / DESCRIPTION).exists():
            _describe(folder, config)
        yield _read(folder)


def _check_unused(folder: Path, config: TuneConfig) -> None:
    """Refuse a folder of anything else."""
    if (folder / DESCRIPTION).exists():
        if _read(folder)["study"] != json.loads(json.dumps(config.identity)):
            raise InputError("--out", str(folder), "a new folder: this one holds another tuning")
    elif folder.exists() and not folder.is_dir():
        raise InputError("--out", str(folder), "a folder")
    elif folder.exists() and any(not _is_ours(path.name) for path in folder.iterdir()):
        raise InputError("--out", str(folder), "a new or empty folder, or that of this tuning")


def _is_ours(name: str) -> bool:
    """Whether a file is what a process leaves that is killed before it has described its folder."""
    return name == LOCK or name.startswith(f"_{DESCRIPTION}")


def _describe(folder: Path, config: TuneConfig) -> None:
    """Write what is tuned here, and with what."""
    origin = {**provenance(), "optuna": version("optuna")}
    description = {"study": config.identity, "worker": uuid.uuid4().hex, "provenance": origin}
    write_atomically(folder / DESCRIPTION, json.dumps(description, indent=1).encode())


def _read(folder: Path) -> dict[str, Any]:
    """Return the description of a folder."""
    path = folder / DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(str(path), str(error), "written by edgeopt tune") from None
    if not isinstance(description, dict) or not {"study", "worker"} <= description.keys():
        raise InputError(str(path), description, "written by edgeopt tune")
    return description
