"""The table of a simulation: every measure with its confidence interval over the repetitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from experiments.framework.cell import FINISHED
from experiments.framework.intervals import replication_interval
from experiments.framework.measures import MEASURES, QUANTILES
from experiments.sweep.cell import FAILED
from problems.errors import FloatArray

Row = dict[str, Any]
_NUMBER = re.compile(r"\d[\d.e+]*")
_KEYS = ("problem", "stream", "nodes", "scheme", "runs", "failed")


def summarize_runs(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each stream, pool and scheme.

    Parameters
    ----------
    rows : iterable of dict
        Rows of cells.

    Returns
    -------
    list of dict
        ``problem``, ``stream``, ``nodes``, ``scheme``, numbers of ``runs`` and ``failed`` ones,
        then of each of `MEASURES` the mean and, as ``NAME_half``, half the width of its interval
        of 95 %, None for a single run; ``delay_quantiles_s`` of all runs together, mean
        ``node_energy_j`` and ``node_utilisation``; None where all runs failed. ``warnings`` and
        ``errors`` are texts, the first of those that differ in numbers alone. In the order in
        which the rows come.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["problem"], row["solver"]), []).append(row)
    return [_summary(*key, group) for key, group in groups.items()]


def table_lines(summary: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV table: names, numbers and scalar measures with their intervals."""
    measures = [column for name in MEASURES for column in (name, f"{name}_half")]
    columns = [*_KEYS, *measures]
    yield ",".join(columns)
    for row in summary:
        yield ",".join(_text(row[column]) for column in columns)


def _summary(problem: str, scheme: str, group: list[Row]) -> Row:
    """Return the row of one stream, pool and scheme."""
    stream, _, nodes = problem.rpartition(" x ")
    runs = [json.loads(row["measures"]) for row in group if row["status"] == FINISHED]
    row: Row = {
        "problem": problem,
        "stream": stream,
        "nodes": int(nodes),
        "scheme": scheme,
        "runs": len(runs),
        "failed": len(group) - len(runs),
    }
    for name in MEASURES:
        row[name], row[f"{name}_half"] = _interval(np.array([run[name] for run in runs]))
    pooled = np.array([run["delay_quantiles_s"] for run in runs]).ravel()
    row["delay_quantiles_s"] = np.quantile(pooled, QUANTILES).tolist() if runs else None
    for name in ("node_energy_j", "node_utilisation"):
        values = np.array([run[name] for run in runs])
        row[name] = values.mean(axis=0).tolist() if runs else None
    row["warnings"] = _different(text for run in runs for text in run["warnings"])
    failed = (one["error"] for one in group if one["status"] == FAILED)
    row["errors"] = _different(text.strip().splitlines()[-1] for text in failed)
    return row


def _interval(values: FloatArray) -> tuple[float | None, float | None]:
    """Return mean and half width, None where they do not exist."""
    if not values.size:
        return None, None
    mean, half = replication_interval(values)
    return mean, half if np.isfinite(half) else None


def _different(texts: Iterable[str]) -> list[str]:
    """Return the first of the texts that differ in nothing but their numbers."""
    kinds: dict[str, str] = {}
    for text in texts:
        kinds.setdefault(_NUMBER.sub("", text), text)
    return list(kinds.values())


def _text(value: Any) -> str:
    """Return a value of a CSV table."""
    if value is None:
        return ""
    return (
        f"{value:.8g}"
        if isinstance(value, float)
        else f'"{value}"'
        if " " in str(value)
        else str(value)
    )
