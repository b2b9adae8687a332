"""Checks of the fields that all kinds of runs share."""

from __future__ import annotations

import json
from typing import Any

from edgeopt.problems.errors import InputError, check_integer, check_number

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
