"""Checks of the fields that all kinds of runs share, and the text of a configuration file."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomli_w

from edgeopt.problems.errors import InputError, check_integer, check_number
from edgeopt.problems.files import file_exists, printable

LARGEST_SEED = 2**64 - 1  # the largest integer of a Parquet column

_MOST_CELLS = 10**6


def check_seed(seed: Any) -> None:
    """Raise `InputError` unless `seed` is an integer that a sweep's table can hold."""
    check_integer("seed", seed, at_least=0, at_most=LARGEST_SEED)


def check_runs(repetitions: Any, each: int, time_limit: Any) -> None:
    """Raise `InputError` unless number and time limit of the runs are allowed.

    Parameters
    ----------
    repetitions : int
        At least 1.
    each : int
        Runs of one repetition; at most 10**6 in total.
    time_limit : float or None
        In s, > 0; None: no limit.
    """
    check_integer("repetitions", repetitions, at_least=1, at_most=max(_MOST_CELLS // each, 1))
    if time_limit is not None:
        check_number("time_limit", time_limit, above=0.0)


def check_json(field: str, table: Any) -> None:
    """Raise `InputError` if a TOML table cannot be written as JSON, in which sweeps store it."""
    try:
        json.dumps(table)
    except (TypeError, ValueError):  # ValueError: an integer of thousands of digits
        raise InputError(field, table, "without dates, times and endless integers") from None


# Configurations as files.

# keys whose values may be paths
_PLACES = ("problems", "instance", "solver", "objective", "path", "network", "system")


def toml_text(tables: dict[str, Any], folder: Path | None) -> str:
    """Return the tables of a configuration as TOML.

    Parameters
    ----------
    tables : dict
        Its fields; those that are None are left out.
    folder : Path or None
        Where the file will be: paths of existing files are made relative to it. None keeps them.

    Raises
    ------
    InputError
        If a file's name is not UTF-8.
    """
    base = None if folder is None else folder.resolve()
    text = tomli_w.dumps(_written("", tables, base))
    if printable(text) != text:
        raise InputError("configuration", text, "of names in UTF-8: TOML has no others")
    return text


def _written(key: str, value: Any, folder: Path | None) -> Any:
    """Return a value as TOML can have it."""
    if isinstance(value, dict):
        given = {name: each for name, each in value.items() if each is not None}
        # problems may be a table, of paths by name
        keys = {name: key if key in _PLACES else name for name in given}
        return {name: _written(keys[name], each, folder) for name, each in given.items()}
    if isinstance(value, list | tuple):
        return [_written(key, each, folder) for each in value]
    return _relative(value, folder) if key in _PLACES and folder is not None else value


def _relative(value: Any, folder: Path) -> Any:
    """Return the path of an existing file relative to a folder; ``:NAME`` or options stay."""
    if not isinstance(value, str) or not Path(value).is_absolute():
        return value
    parts = value.split(":")
    for count in range(len(parts), 0, -1):
        path = ":".join(parts[:count])
        if file_exists(Path(path)):
            with suppress(ValueError):  # on another drive
                path = Path(os.path.relpath(path, folder)).as_posix()
            return ":".join([path, *parts[count:]])
    return value
