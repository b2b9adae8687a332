"""Learning in numbers: a row for each scheme."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from experiments.framework.intervals import replication_interval
from experiments.learning.config import LearningConfig

Row = dict[str, Any]
_LAST = ("error", "final_error", "exit_error", "seconds", "up_bytes", "down_bytes", "lan_bytes")
_TARGET = ("tasks", "seconds", "bytes")


def summarize(config: LearningConfig, rows: Iterable[Row]) -> list[Row]:
    """Return a row for each scheme, in the order of the file.

    Returns
    -------
    list of dict
        ``scheme``, ``runs``; means over the runs at the end of training of ``error`` with ``_sd``
        and ``_half`` (half the width of its interval of 95 %, None for one run),
        ``final_error``, ``exit_error`` (None without), ``seconds``, ``up_bytes``, ``down_bytes``,
        ``lan_bytes``; ``asleep``, the share of all tasks; ``reached``, in how many runs the target
        error was reached, and medians over all runs of ``tasks_to_target``,
        ``seconds_to_target`` and ``bytes_to_target``, None where half of them did not get there.
    """
    every = list(rows)
    return [
        _summary(label, [row for row in every if row["scheme"] == label], config.target_error)
        for label in config.schemes
    ]


def runs_of(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each repetition, in the order of periods."""
    runs: dict[int, list[Row]] = {}
    for row in rows:
        runs.setdefault(row["repetition"], []).append(row)
    return [sorted(run, key=lambda row: int(row["period"])) for run in runs.values()]


def _summary(label: str, rows: list[Row], target: float) -> Row:
    """Return the row of one scheme."""
    runs = runs_of(rows)
    ends = [run[-1] for run in runs]
    means = {name: _mean([end[name] for end in ends]) for name in _LAST}
    interval = replication_interval(np.array([end["error"] for end in ends]))
    some = len(runs) > 1
    return {
        "scheme": label,
        "runs": len(runs),
        **means,
        "error_sd": float(np.std([end["error"] for end in ends], ddof=1)) if some else None,
        "error_half": interval.half if some else None,
        "asleep": _mean([row["asleep"] for row in rows]),
        **_to_target(runs, target),
    }


def _to_target(runs: list[list[Row]], target: float) -> Row:
    """Return how much it took to get to the target error first."""
    first = [next((row for row in run if row["error"] <= target), None) for run in runs]
    reached = [row for row in first if row is not None]
    measures = {
        "tasks": lambda row: row["tasks"],
        "seconds": lambda row: row["seconds"],
        "bytes": lambda row: row["up_bytes"] + row["down_bytes"],
    }
    medians = {}
    for name in _TARGET:
        values = [np.inf if row is None else float(measures[name](row)) for row in first]
        median = float(np.quantile(values, 0.5, method="higher"))
        medians[f"{name}_to_target"] = median if np.isfinite(median) else None
    return {"reached": len(reached), **medians}


def _mean(values: list[float | None]) -> float | None:
    """Return the mean, None where there are no values."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
