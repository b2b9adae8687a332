"""The summary of a simulation: rows with confidence intervals, files, and the printed table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from edgeopt.experiments.csv_text import csv_rows
from edgeopt.experiments.runs.cell import FAILED, FINISHED, Row, reason_of
from edgeopt.experiments.simulation.cell import problem_name
from edgeopt.experiments.simulation.config import SimulationConfig
from edgeopt.experiments.terminal import table_console, terminal_table
from edgeopt.experiments.text import scaled
from edgeopt.optim.framework.measures import MEASURES, QUANTILES, replication_interval
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import write_atomically

_NUMBER = re.compile(r"\d[\d.e+]*")

_KEYS = ("problem", "stream", "nodes", "scheme", "runs", "failed")


def summarize_simulation(rows: Iterable[Row]) -> list[Row]:
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
        ``errors`` are texts, of those that differ only in numbers the first. Rows are in the
        order of their first cells.

    Examples
    --------
    See `SimulationConfig`.
    """
    groups: dict[tuple[str, int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["stream"], row["nodes"], row["scheme"]), []).append(row)
    return [_summary(*key, group) for key, group in groups.items()]


def table_rows(summary: Iterable[Row]) -> Iterator[list[str]]:
    """Yield the rows of a CSV table: names, numbers and scalar measures with their intervals."""
    measures = [column for name in MEASURES for column in (name, f"{name}_half")]
    columns = [*_KEYS, *measures]
    yield columns
    for row in summary:
        yield [_text(row[column]) for column in columns]


def _summary(stream: str, nodes: int, scheme: str, group: list[Row]) -> Row:
    """Return the row of one stream, pool and scheme."""
    runs = [row for row in group if row["status"] == FINISHED]
    row: Row = {
        "problem": problem_name(stream, nodes),
        "stream": stream,
        "nodes": nodes,
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
    row["errors"] = _different(map(reason_of, failed))
    return row


def _interval(values: FloatArray) -> tuple[float | None, float | None]:
    """Return mean and half width, None where they do not exist."""
    if not values.size:
        return None, None
    mean, half = replication_interval(values)
    return mean, half if np.isfinite(half) else None


def _different(texts: Iterable[str]) -> list[str]:
    """Return the texts, of those that differ only in numbers the first."""
    kinds: dict[str, str] = {}
    for text in texts:
        kinds.setdefault(_NUMBER.sub("", text), text)
    return list(kinds.values())


def _text(value: Any) -> str:
    """Return a value of a CSV table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.8g}"
    return str(value)


# Files.


def in_order(config: SimulationConfig, rows: Iterable[Row]) -> list[Row]:
    """Return rows in the order of the file: streams, pools, schemes, repetitions."""
    streams, schemes = list(config.streams), list(config.schemes)
    pools = [scenario.loaded_system.pool.nodes for scenario in config.scenarios]

    def place(row: Row) -> tuple[int, ...]:
        pool, scheme = pools.index(row["nodes"]), schemes.index(row["scheme"])
        return streams.index(row["stream"]), pool, scheme, row["repetition"]

    return sorted(rows, key=place)


def write_simulation_tables(
    config: SimulationConfig, rows: Iterable[Row], folder: Path
) -> list[Row]:
    """Write ``summary.csv`` and ``summary.json`` and return the summary.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    summary = summarize_simulation(in_order(config, rows))
    write_atomically(folder / "summary.csv", csv_rows(table_rows(summary)))
    text = json.dumps(summary, indent=1, allow_nan=False)
    write_atomically(folder / "summary.json", text.encode())
    return summary


# The table on the terminal.


class Column(NamedTuple):
    """A column of the printed table: title, measure, factor into its unit, and format."""

    title: str
    measure: str
    factor: float = 1.0
    form: str = ".3g"


_COLUMNS = (
    Column("mean ms", "delay_mean_s", 1e3, ".1f"),
    Column("p95 ms", "delay_p95_s", 1e3, ".1f"),
    Column("p99 ms", "delay_p99_s", 1e3, ".1f"),
    Column("late %", "missed", 100, ".2f"),
    Column("J", "energy_j"),
    Column("idle J", "energy_idle_j"),
    Column("upload kB", "upload_bytes", 1e-3, ".1f"),
    Column("asleep %", "asleep", 100, ".1f"),
    Column("accuracy", "accuracy", 1.0, ".3f"),
    Column("busy %", "utilisation", 100, ".1f"),
    Column("balance", "balance", 1.0, ".2f"),
)

_WITH_INTERVAL = ("delay_mean_s", "energy_j")

_ROUNDING = 1e-9  # a narrower interval is the rounding error of a measure that does not vary


def print_summary(summary: list[Row], console: Console | None = None) -> None:
    """Print a table for each stream and pool, with intervals of 95 %, warnings and errors."""
    console = console or table_console()
    for problem in dict.fromkeys(row["problem"] for row in summary):
        rows = [row for row in summary if row["problem"] == problem]
        titles = ["scheme", *(column.title for column in _COLUMNS)]
        cells = [(row["scheme"], *(_entry(row, column) for column in _COLUMNS)) for row in rows]
        title = f"{problem} nodes, {rows[0]['runs']} runs"
        console.print(terminal_table(titles, cells, title=title))
    _print_notes(summary, console.print)


def _entry(row: Row, column: Column) -> str:
    """Return a measure as text."""
    value, half = row[column.measure], row[f"{column.measure}_half"]
    if row["runs"] == 1 and column.measure == "delay_mean_s":
        half = row["delay_batch_half_s"]  # of one run there is only the interval of batch means
    if value is None:
        return "failed"
    text = scaled(value, column.factor, column.form)
    if column.measure in _WITH_INTERVAL and half is not None and half > _ROUNDING * value:
        text += f" ± {scaled(half, column.factor, '.2g')}"
    return text


def _print_notes(summary: list[Row], show: Callable[[str], None]) -> None:
    """Print warnings and errors of the runs, each once for a scheme."""
    notes: dict[str, list[str]] = {}
    for row in summary:
        for text in [*row["warnings"], *row["errors"]]:
            notes.setdefault(f"{row['scheme']}: {text}", []).append(row["problem"])
    for text, problems in notes.items():
        show(f"{text} ({', '.join(problems)})", soft_wrap=True, highlight=False)  # type: ignore[call-arg]
