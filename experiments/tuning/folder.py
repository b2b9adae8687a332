"""The folder of a tuning: one process at a time works in it, and the tuning in it may grow.

``tune.json`` says what the trials depend on, ``journal.log`` is the Optuna storage, and
``cells.jsonl`` holds the value of every run by its content. More trials and other held-out
problems need no new study. After another change that leaves runs valid, a new study begins with
the parameters of the earlier trials: what is known of their runs is used again, the rest computed.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout

from edgeopt.experiments.runs.checks import (
    DAMAGED,
    DamageError,
    read_json,
    sealed_json,
    set_aside,
    tell_damage,
)
from edgeopt.experiments.runs.provenance import provenance
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.sampler import Point
from edgeopt.experiments.tuning.space import contains
from edgeopt.experiments.tuning.storage import open_journal, study_name
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

JOURNAL = "journal.log"

_DESCRIPTION, _LOCK = "tune.json", ".lock"

_FIXED = ("solver", "budget", "objective", "seed")  # no run is of use after a change of these

_PARTS = {"study": dict, "kept": list, "changes": list, "codes": list, "worker": str}


@contextmanager
def open_tuning_folder(
    folder: Path, config: TuneConfig, *, shared: bool = False, accept_code: bool = False
) -> Iterator[dict[str, Any]]:
    """Hold the folder of a tuning, which is made if it is missing, and yield its description.

    Parameters
    ----------
    folder : Path
        A new or empty folder, or one with this tuning or with one that it extends.
    config : TuneConfig
        What is tuned.
    shared : bool
        Whether the study is in a database, where other processes may be working on it.
    accept_code : bool
        Whether runs of an earlier version of the code count as runs of the present one.

    Yields
    ------
    dict
        ``study`` (the configuration's identity), ``kept`` (parameters of earlier trials),
        ``changes`` (what was changed since, and when), ``codes`` (versions of the code whose runs
        count), ``worker`` (a name unique to this folder) and ``provenance``.

    Raises
    ------
    InputError
        If it holds a tuning that this one does not extend, one of other code, or something else,
        cannot be written, or is in use by another process.
    """
    check_unused(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=0).acquire()
    except Timeout:
        rule = "a folder in which no other process is tuning"
        raise InputError("--out", str(folder), rule) from None
    except OSError as error:
        raise InputError("--out", str(folder), f"a folder that can be written ({error})") from None
    with lock:
        known, is_sealed = _known(folder)
        if known is None:
            new = _description(config)
        elif "study" in known:
            new = _grown(folder, known, config, shared, accept_code)
        else:
            new = _description(config) | known
        if new != known or not is_sealed:
            write_atomically(folder / _DESCRIPTION, sealed_json(new))
        yield new


def check_unused(folder: Path) -> None:
    """Raise `InputError` for a folder that holds anything else than a tuning."""
    if (folder / _DESCRIPTION).exists():
        return
    if folder.exists() and not folder.is_dir():
        raise InputError("--out", str(folder), "a folder")
    if folder.exists() and any(not _is_ours(path.name) for path in folder.iterdir()):
        raise InputError("--out", str(folder), "a new or empty folder, or that of this tuning")


def _is_ours(name: str) -> bool:
    """Whether a file may be left by a process that was killed before it described its folder."""
    return name in (_LOCK, "problems", "solvers", DAMAGED) or name.startswith(f"_{_DESCRIPTION}")


def _description(config: TuneConfig) -> dict[str, Any]:
    """Return the description of a new folder."""
    made = {
        "study": config.identity,
        "kept": [],
        "changes": [],
        "codes": [config.code],
        "worker": uuid.uuid4().hex,
        "provenance": {**provenance(), "optuna": version("optuna")},
    }
    found: dict[str, Any] = json.loads(json.dumps(made))  # as it is read back
    return found


def _known(folder: Path) -> tuple[dict[str, Any] | None, bool]:
    """Return the description of a folder, None without one, and whether it has a checksum.

    Of a damaged one only ``worker`` is left, if at all: the file and the journal are set aside,
    and the tuning begins anew with the runs that are known.
    """
    path = folder / _DESCRIPTION
    if not path.exists():
        return None, False
    try:
        description, is_sealed = read_json(path, (*_PARTS, "provenance"))
    except DamageError:
        tell_damage(path, "damaged; trials are drawn again, and runs already made are kept")
        found = re.search(rb'"worker": "([0-9a-f]{32})"', path.read_bytes())
        for name in (_DESCRIPTION, JOURNAL):
            set_aside(folder, folder / name)
        return {"worker": found[1].decode()} if found else None, False
    if not _is_whole(description):
        raise InputError(str(path), description, "written by this version of edgeopt tune")
    return description, is_sealed


def _is_whole(description: dict[str, Any]) -> bool:
    """Whether a description has its parts, each of its type."""
    kinds = {name: type(description.get(name)) for name in _PARTS}
    return (
        kinds == _PARTS
        and bool(description["codes"])
        and all(isinstance(code, str) for code in description["codes"])
        and isinstance(description["study"].get("search"), dict)
        and all(isinstance(point, dict) for point in description["kept"])
        and all(map(_is_change, description["changes"]))
    )


def _is_change(change: Any) -> bool:
    """Whether an entry says what was changed, and after how many trials."""
    return (
        isinstance(change, dict)
        and type(change.get("trials")) is int
        and isinstance(change.get("fields"), list)
        and all(isinstance(name, str) for name in change["fields"])
    )


# Growth.


def _grown(
    folder: Path, known: dict[str, Any], config: TuneConfig, shared: bool, accept_code: bool
) -> dict[str, Any]:
    """Return the description of a folder for a tuning that may extend the one in it."""
    new = _description(config) | {"worker": known["worker"], "codes": known["codes"]}
    before, after = known["study"], new["study"]
    changed = [name for name in after if after[name] != before.get(name)]
    _check_extends(folder, before, after, changed, shared)
    if config.code not in known["codes"]:
        if not accept_code:
            rule = (
                "a new folder: the code that runs a trial has changed since the trials in this "
                "one; with --accept-code they count as trials of the present code"
            )
            raise InputError("--out", str(folder), rule)
        new["codes"] = [*known["codes"], config.code]
    elif known["codes"][-1] != config.code:
        others = [code for code in known["codes"] if code != config.code]
        new["codes"] = [*others, config.code]
    if not changed:
        return {**known, "codes": new["codes"]}
    new["kept"] = _earlier_points(folder, known, config)
    new["changes"] = [*known["changes"], {"trials": len(new["kept"]), "fields": changed}]
    return new


def _check_extends(
    folder: Path, before: dict[str, Any], after: dict[str, Any], changed: list[str], shared: bool
) -> None:
    """Raise `InputError` for a change after which a tuning is another one."""
    for name in changed:
        if name in _FIXED:
            known = before.get(name)
            rule = f"{known}, as in the tuning in {folder}; a different one needs another --out"
            raise InputError(name, after[name], rule)
        if shared:
            rule = f"as in the tuning in {folder}: with --storage only trials and held_out change"
            raise InputError(name, after[name], rule)


def _earlier_points(folder: Path, known: dict[str, Any], config: TuneConfig) -> list[Point]:
    """Return the parameters of the trials in a folder that are points of the present space."""
    storage = open_journal(folder / JOURNAL)
    name = study_name(known["study"], known["kept"])
    if name not in optuna.get_all_study_names(storage):
        return list(known["kept"])
    study = optuna.load_study(study_name=name, storage=storage)
    points = [trial.params for trial in study.get_trials(deepcopy=False)]
    # a kill may have left a trial without some of its parameters, or trials not yet begun
    whole = [point for point in points if point.keys() >= known["study"]["search"].keys()]
    every = [*whole, *known["kept"][len(whole) :]]
    return [point for point in map(_completer(config), every) if point is not None]


def _completer(config: TuneConfig) -> Any:
    """Return a function that gives the point of the space for earlier parameters, or None."""
    default = {name: entry.value for name, entry in config.declared.items()}

    def complete(params: Point) -> Point | None:
        every = default | params
        inside = all(contains(entry, every[name]) for name, entry in config.space.items())
        others = params.keys() - config.space.keys()
        if not inside or any(params[name] != default.get(name) for name in others):
            return None
        return {name: every[name] for name in config.space}

    return complete


def changes_text(changes: Sequence[dict[str, Any]]) -> list[str]:
    """Return a sentence for each change that a tuning has seen."""
    return [
        f"{', '.join(each['fields'])} changed after trial {each['trials'] - 1}: earlier trials "
        "keep their parameters, and were judged anew."
        if each["trials"]
        else f"{', '.join(each['fields'])} changed; no earlier trial lies in the space."
        for each in changes
    ]
