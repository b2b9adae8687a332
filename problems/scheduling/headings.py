"""Names in a table that say it holds something else than each task's time in s on each node."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError

UNITS = {"ns": 1e9, "us": 1e6, "ms": 1e3, "s": 1.0, "min": 1 / 60, "h": 1 / 3600}
"""Units of time, with how many of them are a second."""

_SPELLINGS = {"µs": "us", "μs": "us", "msec": "ms", "millisecond": "ms", "milliseconds": "ms"}
_SPELLINGS |= {"sec": "s", "second": "s", "seconds": "s", "minutes": "min", "hours": "h"}

_ANY = "|".join((*UNITS, *_SPELLINGS))

_HEADING = re.compile(rf"[\[(]\s*({_ANY})\s*[\])]|(?:^|[_ /])(ns|us|µs|μs|ms|msec)$", re.IGNORECASE)

_CELL = re.compile(rf"[\d.,\s]*\b({_ANY})\.?\s*$|[\d.,]+({_ANY})$", re.IGNORECASE)

_SUMMARIES = {"total", "sum", "mean", "average", "avg", "median", "std", "min", "max"}


def in_seconds(times: FloatArray, unit: str | None) -> FloatArray:
    """Return times in s that are given in one of `UNITS`, None: in s."""
    return times if unit is None else np.asarray(times / UNITS[unit])


def unit_in_heading(heading: str) -> str | None:
    """Return the unit other than s that a heading ends with, as in ``pi (ms)``."""
    found = _HEADING.search(heading.strip())
    unit = _spelled(found) if found else "s"
    return None if unit == "s" else unit


def unit_in_cell(cell: str) -> str | None:
    """Return the unit that a cell is, or that follows its number."""
    found = _CELL.match(cell.strip())
    return _spelled(found) if found else None


def check_names(place: str, names: Iterable[str], kind: str) -> None:
    """Raise `InputError` for the name of a row or column that sums others up.

    Parameters
    ----------
    place : str
        For the message: where the names are.
    names : iterable of str
        Of tasks or of nodes.
    kind : str
        ``task`` or ``node``.
    """
    for name in names:
        if name.strip().lower() in _SUMMARIES:
            rule = f"left out, as it sums others up, or renamed if it is a {kind}"
            raise InputError(place, name, rule)


def _spelled(found: re.Match[str]) -> str:
    """Return the unit of a match as in `UNITS`."""
    word = next(group for group in found.groups() if group).lower()
    return _SPELLINGS.get(word, word)
