"""Checks of the fields that sweeps of solvers and simulations have in common."""

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
    """Raise `InputError` unless there are so many runs, and so long, as a sweep may have.

    Parameters
    ----------
    repetitions : int
        At least 1.
    each : int
        Runs of one repetition; all together are 10**6 at most.
    time_limit : float or None
        In s, > 0; None: no limit.
    """
    check_integer("repetitions", repetitions, at_least=1, at_most=max(_MOST_CELLS // each, 1))
    if time_limit is not None:
        check_number("time_limit", time_limit, above=0.0)


def check_json(field: str, table: Any) -> None:
    """Refuse what TOML has and JSON has not, in which sweeps keep their tables."""
    try:
        json.dumps(table)
    except (TypeError, ValueError):  # ValueError: an integer of thousands of digits
        raise InputError(field, table, "without dates, times and endless integers") from None
