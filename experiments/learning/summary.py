"""The summary of learning: a row for each scheme, rows of periods, and files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.learning.cell import EARLY, PERIOD_COLUMNS
from edgeopt.experiments.learning.config import LearningConfig
from edgeopt.experiments.runs.cell import FAILED, Row
from edgeopt.experiments.runs.provenance import full_provenance
from edgeopt.optim.framework.measures import replication_interval
from edgeopt.problems.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

_LAST = ("error", "final_error", "exit_error", "seconds", "up_bytes", "down_bytes", "lan_bytes")

_TARGET = ("tasks", "seconds", "bytes")


def summarize_learning(config: LearningConfig, rows: Iterable[Row]) -> list[Row]:
    """Return a row for each scheme, in the order of the file.

    Returns
    -------
    list of dict
        ``scheme``, number of ``runs`` that did not fail; means over the runs at the end of
        training of ``error`` with ``_sd`` and ``_half`` (half the width of its interval of 95 %,
        None for one run), ``final_error``, ``exit_error`` (None without), ``seconds``,
        ``up_bytes``, ``down_bytes``, ``lan_bytes``; ``asleep``, the share of all tasks;
        ``reached``, in how many runs the target error was reached, and medians over all runs of
        ``tasks_to_target``, ``seconds_to_target`` and ``bytes_to_target``, None if half of them
        did not reach it.

    Examples
    --------
    See ``examples/learn_together.py``.
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
    some = len(runs) > 1
    errors = np.array([end["error"] for end in ends])
    return {
        "scheme": label,
        "runs": len(runs),
        **means,
        "error_sd": float(np.std(errors, ddof=1)) if some else None,
        "error_half": replication_interval(errors).half if some else None,
        "asleep": _mean([row["asleep"] for row in rows]),
        **_to_target(runs, target),
    }


def _to_target(runs: list[list[Row]], target: float) -> Row:
    """Return medians of tasks, seconds and bytes until the target error is first reached."""
    first = [next((row for row in run if row["error"] <= target), None) for run in runs]
    reached = [row for row in first if row is not None]
    measures = {
        "tasks": lambda row: row["tasks"],
        "seconds": lambda row: row["seconds"],
        "bytes": lambda row: row["up_bytes"] + row["down_bytes"],
    }
    medians = {}
    for name in _TARGET:
        # a run that never reaches the target takes for ever, and counts in the median
        values = [np.inf if row is None else float(measures[name](row)) for row in first]
        median = float(np.quantile(values, 0.5, method="higher")) if values else np.inf
        medians[f"{name}_to_target"] = median if np.isfinite(median) else None
    return {"reached": len(reached), **medians}


def _mean(values: list[float | None]) -> float | None:
    """Return the mean, None where there are no values."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


# Rows of periods, and files.


def period_rows(config: LearningConfig, cells: pd.DataFrame) -> list[Row]:
    """Return a row for each period of the runs that did not fail, scheme by scheme.

    Parameters
    ----------
    config : LearningConfig
        What was run.
    cells : DataFrame
        From `run_sweep`.

    Returns
    -------
    list of dict
        ``scheme``, ``repetition``, ``period`` and what `train` returns.

    Examples
    --------
    See ``examples/learn_together.py``.
    """
    rows: list[Row] = cells[cells["status"] != FAILED].to_dict("records")  # type: ignore[assignment]
    place = {label: number for number, label in enumerate(config.schemes)}
    rows.sort(key=lambda row: (place[row["scheme"]], row["repetition"]))
    return [period for row in rows for period in _periods(row)]


def _periods(row: Row) -> Iterator[Row]:
    """Yield the rows of a run's periods."""
    names = {"scheme": row["scheme"], "repetition": row["repetition"]}
    columns = [_list(row[column], len(row["tasks"])) for column in PERIOD_COLUMNS.values()]
    early = [_list(row[name], 0) for name in EARLY]
    for period, values in enumerate(zip(*columns, strict=True)):
        made = {**names, "period": period, **dict(zip(PERIOD_COLUMNS, values, strict=True))}
        if early[0] and period == len(row["tasks"]) - 1:
            made["early"] = list(zip(*early, strict=True))
        yield made


def _list(values: Any, length: int) -> list[Any]:
    """Return a list of a row, of None if the column has no value."""
    return values.tolist() if isinstance(values, np.ndarray) else [None] * length


def as_json(config: LearningConfig, rows: list[Row]) -> str:
    """Return the summary with configuration and provenance, as JSON."""
    content = {
        "schemes": summarize_learning(config, rows),
        "config": asdict(config),
        "made_with": {**full_provenance(), "torch": _torch_version()},
    }
    return json.dumps(content, indent=1, allow_nan=False)


def write_learning_tables(config: LearningConfig, rows: list[Row], folder: Path) -> list[Path]:
    """Write ``history.csv``, ``early_exits.csv``, ``summary.csv`` and ``summary.json``.

    Parameters
    ----------
    config : LearningConfig
        What was run.
    rows : list of dict
        From `period_rows`.
    folder : Path
        Where to.

    Returns
    -------
    list of Path
        What was written; no ``early_exits.csv`` where no scheme has exits.
    """
    tables = {
        "history": [_without_early(row) for row in rows],
        "early_exits": list(early_rows(rows)),
        "summary": summarize_learning(config, rows),
    }
    paths = []
    for name, table in tables.items():
        if table:
            paths.append(folder / f"{name}.csv")
            write_atomically(paths[-1], _csv(table))
    paths.append(folder / "summary.json")
    write_atomically(paths[-1], as_json(config, rows).encode())
    return paths


def early_rows(rows: Iterable[Row]) -> Iterable[Row]:
    """Yield a row for each run with exits and entropy threshold."""
    for row in rows:
        for values in row.get("early", ()):
            names = {"scheme": row["scheme"], "repetition": row["repetition"]}
            yield {**names, **dict(zip(("threshold", "share", "error"), values, strict=True))}


def _without_early(row: Row) -> Row:
    """Return a row without the curve over thresholds."""
    return {key: value for key, value in row.items() if key != "early"}


def _csv(table: list[Row]) -> bytes:
    """Return rows as CSV."""
    import pandas as pd

    return csv_table(pd.DataFrame(table), "%.8g")


def _torch_version() -> str:
    """Return the version of PyTorch."""
    import torch

    return str(torch.__version__)
